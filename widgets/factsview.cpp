// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/factsview.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QResizeEvent>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 30, rowHeight = 20, lineHeight = 16, barHeight = 9, inset = 10;

// The words of a text in lines of a width.
QStringList wrapped(const QFont& font, const QString& text, double width)
{
    QStringList lines;
    for (const QString& paragraph : text.split('\n')) {
        QString line;
        for (const QString& word : paragraph.split(' ')) {
            const QString longer = line.isEmpty() ? word : line + ' ' + word;
            if (!line.isEmpty() && textWidth(font, longer) > width) {
                lines << line;
                line = word;
            } else {
                line = longer;
            }
        }
        lines << line;
    }
    return lines;
}

std::vector<double> columnWidths(const Facts& facts, const QFont& font)
{
    std::vector<double> widths;
    const auto widen = [&](const QStringList& texts) {
        for (qsizetype i = 0; i < texts.size(); ++i) {
            if (std::size_t(i) >= widths.size())
                widths.push_back(0);
            widths[std::size_t(i)] = std::max(widths[std::size_t(i)], numberWidth(font, texts[i]));
        }
    };
    widen(facts.columns);
    for (const Facts::Row& row : facts.rows)
        widen(row.values);
    return widths;
}

// The first column there is room for beside whole labels; the last always.
std::size_t firstColumn(const Facts& facts, const std::vector<double>& widths, double width)
{
    double label = 0, all = 0;
    for (const Facts::Row& row : facts.rows) {
        if (row.bar >= 0) // bars give way
            return 0;
        label = std::max(label, textWidth(theme().font(), row.label) + (row.identity ? theme().px(16) : 0));
    }
    for (const double each : widths)
        all += each + theme().px(14);
    std::size_t first = 0;
    while (first + 1 < widths.size() && label + all > width)
        all -= widths[first++] + theme().px(14);
    return first;
}

void paintBar(QPainter& painter, const Facts::Row& row, const QRectF& room)
{
    const Theme& look = theme();
    const QColor ink = row.identity ? row.identity->area() : look.plain;
    const double high = look.px(barHeight);
    const QRectF bar(room.left(), std::round(room.center().y() - high / 2),
                     std::max(double(look.px(1)), std::round(row.bar * room.width())), high);
    if (row.hollow) {
        QColor pale = ink;
        pale.setAlphaF(0.22F);
        painter.fillRect(bar, pale);
        drawFrame(painter, bar, ink, look.px(1));
    } else {
        painter.fillRect(bar, ink);
    }
    if (row.high > row.low && row.low >= 0) { // from p20 to p80
        const double left = std::round(room.left() + row.low * room.width());
        const double right = std::round(room.left() + row.high * room.width());
        const double y = std::round(room.center().y());
        painter.fillRect(QRectF(left, y, right - left, look.px(1)), look.text);
        for (const double x : {left, right})
            painter.fillRect(QRectF(x, y - look.px(3), look.px(1), look.px(7)), look.text);
    }
}

double paintRows(QPainter& painter, const Facts& facts, const QRectF& box, double y)
{
    const Theme& look = theme();
    const QFont body = look.font();
    const QFont small = look.font(Theme::labelSize);
    const std::vector<double> widths = columnWidths(facts, body);
    const std::size_t first = firstColumn(facts, widths, box.width());
    const auto columns = [&](const QStringList& texts, const QFont& font, const QColor& ink,
                             const std::vector<bool>& doubts = {}) {
        double right = box.right();
        for (std::size_t i = widths.size(); i-- > first;) {
            if (qsizetype(i) < texts.size())
                drawNumber(painter, QRectF(right - widths[i], y, widths[i], look.px(rowHeight)), Qt::AlignRight,
                           texts[qsizetype(i)], font, i < doubts.size() && doubts[i] ? look.warningText : ink);
            right -= widths[i] + look.px(14);
        }
        return right;
    };
    if (!facts.columns.isEmpty()) {
        columns(facts.columns, small, look.secondary);
        y += look.px(rowHeight);
    }
    double labels = box.width() * facts.labelShare;
    for (const Facts::Row& row : facts.rows)
        if (facts.labelShare == 0)
            labels = std::max(labels, textWidth(body, row.label) + (row.identity ? look.px(17) : 1));
    for (const Facts::Row& row : facts.rows) {
        const double right = columns(row.values, body, row.doubt ? look.warningText : look.text, row.doubts);
        double left = box.left();
        if (row.identity) {
            drawMarker(painter, *row.identity, {left + look.px(4), y + look.px(rowHeight) / 2.0}, look.px(7));
            left += look.px(16);
        }
        const double end = row.bar < 0 ? right : std::min(right, box.left() + labels);
        if (end > left)
            drawText(painter, QRectF(left, y, end - left, look.px(rowHeight)), Qt::AlignLeft, row.label, body,
                     row.identity ? look.text : look.secondary);
        if (row.bar >= 0 && right > end + look.px(8))
            paintBar(painter, row, QRectF(end + look.px(8), y, right - end - look.px(8), look.px(rowHeight)));
        y += look.px(rowHeight);
    }
    return y;
}

