// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/study.h"

#include <QRectF>
#include <QString>

#include <vector>

class QPainter;

namespace widgets {

// A number axis of a study's plot: values from `low` to `high` between two places on screen.
struct PlotAxis
{
    engine::Scale scale = engine::Scale::Linear;
    double low = 0, high = 1;
    double from = 0, to = 1; // in the widget; `to` may be the smaller one

    // The place of a value; outside the range beyond the ends. On a log axis what is not above 0 stands at `from`.
    double at(double value) const;
    double valueAt(double place) const;

    struct Tick
    {
        double value = 0;
        QString text;
    };

    // Round values at least `spacing` apart.
    std::vector<Tick> ticks(double spacing) const;

private:
    double stretched(double value) const;
};

// A range that ends at round values (linear) and is never empty. Not finite values are left out.
struct PlotRange
{
    double low = 0, high = 0;
    bool any = false;

    void add(double value);
    void round(engine::Scale scale, int steps);
};

// Grid lines and numbers of an upright axis at the left of the plot; the base line at 0, or at the foot.
void drawUprightAxis(QPainter& painter, const QRectF& plot, const PlotAxis& axis, bool magnitudes);
double uprightAxisWidth(const PlotAxis& axis);

// Grounds of regions, with their words.
void drawRegions(QPainter& painter, const QRectF& plot, const PlotAxis& x, const std::vector<engine::Region>& regions);

} // namespace widgets
