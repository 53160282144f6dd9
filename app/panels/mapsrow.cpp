// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/mapsrow.h"

#include "widgets/colorbar.h"

#include <QCoreApplication>
#include <QPainter>
#include <QResizeEvent>

#include <algorithm>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

constexpr double leastSide = 112, goodSide = 140; // of a map's cells
constexpr double leastColumn = 240;               // of its heading

// A hidden widget lays itself out when it is shown; here its layout is needed at once.
void put(widgets::HeatmapView& map, const QRect& place)
{
    const QSize before = map.size();
    map.setGeometry(place);
    if (!map.isVisible()) {
        QResizeEvent resized(place.size(), before);
        QCoreApplication::sendEvent(&map, &resized);
    }
}

} // namespace

MapsRow::MapsRow(QWidget* parent)
    : View(parent)
    , m_shared(new widgets::ColorBar(this))
    , m_difference(new widgets::ColorBar(this))
{
    for (int place = 0; place < most; ++place)
        m_maps.push_back(new widgets::HeatmapView(this));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setCounts(m_weights, m_differences);
}

void MapsRow::setCounts(int weights, int differences)
{
    m_weights = weights;
    m_differences = differences;
    for (int place = 0; place < most; ++place)
        m_maps[std::size_t(place)]->setVisible(place < count());
    m_shared->setVisible(weights > 0);
    m_difference->setVisible(differences > 0);
    updateGeometry();
}

void MapsRow::setCompact(bool compact)
{
    m_compact = compact;
    m_shared->setSmall(compact);
    m_difference->setSmall(compact);
    arrange();
}

int MapsRow::across(int lines) const
{
    return (count() + lines - 1) / lines;
}

int MapsRow::rest() const
{
    return m_maps[1]->minimumSizeHint().height() - theme().px(96);
}

int MapsRow::labels() const
{
    return m_maps[0]->minimumSizeHint().width() - m_maps[1]->minimumSizeHint().width();
}

int MapsRow::below() const
{
    return std::max(m_shared->sizeHint().height(), m_difference->sizeHint().height()) + theme().px(Theme::gap1);
}

// The room of a map's cells, by the width and by all there is, where the maps stand in so many lines.
int MapsRow::wideSide(int lines, int width) const
{
    const int gap = theme().px(m_compact ? 24 : 40);
    const int columns = across(lines);
    return (width - 2 * theme().px(Theme::gap4) - labels() - (columns - 1) * gap) / columns;
}

int MapsRow::sideFor(int lines) const
{
    return std::min(wideSide(lines, width()), (height() - below()) / lines - rest());
}

// Fewer would make the maps too narrow to be read.
int MapsRow::leastLines(int width) const
{
    int lines = 1;
    while (lines < count() && wideSide(lines, width) < theme().px(leastSide))
        ++lines;
    return lines;
}

int MapsRow::linesNow() const
{
    const int least = leastLines(width());
    return count() > 3 && least < 2 && sideFor(2) > sideFor(1) ? 2 : least;
}

int MapsRow::heightForWidth(int width) const
{
    if (count() == 0)
        return 0;
    const int lines = leastLines(width);
    return lines * (std::clamp(wideSide(lines, width), theme().px(48), theme().px(goodSide)) + rest()) + below();
}

// All maps have the same room for cells; the first of a line also has the labels of the rows they share.
void MapsRow::arrange()
{
    if (count() == 0)
        return;
    const int lines = linesNow();
    const int margin = theme().px(Theme::gap4);
    const int gap = theme().px(m_compact ? 24 : 40);
    const int columns = across(lines);
    int side = std::max(theme().px(48), sideFor(lines));
    const int tall = side + rest();
    int step = side + gap;
    // A map alone stands in the middle; several keep their labels over those of the row plot.
    const int from = count() == 1 ? std::max(margin, (width() - side - labels()) / 2) : margin;
    for (int place = 0; place < count(); ++place) {
        const bool first = place % columns == 0;
        const int x = from + (first ? 0 : labels() + (place % columns) * step);
        put(*m_maps[std::size_t(place)],
            QRect(x, (place / columns) * tall, side + (first ? labels() : 0), std::min(tall, side + rest())));
        if (place == 0) {
            // Cells are whole pixels: what that and the height leave over goes between the maps.
            const int heading = theme().px(leastColumn); // as wide as that where few tokens make a small map
            const int drawn = std::max(int(m_maps[0]->layout().map.width()), side > heading ? heading : 0);
            const int right = theme().px(m_compact ? 16 : 40);
            const int spare = columns > 1 ? (width() - margin - right - labels() - columns * drawn) / (columns - 1) : 0;
            side = drawn + 2;
            // Maps stand close, unless that would leave an eighth of the width empty.
            const int close = theme().px(m_compact ? 40 : 64);
            const bool empty = (columns - 1) * (spare - close) > width() / 8;
            const int widest = !empty ? close : columns == 2 ? theme().px(128) : std::max(close, side);
            step = side + std::clamp(spare, gap, widest);
        }
    }
    const widgets::HeatmapView& last = *m_maps[std::size_t(count() - 1)];
    m_right = columns > 2 && lines == 1 ? last.x() + int(last.layout().map.right()) + 1 : width();
    if (m_weights > 0)
        putBar(*m_shared, 0, m_weights - 1);
    if (m_differences > 0)
        putBar(*m_difference, m_weights, count() - 1);
    emit arranged();
}

// Under the last line, as wide as the maps from the first to the last of its line.
void MapsRow::putBar(widgets::ColorBar& bar, int first, int last)
{
    const widgets::HeatmapView& from = *m_maps[std::size_t(first)];
    const widgets::HeatmapView* to = m_maps[std::size_t(first)];
    const widgets::HeatmapView* lowest = to;
    for (int place = first; place <= last; ++place) {
        const widgets::HeatmapView* each = m_maps[std::size_t(place)];
        to = each->geometry().right() > to->geometry().right() ? each : to;
        lowest = each->y() > lowest->y() ? each : lowest;
    }
    const int inset = theme().px(7); // the bar's handles stand out to both sides
    const int high = std::max(m_shared->sizeHint().height(), m_difference->sizeHint().height());
    const int left = from.x() + int(from.layout().map.left()) - inset;
    const int right = to->x() + int(to->layout().map.right()) + inset;
    const int top =
        lowest->y() + int(lowest->layout().map.bottom()) + rest() - theme().px(24) + theme().px(Theme::gap1);
    bar.setGeometry(left, std::min(top, height() - high), std::max(right - left, theme().px(96)), high);
    bar.raise();
}

QSize MapsRow::sizeHint() const
{
    return {theme().px(1000), theme().px(460)};
}

QSize MapsRow::minimumSizeHint() const
{
    return {theme().px(200), theme().px(96)};
}

void MapsRow::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

void MapsRow::resizeEvent(QResizeEvent*)
{
    arrange();
}

void MapsRow::themeChanged()
{
    arrange();
}

} // namespace app
