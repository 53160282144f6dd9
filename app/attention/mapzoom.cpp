// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/mapzoom.h"

#include "app/panels/attentionpanel.h"
#include "app/panels/mapsrow.h"
#include "widgets/heatmapview.h"

#include <QAction>
#include <QMenu>

#include <algorithm>

namespace app {

namespace {

constexpr int focusCells = 24; // a side, about the picked one

QRect cellsOf(const std::optional<Sight>& sight)
{
    return sight ? QRectF(sight->x, sight->y, sight->width, sight->height).toRect() : QRect();
}

std::optional<Sight> sightOf(const QRect& cells)
{
    if (cells.isEmpty())
        return std::nullopt;
    return Sight{double(cells.x()), double(cells.y()), double(cells.width()), double(cells.height())};
}

} // namespace

MapZoom::MapZoom(Document& document, MainWindow& window)
    : m_document(document)
    , m_window(window)
    , m_maps(document, "maps", [this](const std::optional<Sight>& sight) { show(m_maps, cellsOf(sight)); })
    , m_neurons(document, "neurons", [this](const std::optional<Sight>& sight) { show(m_neurons, cellsOf(sight)); })
{
    MapsRow& maps = window.attention().maps();
    for (int place = 0; place < MapsRow::most; ++place)
        connect(&maps.map(place), &widgets::HeatmapView::windowChanged, this, &MapZoom::moveTo);
}

void MapZoom::addTo(QMenu& menu)
{
    const auto entry = [&](const QString& text, const char* key, void (MapZoom::*what)()) {
        QAction* action = menu.addAction(text);
        action->setShortcut(QKeySequence(key));
        connect(action, &QAction::triggered, this, what);
    };
    entry(tr("Zoom to the picked cell, or show all again"), "F", &MapZoom::focus);
    entry(tr("One cell a pixel"), "0", &MapZoom::oneToOne);
}

SightKeeper& MapZoom::sight()
{
    return m_document.state().layout.attention.picture == AttentionView::Picture::Neurons ? m_neurons : m_maps;
}

void MapZoom::show(const SightKeeper& whose, const QRect& cells)
{
    if (&whose != &sight())
        return;
    MapsRow& maps = m_window.attention().maps();
    for (int place = 0; place < MapsRow::most; ++place)
        maps.map(place).setWindow(cells);
}

void MapZoom::moveTo(const QRect& cells)
{
    show(sight(), cells);
    sight().moved(sightOf(cells));
}

QRect MapZoom::around(int count) const
{
    const widgets::HeatmapView& map = m_window.attention().maps().map(0);
    const QSize all = map.cells();
    const QSize size(std::min(count, all.width()), std::min(count, all.height()));
    if (size == all)
        return {};
    const widgets::Cell cell = map.pinned().value_or(widgets::Cell{all.height() - 1, 0});
    return {QPoint(std::clamp(cell.col - size.width() / 2, 0, all.width() - size.width()),
                   std::clamp(cell.row - size.height() / 2, 0, all.height() - size.height())),
            size};
}

void MapZoom::focus()
{
    const widgets::HeatmapView& map = m_window.attention().maps().map(0);
    if (map.isEmpty())
        return;
    const QRect wanted = around(focusCells);
    moveTo(map.layout().window == wanted ? QRect() : wanted);
}

void MapZoom::oneToOne()
{
    const widgets::HeatmapView& map = m_window.attention().maps().map(0);
    if (!map.isEmpty())
        moveTo(around(int(std::min(map.room().width(), map.room().height()) * map.devicePixelRatioF())));
}

} // namespace app
