// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/shortcutsheet.h"

#include "widgets/ownkeys.h"
#include "widgets/paint.h"

#include <QKeyEvent>
#include <QMouseEvent>
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
    setAccessibleName(tr("Shortcuts"));
    setToolTip(tr("Click a line, or Return on it, to give it other keys"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    ownKeys(*this, {Qt::Key_Up, Qt::Key_Down, Qt::Key_Return, Qt::Key_Enter});
    describe();
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void ShortcutSheet::setGroups(std::vector<ShortcutGroup> groups)
{
    m_groups = std::move(groups);
    describe();
    updateGeometry();
    update();
}

void ShortcutSheet::describe()
{
    QStringList words;
    for (const ShortcutGroup& group : m_groups)
        for (const auto& [what, keys] : group.lines)
            words << (keys.isEmpty() ? tr("no keys") : keys) + ": " + what;
    setAccessibleDescription(words.join("; "));
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

std::vector<QRectF> ShortcutSheet::places() const
{
    const Theme& look = theme();
    const int count = columns(width());
    const double wide = double(width()) / count;
    const std::vector<int> place = columnOf(count);
    std::vector<double> top(std::size_t(count), look.px(Theme::gap3));
    std::vector<QRectF> all;
    for (std::size_t group = 0; group < m_groups.size(); ++group) {
        double& y = top[std::size_t(place[group])];
        const double left = place[group] * wide + look.px(Theme::gap4);
        const double room = wide - 2 * look.px(Theme::gap4);
        all.emplace_back(left, y, room, look.px(titleHeight));
        y += look.px(titleHeight);
        for (std::size_t line = 0; line < m_groups[group].lines.size(); ++line, y += look.px(lineHeight))
            all.emplace_back(left, y, room, look.px(lineHeight));
        y += look.px(Theme::gap3);
    }
    return all;
}

int ShortcutSheet::lines() const
{
    std::size_t count = 0;
    for (const ShortcutGroup& group : m_groups)
        count += group.lines.size();
    return int(count);
}

QRectF ShortcutSheet::rectOf(int line) const
{
    const std::vector<QRectF> all = places();
    std::size_t title = 0;
    for (const ShortcutGroup& group : m_groups) {
        if (line < int(group.lines.size()))
            return all[title + 1 + std::size_t(line)];
        line -= int(group.lines.size());
        title += group.lines.size() + 1;
    }
    return {};
}

int ShortcutSheet::lineAt(QPointF point) const
{
    for (int line = 0; line < lines(); ++line)
        if (rectOf(line).contains(point))
            return line;
    return -1;
}

void ShortcutSheet::setOver(int line)
{
    if (line == m_over)
        return;
    m_over = line;
    setCursor(line >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void ShortcutSheet::mouseMoveEvent(QMouseEvent* event)
{
    setOver(lineAt(event->position()));
}

void ShortcutSheet::mousePressEvent(QMouseEvent* event)
{
    if (const int line = lineAt(event->position()); line >= 0 && event->button() == Qt::LeftButton)
        emit asked(line);
}

void ShortcutSheet::leaveEvent(QEvent* /*event*/)
{
    setOver(-1);
}

void ShortcutSheet::keyPressEvent(QKeyEvent* event)
{
    const int last = lines() - 1;
    if (event->key() == Qt::Key_Down)
        setOver(std::min(m_over + 1, last));
    else if (event->key() == Qt::Key_Up)
        setOver(m_over < 0 ? last : std::max(m_over - 1, 0));
    else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && m_over >= 0)
        emit asked(m_over);
    else
        View::keyPressEvent(event);
}

void ShortcutSheet::paintEvent(QPaintEvent*)
{
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.panel);
    const std::vector<QRectF> all = places();
    auto place = all.begin();
    int line = 0;
    for (const ShortcutGroup& group : m_groups) {
        drawText(painter, *place++, Qt::AlignLeft, group.title, look.font(Theme::bodySize, true), look.text);
        for (const auto& [what, keys] : group.lines) {
            QRectF box = *place++;
            if (line++ == m_over)
                painter.fillRect(box.adjusted(-look.px(Theme::gap2), 0, look.px(Theme::gap2), 0), look.hover);
            drawText(painter, box, Qt::AlignRight, keys.isEmpty() ? QStringLiteral("—") : keys, look.font(),
                     keys.isEmpty() ? look.disabled : look.text);
            box.setWidth(box.width() - textWidth(look.font(), keys) - look.px(Theme::gap3));
            drawText(painter, box, Qt::AlignLeft, what, look.font(), look.secondary);
        }
    }
}

} // namespace widgets
