// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/study.h"
#include "widgets/studyaxis.h"

#include <QPen>
#include <QPolygonF>
#include <QRectF>

#include <vector>

class QPainter;

namespace widgets {

// Whether a line of points meets a box; one that ends where it began is an area.
bool meets(const QPolygonF& line, const QRectF& box);

QPen markPen();

// Lines of marks across a plot, with their words where they meet least of what is drawn (curves, bars, other words), in
// a halo of the ground's colour where they must meet some.
void drawMarks(QPainter& painter, const QRectF& plot, const PlotAxis& x, const PlotAxis& y,
               const std::vector<engine::Mark>& marks, const std::vector<QPolygonF>& drawn);

} // namespace widgets
