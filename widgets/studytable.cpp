// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studytable.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <numeric>

namespace widgets {
namespace {

constexpr double smallestRow = 18, largestRow = 24, leastLabel = 72, widestNeed = 480;

} // namespace

void StudyTable::take(const engine::Panel& panel)
{
    m_body = std::get<engine::TableBody>(panel.body);
}

QString StudyTable::labelOfRow(const engine::TableBody::Row& row) const
{
    return row.token ? pieceOf(names(), *row.token) : textOf(row.label);
}

QFont StudyTable::fontOf(const engine::TableBody::Row& row) const
{
    return theme().font(row.strong ? Theme::resultSize : Theme::bodySize);
}

std::vector<double> StudyTable::columnWidths(double gap) const
{
    const Theme& look = theme();
    std::size_t count = m_body.columns.size();
    for (const auto& row : m_body.rows)
        count = std::max(count, row.cells.size());
    std::vector<double> widths;
    for (std::size_t col = 0; col < count; ++col) {
        double widest =
            col < m_body.columns.size() ? textWidth(look.font(Theme::labelSize), textOf(m_body.columns[col])) : 0;
        for (const auto& row : m_body.rows)
            if (col < row.cells.size())
                widest = std::max(widest, numberWidth(fontOf(row), figureText(row.cells[col])));
        widths.push_back(std::ceil(widest) + look.px(gap));
    }
    return widths;
}

QSize StudyTable::leastSize() const
{
    const Theme& look = theme();
    const std::vector<double> widths = columnWidths(Theme::gap4);
    const int columns = int(std::accumulate(widths.begin(), widths.end(), 0.0));
    return {std::max(look.px(160), std::min(columns + look.px(leastLabel), look.px(widestNeed))),
            look.px(m_body.columns.empty() ? 0 : smallestRow) + int(m_body.rows.size()) * look.px(smallestRow)};
}

// Columns beyond the width are left out, the last first, and counted; pointing at a row tells them all.
void StudyTable::arrange()
{
    const Theme& look = theme();
    m_head = look.px(m_body.columns.empty() ? 0 : smallestRow);
    const double each = (height() - m_head) / std::max<double>(1, double(m_body.rows.size()));
    m_row = std::clamp(each, double(look.px(smallestRow)), double(look.px(largestRow)));
    double all = 0;
    for (const double gap : {Theme::gap4, Theme::gap2}) { // closer, before one is left out
        m_columns = columnWidths(gap);
        all = look.px(leastLabel) + std::accumulate(m_columns.begin(), m_columns.end(), 0.0);
        if (all <= width())
            break;
    }
    m_left = 0;
    while (m_columns.size() > 1 && all > width()) {
        all -= m_columns.back();
        m_columns.pop_back();
        ++m_left;
    }
}

QRectF StudyTable::rowBox(int row) const
{
    return {0, m_head + row * m_row, double(width()), m_row};
}

double StudyTable::labelRoom(const engine::TableBody::Row& row, double labels) const
{
    double right = labels;
    for (std::size_t col = 0; col < m_columns.size(); ++col) {
        right += m_columns[col];
        const QString text = col < row.cells.size() ? figureText(row.cells[col]) : QString();
        if (!text.isEmpty())
            return std::max(labels, right - numberWidth(fontOf(row), text) - theme().px(Theme::gap2));
    }
    return right;
}

void StudyTable::draw(QPainter& painter) const
{
    const Theme& look = theme();
    const double all = std::accumulate(m_columns.begin(), m_columns.end(), 0.0);
    const double labels = std::max(double(look.px(40)), width() - all);
    if (m_left > 0)
        drawText(painter, {0, 0, labels, m_head}, Qt::AlignLeft,
                 QCoreApplication::translate("StudyTable", "and %n columns more", nullptr, m_left),
                 look.font(Theme::labelSize), look.secondary);
    double right = labels;
    for (std::size_t col = 0; col < m_columns.size(); ++col) {
        right += m_columns[col];
        if (col < m_body.columns.size())
            drawText(painter, {right - m_columns[col], 0, m_columns[col], m_head}, Qt::AlignRight,
                     textOf(m_body.columns[col]), look.font(Theme::labelSize), look.secondary);
    }
    for (int place = 0; place < int(m_body.rows.size()); ++place) {
        const auto& row = m_body.rows[std::size_t(place)];
        const QRectF box = rowBox(place);
        if (place == m_body.picked)
            painter.fillRect(box.toAlignedRect(), look.chosen);
        if (row.strong && place > 0 && !m_body.rows[std::size_t(place - 1)].strong)
            painter.fillRect(QRectF(0, std::round(box.top()), width(), 1), look.hairline);
        const double inset = place == m_body.picked ? look.px(4) : 0;
        // A label has the room up to its first number; where it does not fit it is written smaller before it is cut.
        const QString label = labelOfRow(row);
        const double room = labelRoom(row, labels) - inset;
        const QFont font = look.font(textWidth(look.font(), label) <= room ? Theme::bodySize : Theme::labelSize);
        drawText(painter, {inset, box.top(), room, box.height()}, Qt::AlignLeft, label, font,
                 place == m_body.picked || row.strong ? look.text : look.secondary);
        right = labels;
        for (std::size_t col = 0; col < std::min(row.cells.size(), m_columns.size()); ++col) {
            right += m_columns[col];
            const bool missing = !row.cells[col].reason.empty();
            drawNumber(painter, {right - m_columns[col], box.top(), m_columns[col] - inset, box.height()},
                       Qt::AlignRight, figureText(row.cells[col]), fontOf(row), missing ? look.disabled : look.text);
        }
    }
}

void StudyTable::drawHover(QPainter& painter, const StudyPlace& place) const
{
    if (!picksOf(place).empty())
        drawRing(painter, QRectF(rowBox(place.row).toAlignedRect()).adjusted(2, 1, -2, -1), false);
}

std::optional<StudyPlace> StudyTable::placeAt(QPointF point) const
{
    const int row = int((point.y() - m_head) / m_row);
    if (point.y() < m_head || row < 0 || row >= int(m_body.rows.size()))
        return std::nullopt;
    return StudyPlace{0, row, 0};
}

std::optional<StudyPlace> StudyTable::moved(std::optional<StudyPlace> from, int right, int down) const
{
    if (m_body.rows.empty())
        return std::nullopt;
    const int start = from ? from->row + right + down : std::max(0, m_body.picked);
    return StudyPlace{0, std::clamp(start, 0, int(m_body.rows.size()) - 1), 0};
}

QString StudyTable::placeText(const StudyPlace& place) const
{
    const auto& row = m_body.rows[std::size_t(place.row)];
    QString text = labelOfRow(row);
    for (std::size_t col = 0; col < row.cells.size(); ++col) {
        text += QStringLiteral("   ");
        if (col < m_body.columns.size())
            text += textOf(m_body.columns[col]) + u' ';
        text += figureText(row.cells[col]);
        if (!row.cells[col].reason.empty())
            text += QStringLiteral(": ") + textOf(row.cells[col].reason);
    }
    return text;
}

std::vector<StudyPick> StudyTable::picksOf(const StudyPlace& place) const
{
    const auto pick = resolved(m_body.pick, place.row);
    return pick ? std::vector{*pick} : std::vector<StudyPick>{};
}

QString StudyTable::summary() const
{
    QStringList rows;
    for (int row = 0; row < std::min(int(m_body.rows.size()), 40); ++row)
        rows << placeText({0, row, 0});
    return rows.join(QStringLiteral("; "));
}

} // namespace widgets
