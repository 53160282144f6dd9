// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"

#include <QPointF>
#include <QRectF>
#include <QString>
#include <QStringList>

#include <optional>
#include <utility>
#include <vector>

class QPainter;

namespace widgets {

// A plot of lines as a value, and its painting: the same code serves the screen and a figure. Colours and sizes are the
// theme's in force.

struct AxisSpec
{
    enum class Format
    {
        Number,
        Bytes,
        Times // 2 ×, ½ ×
    };

    QString title;
    bool logarithmic = false;
    Format format = Format::Number;
    double low = 0, high = 0;  // both 0: what the values need
    std::vector<double> ticks; // empty: round numbers
};

struct PlotSeries
{
    QString name;
    std::optional<Identity> identity; // none: ink
    std::vector<QPointF> points;
    std::vector<std::pair<double, double>> band; // low and high of y at each point; or empty
    QStringList pointNames;                      // what each point is, told with its number; or empty
    std::vector<double> sizes;                   // of the markers, of a usual one; or empty
    std::vector<bool> hollow;                    // a marker to doubt: disturbed; or empty
    QString label;                               // beside the point `labelAt`
    int labelAt = -1;                            // −1: the last
    bool line = true;
    bool thin = false; // a line that only leads the eye
};

// A line across the plot at one place of x, a word at its top.
struct PlotMark
{
    double at = 0;
    QString text = {}, second = {};
    std::optional<Identity> identity = {}; // whose it is, where several have marks
    bool dashed = false;
    bool left = false; // the words stand to its left
    int row = 0;       // of the words, from the top
};

// A straight line between two values (a roof), its word along it.
struct PlotRoof
{
    QPointF from, to;
    QString text;
};

struct PlotValue
{
    AxisSpec x, y;
    std::vector<PlotSeries> series;
    std::vector<PlotMark> marks;
    std::vector<std::pair<double, double>> regions; // stretches of x with a ground: the band of a crossover
    std::vector<PlotRoof> roofs;
    std::vector<QPointF> rings; // where lines meet
    QString note;               // under the x axis, at the left

    bool empty() const;
};

// Where values stand.
struct PlotLayout
{
    QRectF area;
    double xLow = 0, xHigh = 1, yLow = 0, yHigh = 1;
    bool xLog = false, yLog = false;

    QPointF at(QPointF value) const;
    double xAt(double pixel) const; // the inverse of at().x()
};

PlotLayout layOutPlot(const PlotValue& value, const QRectF& box);
void paintPlot(QPainter& painter, const PlotValue& value, const PlotLayout& layout);

// A number of an axis.
QString axisText(double value, AxisSpec::Format format);

} // namespace widgets
