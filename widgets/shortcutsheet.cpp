// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shortcutsheet.h"

#include "widgets/paint.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {

namespace {

constexpr double columnWidth = 330, titleHeight = 32, lineHeight = 22;

} // namespace

ShortcutSheet::ShortcutSheet(std::vector<ShortcutGroup> groups, QWidget* parent)
    : View(parent)
    , m_groups(std::move(groups))
{
    QStringList words;
    for (const ShortcutGroup& group : m_groups)
        for (const auto& [what, keys] : group.lines)
            words << keys + ": " + what;
    setAccessibleName(tr("Shortcuts"));
    setAccessibleDescription(words.join("; "));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

int ShortcutSheet::columns(int width) const
{
    return std::clamp(width / theme().px(columnWidth), 1, 4);
}

double ShortcutSheet::heightOf(const ShortcutGroup& group) const
{
    return theme().px(titleHeight) + double(group.lines.size()) * theme().px(lineHeight) + theme().px(Theme::gap3);
}

std::vector<int> ShortcutSheet::columnOf(int columns) const
{
    double all = 0;
    for (const ShortcutGroup& group : m_groups)
        all += heightOf(group);
    std::vector<int> place;
    double above = 0;
    for (const ShortcutGroup& group : m_groups) {
        const double middle = above + heightOf(group) / 2;
        place.push_back(std::min(columns - 1, int(middle / all * columns)));
        above += heightOf(group);
    }
    return place;
}

int ShortcutSheet::heightForWidth(int width) const
{
    const int count = columns(width);
    const std::vector<int> place = columnOf(count);
    std::vector<double> tall(std::size_t(count), 0);
    for (std::size_t group = 0; group < m_groups.size(); ++group)
        tall[std::size_t(place[group])] += heightOf(m_groups[group]);
    return int(std::ceil(*std::max_element(tall.begin(), tall.end()))) + 2 * theme().px(Theme::gap3);
}

QSize ShortcutSheet::sizeHint() const
{
    const int width = theme().px(3 * columnWidth);
    return {width, heightForWidth(width)};
}

QSize ShortcutSheet::minimumSizeHint() const
{
    return {theme().px(columnWidth), theme().px(titleHeight)};
}

void ShortcutSheet::paintEvent(QPaintEvent*)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    const int count = columns(width());
    const double wide = double(width()) / count;
    const std::vector<int> place = columnOf(count);
    std::vector<double> top(std::size_t(count), look.px(Theme::gap3));
    for (std::size_t group = 0; group < m_groups.size(); ++group) {
        double& y = top[std::size_t(place[group])];
        const double left = place[group] * wide + look.px(Theme::gap4);
        const double room = wide - 2 * look.px(Theme::gap4);
        drawText(painter, {left, y, room, double(look.px(titleHeight))}, Qt::AlignLeft, m_groups[group].title,
                 look.font(Theme::bodySize, true), look.text);
        y += look.px(titleHeight);
        for (const auto& [what, keys] : m_groups[group].lines) {
            const double tall = look.px(lineHeight);
            const double keysWidth = textWidth(look.font(), keys);
            const double words = room - keysWidth - look.px(Theme::gap3);
            drawText(painter, {left, y, words, tall}, Qt::AlignLeft, what, look.font(), look.secondary);
            drawText(painter, {left, y, room, tall}, Qt::AlignRight, keys, look.font(), look.text);
            y += tall;
        }
        y += look.px(Theme::gap3);
    }
}

} // namespace widgets
