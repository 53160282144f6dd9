// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figureparts.h"

#include "widgets/colorbar.h"
#include "widgets/numbers.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <utility>

namespace widgets {
namespace {

constexpr double titleHeight = 24, smallestMap = 150, mapGap = 28, barBlock = 48, rowLabels = 22, gutterRow = 54;

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

// The letter at the left, bold; where the rest begins.
double drawLetter(QPainter& painter, QPointF at, int letter)
{
    const Theme& look = theme();
    const QFont font = look.font(15, true);
    const QString text = letter < 26 ? QString(QChar(u'a' + letter)) : QString::number(letter + 1);
    drawText(painter, QRectF(at.x(), at.y(), look.px(24), look.px(titleHeight)), Qt::AlignLeft, text, font, look.text);
    return at.x() + textWidth(font, text) + look.px(8);
}

void drawTitle(QPainter& painter, const FigurePart& part, QPointF at, double width, int letter)
{
    const Theme& look = theme();
    const double left = drawLetter(painter, at, letter);
    QRectF row(left, at.y(), at.x() + width - left, look.px(titleHeight));
    drawText(painter, row, Qt::AlignLeft, part.title, look.font(), look.text);
    row.setLeft(row.left() + textWidth(look.font(), part.title) + look.px(8));
    if (row.width() > look.px(24) && !std::holds_alternative<RowValue>(part.body)) // a row's words name its axis
        drawText(painter, row, Qt::AlignLeft, part.words, look.font(Theme::labelSize), look.secondary);
}

void drawBar(QPainter& painter, const ColorScale& scale, const QString& words, const QRectF& box)
{
    const Theme& look = theme();
    const double side = look.px(24); // words may be longer than the bar
    drawText(painter, QRectF(box.left() - side, box.top(), box.width() + 2 * side, look.px(16)), Qt::AlignHCenter,
             words, look.font(Theme::labelSize), look.secondary);
    drawColorBar(painter, scale, QRectF(box.left(), box.top() + look.px(18), box.width(), look.px(9)), 4);
}

// As long as there is room for them.
QString barWords(std::span<const FigureMap> maps, double width)
{
    const FigureMap& first = maps.front();
    const QString scale = first.scale.scale == Scale::Root  ? tr(", square-root scale")
                          : first.scale.scale == Scale::Log ? tr(", logarithmic scale")
                                                            : QString();
    const QString shorter = first.scale.scale == Scale::Root  ? tr(", √")
                            : first.scale.scale == Scale::Log ? tr(", log")
                                                              : QString();
    QString beyond;
    std::vector<engine::Grid> grids;
    for (const FigureMap& map : maps)
        grids.push_back(map.cells);
    const Histogram histogram = histogramOf(grids, first.shape, first.scale, 1);
    if (const std::int64_t count = histogram.above + histogram.below; count > 0)
        beyond = (count == 1 ? tr(" (%1 cell beyond %2)") : tr(" (%1 cells beyond %2)"))
                     .arg(whole(count), axisText(first.scale.last(), AxisSpec::Format::Number));
    const QString words = first.quantity + scale + beyond;
    return textWidth(theme().font(Theme::labelSize), words) <= width ? words : first.quantity + shorter + beyond;
}

void drawMarked(QPainter& painter, const FigureMap& map, const HeatmapLayout& layout)
{
    if (!map.marked)
        return;
    const Theme& look = theme();
    const double line = look.px(1.2);
    const QRectF cell = layout.rectOf(*map.marked).adjusted(-line, -line, line, line);
    drawFrame(painter, cell.adjusted(-line, -line, line, line), look.halo, line);
    drawFrame(painter, cell, look.ring, line);
    if (map.shape != GridShape::LowerTriangle)
        return;
    const QRectF row(layout.map.left(), layout.map.top() + look.px(6), layout.map.width() - look.px(8), look.px(20));
    const QFont font = look.font(14);
    const QFont small = look.font(Theme::labelSize);
    const double wide = numberWidth(font, map.value);
    const double room = row.width() - wide - look.px(54);
    const QString pair = textWidth(small, map.pair) <= room ? map.pair : QString(); // whole or not at all
    const double ground = wide + (pair.isEmpty() ? 0 : textWidth(small, pair) + look.px(10)) + look.px(8);
    painter.fillRect(QRectF(row.right() - ground, row.top(), ground + look.px(6), row.height()), look.panel);
    drawNumber(painter, row, Qt::AlignRight, map.value, font, look.text);
    drawText(painter, row.adjusted(0, 0, -wide - look.px(10), 0), Qt::AlignRight, pair, small, look.secondary);
}

// One map at the painter's origin.
void drawMap(QPainter& painter, const FigureMap& map, const HeatmapLayout& layout, int letter)
{
    const Theme& look = theme();
    if (map.extras.hatched)
        drawHatch(painter, layout.map);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    drawMapCells(painter, layout, map.cells, map.shape, map.scale, map.extras);
    const double line = std::max(1, look.px(0.6));
    drawFrame(painter, layout.map.adjusted(-line, -line, line, line), look.outline, line);
    drawMapAxes(painter, layout, map.axes, map.marked);
    const double left = drawLetter(painter, {layout.map.left(), 0}, letter);
    QRectF row(left, 0, layout.map.right() - left, look.px(titleHeight));
    MapHeading heading = map.heading; // its label stands at the right edge, if there is room for it
    const QFont small = look.font(Theme::labelSize);
    const double wide = textWidth(small, heading.label) + look.px(Theme::gap2);
    if (textWidth(look.font(), heading.name) + look.px(24) + wide <= row.width()) {
        drawText(painter, row, Qt::AlignRight, std::exchange(heading.label, QString()), small, look.secondary);
        row.setRight(row.right() - wide);
    }
    drawMapHeading(painter, row, heading, nullptr, layout.reduction);
    drawMarked(painter, map, layout);
}

// How far the upright labels of the keys reach down.
double keyLabels(const std::vector<FigureMap>& maps)
{
    const QFont small = theme().font(Theme::labelSize);
    double longest = 0;
    for (const FigureMap& map : maps)
        for (const QString& label : map.axes.cols)
            longest = std::max(longest, textWidth(small, label));
    return std::min(double(theme().px(mapGutter)), std::ceil(longest) + theme().px(8));
}

double paintMaps(QPainter* painter, const std::vector<FigureMap>& maps, QPointF at, double width, int letter)
{
    const Theme& look = theme();
    if (maps.empty())
        return 0;
    const double labels = look.px(mapGutter);
    const double gap = look.px(mapGap);
    const int most = std::clamp(int((width - labels + gap) / (look.px(smallestMap) + gap)), 1, int(maps.size()));
    const int lines = (int(maps.size()) + most - 1) / most;
    const int columns = (int(maps.size()) + lines - 1) / lines; // as many in each line
    const double side = std::floor((width - labels - gap * (columns - 1)) / columns);
    double y = at.y();
    for (std::size_t first = 0; first < maps.size(); first += std::size_t(columns)) {
        const std::size_t end = std::min(maps.size(), first + std::size_t(columns));
        double drawn = 0;
        std::vector<QRectF> places;
        for (std::size_t i = first; i < end; ++i) {
            FigureMap map = maps[i];
            map.axes.showRows = i == first;
            const double x = at.x() + (i == first ? 0 : labels) + double(i - first) * (side + gap);
            const double left = i == first ? labels : 0;
            const QRect window(0, 0, std::max(1, map.cells.cols()), std::max(1, map.cells.rows()));
            const HeatmapLayout layout =
                layOutHeatmap(QRectF(left, look.px(titleHeight), side, side), window,
                              map.shape == GridShape::LowerTriangle || map.cells.rows() == map.cells.cols(), 1, side);
            if (painter != nullptr) {
                painter->save();
                painter->translate(std::round(x), std::round(y));
                drawMap(*painter, map, layout, letter + int(i));
                painter->restore();
            }
            drawn = std::max(drawn, layout.map.bottom());
            places.push_back(layout.map.translated(x, y));
        }
        y += drawn + keyLabels(maps) + look.px(10);
        for (std::size_t i = first; i < end;) { // maps of one scale share a bar
            std::size_t last = i;
            while (last + 1 < end && maps[last + 1].scale == maps[i].scale &&
                   maps[last + 1].quantity == maps[i].quantity)
                ++last;
            if (painter != nullptr) {
                const double left = places[i - first].left();
                const double right = places[last - first].right();
                const double inset = last > i ? (right - left) * 0.12 : (right - left) * 0.04;
                drawBar(*painter, maps[i].scale, barWords(std::span(maps).subspan(i, last - i + 1), right - left),
                        QRectF(left + inset, y, right - left - 2 * inset, look.px(barBlock)));
            }
            i = last + 1;
        }
        y += look.px(barBlock + 6);
    }
    return y - at.y();
}

struct RowScale
{
    double low = 0, high = 1, step = 0.5;
};

RowScale scaleOf(const RowValue& row)
{
    RowScale scale{0, 0, 1};
    for (const RowValue::Series& series : row.series)
        for (const float weight : series.weights)
            if (std::isfinite(weight)) {
                scale.low = std::min(scale.low, double(weight));
                scale.high = std::max(scale.high, double(weight));
            }
    if (scale.high == scale.low)
        scale.high = 1;
    scale.step = niceStep(scale.high - scale.low, 3);
    scale.low = std::floor(scale.low / scale.step + 1e-9) * scale.step;
    scale.high = std::ceil(scale.high / scale.step - 1e-9) * scale.step;
    return scale;
}

void drawLegend(QPainter& painter, const RowValue& row, QRectF line)
{
    const Theme& look = theme();
    for (std::size_t i = row.series.size(); i-- > 0;) {
        const Identity& identity = row.series[i].identity;
        drawText(painter, line, Qt::AlignRight, identity.title, look.font(Theme::labelSize), look.text);
        line.setRight(line.right() - textWidth(look.font(Theme::labelSize), identity.title) - look.px(6));
        const double wide = look.px(i == 0 ? 9 : 22);
        const QRectF key(line.right() - wide, line.top(), wide, line.height());
        if (i == 0) {
            painter.fillRect(QRectF(key.left(), key.center().y() - wide / 2, wide, wide), identity.area());
        } else {
            painter.setPen(seriesPen(identity.dash, identity.outline(), 1.3 * look.scale));
            painter.drawLine(QPointF(key.left(), key.center().y()), QPointF(key.right(), key.center().y()));
            drawMarker(painter, identity, key.center(), look.px(6));
        }
        line.setRight(key.left() - look.px(Theme::gap4));
    }
}

// Bars of the first series, lines with markers of the others, the larger keys labelled.
void drawRow(QPainter& painter, const RowValue& row, const QRectF& box)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QRectF area = box.adjusted(look.px(gutterRow), look.px(6), 0, -look.px(rowLabels));
    const RowScale scale = scaleOf(row);
    const auto heightOf = [&](double value) {
        return area.bottom() - (value - scale.low) / (scale.high - scale.low) * area.height();
    };
    const int digits = std::clamp(int(std::ceil(-std::log10(scale.step) - 1e-9)), 0, 6);
    const int steps = int(std::lround((scale.high - scale.low) / scale.step));
    for (int at = 0; at <= steps; ++at) {
        const double tick = scale.low + at * scale.step;
        const double y = std::round(heightOf(tick));
        painter.fillRect(QRectF(area.left(), y, area.width(), look.px(1)),
                         std::abs(tick) < scale.step / 2 ? look.outline : look.grid);
        drawNumber(painter, QRectF(box.left(), y - look.px(8), look.px(gutterRow - 8), look.px(16)), Qt::AlignRight,
                   fixed(tick, digits), small, look.secondary);
    }
    std::size_t count = 0;
    for (const RowValue::Series& series : row.series)
        count = std::max(count, series.weights.size());
    if (count == 0)
        return;
    const double step = area.width() / double(count);
    const auto middle = [&](std::size_t key) { return area.left() + (double(key) + 0.5) * step; };
    for (std::size_t s = 0; s < row.series.size(); ++s) {
        const RowValue::Series& series = row.series[s];
        QPolygonF line;
        for (std::size_t key = 0; key < series.weights.size(); ++key) {
            if (!std::isfinite(series.weights[key]))
                continue;
            const QPointF point(middle(key), heightOf(series.weights[key]));
            line << point;
            const double wide = std::clamp(std::floor(step * 0.6), 1.0, double(look.px(14)));
            if (s == 0)
                painter.fillRect(QRectF(point.x() - wide / 2, std::min(point.y(), heightOf(0)), wide,
                                        std::abs(heightOf(0) - point.y())),
                                 series.identity.area());
        }
        if (s == 0)
            continue;
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(seriesPen(series.identity.dash, series.identity.outline(), 1.2 * look.scale));
        painter.drawPolyline(line);
        painter.restore();
        for (const QPointF& point : line)
            if (step >= look.px(5))
                drawMarker(painter, series.identity, point, look.px(5));
    }
    std::vector<std::size_t> order(row.series.front().weights.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::abs(row.series.front().weights[a]) > std::abs(row.series.front().weights[b]);
    });
    std::vector<std::pair<double, double>> taken;
    for (const std::size_t key : order) {
        const QString text = elided(small, row.keys.value(qsizetype(key)), look.px(80));
        const double wide = textWidth(small, text);
        const double from = middle(key) - wide / 2 - look.px(4), to = middle(key) + wide / 2 + look.px(4);
        const bool free = std::none_of(taken.begin(), taken.end(),
                                       [&](const auto& other) { return from < other.second && to > other.first; });
        if (!free || from < box.left() || to > box.right() + look.px(8) || text.isEmpty())
            continue;
        taken.emplace_back(from, to);
        drawText(painter, QRectF(middle(key) - wide / 2, area.bottom() + look.px(4), wide + 1, look.px(16)),
                 Qt::AlignLeft, text, small, look.secondary);
    }
}

} // namespace

