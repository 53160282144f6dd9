// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPoint>
#include <QRectF>
#include <QSize>
#include <QString>

#include <memory>
#include <optional>

class QWidget;

namespace widgets {

// What a view of cells says of those in view to a screen reader. Of a place x is the column and y the row, from 0.
class MapTable
{
public:
    MapTable() = default;
    virtual ~MapTable() = default;
    MapTable(const MapTable&) = delete;
    MapTable& operator=(const MapTable&) = delete;

    virtual QSize size() const = 0; // columns × rows
    virtual QString row(int row) const = 0;
    virtual QString column(int column) const = 0;
    virtual QString words(QPoint place) const = 0; // where it is and what it holds
    virtual QString value(QPoint place) const = 0;
    virtual QRectF box(QPoint place) const = 0; // in the widget
    virtual std::optional<QPoint> at(QPointF point) const = 0;
    virtual std::optional<QPoint> picked() const = 0;
};

// Of a heat map, a long map or the maps of a study's panel, side by side; null of another widget. Borrows the view.
std::unique_ptr<MapTable> tableOf(QWidget* view);

} // namespace widgets