// Paints where the painter is not null; the height either way.
double layOut(QPainter* painter, const Facts& facts, const QRectF& box)
{
    const Theme& look = theme();
    double y = box.top();
    if (!facts.title.isEmpty()) {
        if (painter != nullptr) {
            const QRectF row(box.left(), y, box.width(), look.px(titleHeight));
            const QFont bold = look.font(Theme::bodySize, true);
            drawText(*painter, row, Qt::AlignLeft, facts.title, bold, look.text);
            const double left = textWidth(bold, facts.title) + look.px(8);
            drawText(*painter, row.adjusted(left, 0, 0, 0), Qt::AlignRight, facts.note, look.font(Theme::labelSize),
                     look.secondary);
        }
        y += look.px(titleHeight);
    }
    if (painter != nullptr)
        y = paintRows(*painter, facts, box, y);
    else
        y += double(facts.rows.size() + (facts.columns.isEmpty() ? 0 : 1)) * look.px(rowHeight);
    const QFont small = look.font(Theme::labelSize);
    if (!facts.text.isEmpty()) {
        y += look.px(2);
        for (const QString& line : wrapped(small, facts.text, box.width())) {
            if (painter != nullptr)
                drawText(*painter, QRectF(box.left(), y, box.width(), look.px(lineHeight)), Qt::AlignLeft, line, small,
                         look.secondary);
            y += look.px(lineHeight);
        }
    }
    if (!facts.code.isEmpty()) {
        const QStringList lines = wrapped(look.codeFont(), facts.code, box.width() - look.px(16));
        const double high = double(lines.size()) * look.px(lineHeight) + look.px(10);
        if (painter != nullptr) {
            painter->fillRect(QRectF(box.left(), y, box.width(), high), look.window);
            for (qsizetype i = 0; i < lines.size(); ++i)
                drawText(*painter,
                         QRectF(box.left() + look.px(8), y + look.px(5) + double(i) * look.px(lineHeight),
                                box.width() - look.px(12), look.px(lineHeight)),
                         Qt::AlignLeft, lines[i], look.codeFont(), look.text);
        }
        y += high;
    }
    return y;
}

} // namespace

double paintFacts(QPainter& painter, const Facts& facts, const QRectF& box)
{
    return layOut(&painter, facts, box);
}

FactsView::FactsView(QWidget* parent)
    : View(parent)
{
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void FactsView::setFacts(Facts facts)
{
    m_facts = std::move(facts);
    setAccessibleName(m_facts.title);
    QStringList words;
    for (const Facts::Row& row : m_facts.rows)
        words << row.label + QStringLiteral(" ") + row.values.join(QStringLiteral(" "));
    if (!m_facts.text.isEmpty())
        words << m_facts.text;
    setAccessibleDescription(words.join(QStringLiteral("; ")));
    updateGeometry();
    update();
}

int FactsView::heightForWidth(int width) const
{
    const double side = theme().px(Theme::gap4);
    return int(std::ceil(layOut(nullptr, m_facts, QRectF(side, 0, width - 2 * side, 0)))) + theme().px(inset);
}

QSize FactsView::sizeHint() const
{
    return {theme().px(280), heightForWidth(theme().px(280))};
}

QSize FactsView::minimumSizeHint() const
{
    return {theme().px(160), heightForWidth(std::max(width(), theme().px(240)))};
}

void FactsView::resizeEvent(QResizeEvent* event)
{
    if (event->oldSize().width() != event->size().width())
        updateGeometry(); // lines of text follow the width
}

void FactsView::paintEvent(QPaintEvent* /*event*/)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    const double side = theme().px(Theme::gap4);
    paintFacts(painter, m_facts, QRectF(side, 0, width() - 2 * side, height()));
}

} // namespace widgets