QStringList wrappedLines(const QFont& font, const QString& text, double width)
{
    QStringList lines;
    QString line;
    for (const QString& word : text.split(u' ')) {
        const QString longer = line.isEmpty() ? word : line + u' ' + word;
        if (!line.isEmpty() && textWidth(font, longer) > width) {
            lines << line;
            line = word;
        } else {
            line = longer;
        }
    }
    return lines << line;
}

int figureLetters(const FigurePart& part)
{
    const auto* maps = std::get_if<std::vector<FigureMap>>(&part.body);
    return maps != nullptr ? int(maps->size()) : 1;
}

double paintFigurePart(QPainter* painter, const FigurePart& part, QPointF at, double width, int firstLetter)
{
    const Theme& look = theme();
    if (const auto* maps = std::get_if<std::vector<FigureMap>>(&part.body))
        return paintMaps(painter, *maps, at, width, firstLetter);
    if (const auto* study = std::get_if<FigureStudy>(&part.body)) {
        const double indent = painter != nullptr ? drawLetter(*painter, at, firstLetter) - at.x() : double(look.px(20));
        return paintFigureStudy(painter, *study, QRectF(at, QSizeF(width, look.px(part.height))), indent);
    }
    const double title = look.px(titleHeight);
    double height = look.px(part.height);
    if (painter != nullptr)
        drawTitle(*painter, part, at, width, firstLetter);
    const QRectF box(at.x(), at.y() + title, width, height);
    if (const auto* row = std::get_if<RowValue>(&part.body)) {
        if (painter != nullptr) {
            drawLegend(*painter, *row, QRectF(at.x(), at.y(), width, title));
            drawRow(*painter, *row, box);
            drawUpright(*painter, QRectF(at.x(), box.top(), look.px(16), look.px(part.height - rowLabels)),
                        Qt::AlignHCenter, part.words, look.font(Theme::labelSize), look.secondary);
        }
    } else if (const auto* arcs = std::get_if<FigureArcs>(&part.body)) {
        if (painter != nullptr)
            paintArcs(*painter, arcs->value, arcs->marks, box);
    } else if (const auto* plot = std::get_if<PlotValue>(&part.body)) {
        if (painter != nullptr)
            paintPlot(*painter, *plot, layOutPlot(*plot, box));
    } else if (const auto* timeline = std::get_if<TimelineValue>(&part.body)) {
        height = look.px(24 + 31.0 * double(timeline->rows.size()));
        if (painter != nullptr)
            paintTimeline(*painter, *timeline, box);
    } else if (const auto* facts = std::get_if<Facts>(&part.body)) {
        height = look.px(20.0 * double(facts->rows.size() + (facts->columns.isEmpty() ? 0 : 1)) + 4);
        if (painter != nullptr)
            paintFacts(*painter, *facts, box);
    }
    return title + height;
}

} // namespace widgets
