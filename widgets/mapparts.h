// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/heatmaplayout.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QStringList>

#include <optional>

namespace widgets {

// The title row of a map.
struct MapHeading
{
    std::optional<Identity> method, minus; // a difference is titled by its two markers, method − minus
    QString name;
    QString label;               // the fidelity, or what else the map is: signed…
    std::optional<double> proof; // relative error of the reconstruction
    bool proved = true;          // within its tolerance
    QStringList badges = {};     // what is not shown as it is: "sinks hidden", "85 % of each row"
};

// What the axes say: names with their arrows, and one label per row and column.
struct MapAxes
{
    QString rowName, colName;
    QStringList rows, cols;
    bool showRows = true; // the labels and names at the left; only the first of maps that share them has these
};

// Work whose result will replace the picture.
struct MapBusy
{
    double fraction = 0;
    QString text; // "1.2 of 2 s", once there is something to say
};

// Room for labels at the left and below a map: 54 for the label, 4 for its tick, 8 between.
inline constexpr double mapLabel = 54;
inline constexpr double mapGutter = mapLabel + 4 + Theme::gap2;

// Marker, name and label; at the right what the work says, or the badge of a reduction and the proof.
void drawMapHeading(QPainter& painter, QRectF row, const MapHeading& heading, const MapBusy* busy, QSize reduction);

// A word on a grey ground at the right end of a row; where it begins.
double drawBadge(QPainter& painter, const QRectF& row, const QString& text);

// A cell's value as it is written beside and below maps of that scale.
QString cellText(double value, const ColorScale& scale);

// Ticks and token labels at the left and below, the pinned ones first and in text colour.
void drawMapAxes(QPainter& painter, const HeatmapLayout& layout, const MapAxes& axes, std::optional<Cell> pinned);

// Lines beside the pinned row and column, never over them; they stop where column = row + diagonal.
void drawCrosshair(QPainter& painter, const HeatmapLayout& layout, Cell pinned, std::optional<int> diagonal);

// Which part of all cells is in view, in the corner that the labels leave free.
void drawMiniMap(QPainter& painter, const HeatmapLayout& layout, QSize whole);

} // namespace widgets
