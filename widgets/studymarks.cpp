// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studymarks.h"

#include "widgets/paint.h"
#include "widgets/studytext.h"
#include "widgets/theme.h"

#include <QLineF>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double wordsHeight = 14;

bool segmentMeets(const QLineF& line, const QRectF& box)
{
    if (box.contains(line.p1()) || box.contains(line.p2()))
        return true;
    const QLineF sides[] = {{box.topLeft(), box.topRight()},
                            {box.topRight(), box.bottomRight()},
                            {box.bottomRight(), box.bottomLeft()},
                            {box.bottomLeft(), box.topLeft()}};
    return std::any_of(std::begin(sides), std::end(sides), [&](const QLineF& side) {
        return line.intersects(side, nullptr) == QLineF::BoundedIntersection;
    });
}

// Where a mark's words may stand, the best liked first.
std::vector<QRectF> placesOf(const QRectF& plot, const engine::Mark& mark, double at, double wide)
{
    const Theme& look = theme();
    const double high = look.px(wordsHeight), gap = look.px(4);
    std::vector<QRectF> places;
    if (mark.vertical) {
        const int lines = int(plot.height() / high);
        for (int line = 0; line < lines; ++line)
            for (const double left : {at + gap, at - gap - wide})
                places.emplace_back(left, plot.top() + line * high, wide, high);
    } else {
        const double step = std::max(1.0, wide / 2), inset = plot.right() - wide - 1;
        const int steps = inset < plot.left() ? 0 : int((inset - plot.left()) / step) + 1;
        for (int place = 0; place < steps; ++place)
            for (const double top : {at - high, at + 1})
                places.emplace_back(inset - place * step, top, wide + 1, high);
    }
    if (places.empty()) // a plot smaller than the words
        places.emplace_back(std::max(plot.left(), at - wide), plot.top(), wide, high);
    return places;
}

void drawInHalo(QPainter& painter, const QRectF& box, const QString& text)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const double away = 1.4 * look.scale;
    for (const double dx : {-away, 0.0, away})
        for (const double dy : {-away, 0.0, away})
            if (dx != 0 || dy != 0)
                drawText(painter, box.translated(dx, dy), Qt::AlignLeft, text, small, look.panel);
    drawText(painter, box, Qt::AlignLeft, text, small, look.secondary);
}

} // namespace

bool meets(const QPolygonF& line, const QRectF& box)
{
    if (!line.boundingRect().adjusted(-1, -1, 1, 1).intersects(box))
        return false;
    if (line.isClosed() && line.containsPoint(box.center(), Qt::OddEvenFill))
        return true;
    if (line.size() == 1)
        return box.contains(line.front());
    for (qsizetype i = 1; i < line.size(); ++i)
        if (segmentMeets({line[i - 1], line[i]}, box))
            return true;
    return false;
}

QPen markPen()
{
    QPen pen(theme().secondary, theme().px(1));
    pen.setDashPattern({3, 3});
    return pen;
}

void drawMarks(QPainter& painter, const QRectF& plot, const PlotAxis& x, const PlotAxis& y,
               const std::vector<engine::Mark>& marks, const std::vector<QPolygonF>& drawn)
{
    const Theme& look = theme();
    std::vector<const engine::Mark*> shown;
    std::vector<QPolygonF> lines; // of the marks themselves
    painter.save();
    painter.setPen(markPen());
    for (const engine::Mark& mark : marks) {
        const double at = std::round(mark.vertical ? x.at(mark.at) : y.at(mark.at)) + 0.5;
        if (mark.vertical && (at < plot.left() - 1 || at > plot.right() + 1))
            continue;
        shown.push_back(&mark);
        const QLineF line =
            mark.vertical ? QLineF(at, plot.top(), at, plot.bottom()) : QLineF(plot.left(), at, plot.right(), at);
        lines.push_back(QPolygonF(QList<QPointF>{line.p1(), line.p2()}));
        drawPolyline(painter, lines.back());
    }
    painter.restore();
    std::vector<QRectF> taken;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const QString text = textOf(shown[i]->text);
        const double wide = textWidth(look.font(Theme::labelSize), text) + 1;
        const double at = shown[i]->vertical ? lines[i].front().x() : lines[i].front().y();
        const auto costOf = [&](const QRectF& place) {
            const QRectF claimed = place.adjusted(-2, -1, 2, 1);
            const auto met = [&](const QPolygonF& line) { return meets(line, claimed); };
            double cost = 4.0 * double(std::count_if(drawn.begin(), drawn.end(), met));
            for (std::size_t other = 0; other < lines.size(); ++other)
                cost += other != i && met(lines[other]) ? 3 : 0;
            cost += 40.0 * double(std::count_if(taken.begin(), taken.end(),
                                                [&](const QRectF& words) { return words.intersects(claimed); }));
            const double over = look.px(4); // the margin beside a plot
            cost += place.left() < plot.left() - over || place.right() > plot.right() + over ? 100 : 0;
            return cost + (place.top() < plot.top() - look.px(wordsHeight) ? 100 : 0);
        };
        const std::vector<QRectF> places = placesOf(plot, *shown[i], at, wide);
        const auto best = std::min_element(places.begin(), places.end(), [&](const QRectF& one, const QRectF& other) {
            return costOf(one) < costOf(other);
        });
        taken.push_back(*best);
        drawInHalo(painter, *best, text);
    }
}

} // namespace widgets
