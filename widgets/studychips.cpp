// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studychips.h"

#include "widgets/numbers.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double chipHeight = 24, titleHeight = 20;

} // namespace

void StudyChips::take(const engine::Panel& panel)
{
    m_body = std::get<engine::ChipsBody>(panel.body);
}

QString StudyChips::chipText(const engine::ChipsBody::Chip& chip) const
{
    return chip.token ? pieceOf(names(), *chip.token) : textOf(chip.text);
}

QString StudyChips::countText(const engine::ChipsBody::Chip& chip) const
{
    return chip.count > 1 ? whole(chip.count) : QString();
}

QSize StudyChips::leastSize() const
{
    return {theme().px(160), int(m_body.groups.size()) * theme().px(titleHeight + chipHeight + Theme::gap2)};
}

std::vector<StudyChips::Box> StudyChips::boxesIn(double width, double height, int& hidden) const
{
    const Theme& look = theme();
    const double line = look.px(chipHeight + Theme::gap1);
    std::vector<Box> boxes;
    double y = 0;
    for (int group = 0; group < int(m_body.groups.size()); ++group) {
        boxes.push_back({QRectF(0, y, width, look.px(titleHeight)), group, -1});
        y += look.px(titleHeight);
        double x = 0;
        const auto& chips = m_body.groups[std::size_t(group)].chips;
        // Every later group keeps room for its title and a line.
        const double later =
            double(m_body.groups.size() - std::size_t(group) - 1) * (look.px(titleHeight + Theme::gap2) + line);
        for (int col = 0; col < int(chips.size()); ++col) {
            const QString count = countText(chips[std::size_t(col)]);
            const double wide = textWidth(look.font(), chipText(chips[std::size_t(col)])) + look.px(16) +
                                (count.isEmpty() ? 0 : textWidth(look.font(Theme::labelSize), count) + look.px(6));
            if (x > 0 && x + wide > width) {
                if (y + 2 * line > height - later) {
                    hidden += int(chips.size()) - col;
                    break;
                }
                x = 0;
                y += line;
            }
            boxes.push_back({QRectF(x, y, std::min(wide, width), look.px(chipHeight)), group, col});
            x += wide + look.px(Theme::gap1);
        }
        y += line + look.px(Theme::gap2);
    }
    return boxes;
}

void StudyChips::arrange()
{
    m_hidden = 0;
    m_boxes = boxesIn(width(), height(), m_hidden);
}

// All chips, but no more than some eight lines.
int StudyChips::heightAt(int width) const
{
    int hidden = 0;
    const std::vector<Box> boxes = boxesIn(width, theme().px(240), hidden);
    const double foot = boxes.empty() ? 0 : boxes.back().box.bottom();
    return int(foot) + theme().px(hidden > 0 ? 20 : 4);
}

void StudyChips::draw(QPainter& painter) const
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    for (const Box& each : m_boxes) {
        const auto& group = m_body.groups[std::size_t(each.group)];
        if (each.col < 0) {
            drawText(painter, each.box, Qt::AlignLeft, textOf(group.title), small, look.secondary);
            drawText(painter, each.box, Qt::AlignRight, textOf(group.value), small, look.text);
            continue;
        }
        const auto& chip = group.chips[std::size_t(each.col)];
        drawGround(painter, each.box, look.chosen, QColor());
        const QRectF inner = each.box.adjusted(look.px(8), 0, -look.px(8), 0);
        const QString count = countText(chip);
        const double taken = count.isEmpty() ? 0 : textWidth(small, count) + look.px(6);
        drawText(painter, inner.adjusted(0, 0, -taken, 0), Qt::AlignLeft, chipText(chip), look.font(), look.text);
        drawNumber(painter, inner, Qt::AlignRight, count, small, look.secondary);
    }
    if (m_hidden > 0)
        drawText(painter, QRectF(0, height() - look.px(16), width(), look.px(16)), Qt::AlignRight,
                 tr("%1 more are not shown").arg(whole(m_hidden)), small, look.secondary);
}

void StudyChips::drawHover(QPainter& painter, const StudyPlace& place) const
{
    for (const Box& each : m_boxes)
        if (each.group == place.row && each.col == place.col)
            drawGround(painter, each.box, QColor(), theme().ring);
}

std::optional<StudyPlace> StudyChips::placeAt(QPointF point) const
{
    for (const Box& each : m_boxes)
        if (each.col >= 0 && each.box.contains(point))
            return StudyPlace{0, each.group, each.col};
    return std::nullopt;
}

std::optional<StudyPlace> StudyChips::moved(std::optional<StudyPlace> from, int right, int down) const
{
    StudyPlace place = from.value_or(StudyPlace{});
    place.row = std::clamp(place.row + (from ? down : 0), 0, std::max(0, int(m_body.groups.size()) - 1));
    if (m_body.groups.empty() || m_body.groups[std::size_t(place.row)].chips.empty())
        return std::nullopt;
    const int last = int(m_body.groups[std::size_t(place.row)].chips.size()) - 1;
    place.col = std::clamp(place.col + (from ? right : 0), 0, last);
    return place;
}

QString StudyChips::placeText(const StudyPlace& place) const
{
    const auto& group = m_body.groups[std::size_t(place.row)];
    const auto& chip = group.chips[std::size_t(place.col)];
    return tr("%1   %2 times").arg(chipText(chip), whole(chip.count));
}

std::vector<StudyPick> StudyChips::picksOf(const StudyPlace& place) const
{
    const auto& chip = m_body.groups[std::size_t(place.row)].chips[std::size_t(place.col)];
    if (!chip.token)
        return {};
    return {{engine::Pick::Sets::Query, {}, *chip.token}};
}

QString StudyChips::summary() const
{
    QStringList parts;
    for (const auto& group : m_body.groups) {
        QStringList words;
        for (std::size_t i = 0; i < std::min<std::size_t>(20, group.chips.size()); ++i)
            words << chipText(group.chips[i]);
        parts << textOf(group.title) + u' ' + textOf(group.value) + QStringLiteral(": ") +
                     words.join(QStringLiteral(", "));
    }
    return parts.join(QStringLiteral("; "));
}

} // namespace widgets
