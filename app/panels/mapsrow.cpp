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
    for (widgets::HeatmapView*& map : m_maps)
        map = new widgets::HeatmapView(this);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void MapsRow::setCompact(bool compact)
{
    m_compact = compact;
    m_shared->setSmall(compact);
    m_difference->setSmall(compact);
    arrange();
}

void MapsRow::setAlone(bool alone)
{
    if (m_alone == alone)
        return;
    m_alone = alone;
    for (QWidget* other :
         {static_cast<QWidget*>(m_maps[1]), static_cast<QWidget*>(m_maps[2]), static_cast<QWidget*>(m_difference)})
        other->setVisible(!alone);
    arrange();
}

// The three maps have the same room for cells; the first also has the labels of the rows they share.
void MapsRow::arrange()
{
    const int margin = theme().px(Theme::gap4);
    const int gap = theme().px(m_compact ? 24 : 40);
    const int below = std::max(m_shared->sizeHint().height(), m_difference->sizeHint().height());
    const int labels = m_maps[0]->minimumSizeHint().width() - m_maps[1]->minimumSizeHint().width();
    const int rest = m_maps[1]->minimumSizeHint().height() - theme().px(96); // title and key labels
    const int tall = height() - below - theme().px(Theme::gap1);
    const int wide = (width() - 2 * margin - labels - 2 * gap) / 3;
    int step = 0;
    int side = std::max(theme().px(48), std::min(wide, tall - rest));
    int x = margin;
    for (int place = 0; place < 3; ++place) {
        const int extra = place == 0 ? labels : 0;
        put(*m_maps[place], QRect(x, 0, side + extra, std::min(tall, side + rest)));
        if (place == 0) {
            // Cells are whole pixels: what that and the height leave over goes between the maps.
            const int drawn = int(m_maps[0]->layout().map.width());
            const int spare = (width() - margin - theme().px(m_compact ? 16 : 40) - labels - 3 * drawn) / 2;
            side = drawn + 2;
            x += side + labels + std::clamp(spare, gap, theme().px(128));
            step = x - margin - labels;
        } else {
            x += step;
        }
    }
    const auto bar = [&](widgets::ColorBar& colors, const widgets::HeatmapView& from, const widgets::HeatmapView& to) {
        const int inset = theme().px(7); // the bar's handles stand out to both sides
        const int left = from.x() + int(from.layout().map.left()) - inset;
        const int right = to.x() + int(to.layout().map.right()) + inset;
        const int top = to.y() + int(to.layout().map.bottom()) + rest - theme().px(24) + theme().px(Theme::gap1);
        colors.setGeometry(left, std::min(top, height() - below), right - left, below);
        colors.raise();
    };
    bar(*m_shared, *m_maps[0], *m_maps[m_alone ? 0 : 1]);
    bar(*m_difference, *m_maps[2], *m_maps[2]);
}

QSize MapsRow::sizeHint() const
{
    return {theme().px(1000), theme().px(460)};
}

QSize MapsRow::minimumSizeHint() const
{
    return {theme().px(480), theme().px(240)};
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
