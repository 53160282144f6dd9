// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figureparts.h"

#include "widgets/colorbar.h"
#include "widgets/numbers.h"

#include <QPainter>
#include <QPolygonF>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double titleHeight = 24, smallestMap = 120, mapGap = 28, barBlock = 48, rowLabels = 22, gutterRow = 40;

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
    if (row.width() > look.px(24))
        drawText(painter, row, Qt::AlignLeft, part.words, look.font(Theme::labelSize), look.secondary);
}

QString tickText(double value, double bound, bool isSigned)
{
    if (value == 0)
        return QStringLiteral("0");
    if (std::abs(value) < 1e-3 || bound >= 1e5)
        return power(value);
    const int digits = bound >= 20 ? 0 : bound >= 2 ? 1 : std::abs(value) < 0.0095 ? 3 : 2;
    const double up = value * (1 + 1e-9);
    return isSigned ? signedFixed(up, digits) : fixed(up, digits);
}

void drawBar(QPainter& painter, const ColorScale& scale, const QString& words, const QRectF& box)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    drawText(painter, QRectF(box.left(), box.top(), box.width(), look.px(16)), Qt::AlignHCenter, words, small,
             look.secondary);
    const QRectF bar(box.left(), box.top() + look.px(18), box.width(), look.px(9));
    const ColorMap& map = scale.map(false);
    QImage strip(int(map.entries().size()), 1, QImage::Format_RGB32);
    for (int x = 0; x < strip.width(); ++x)
        strip.setPixel(x, 0, map.entries()[std::size_t(x)]);
    painter.drawImage(bar, strip);
    drawFrame(painter, bar, look.outline, std::max(1, look.px(0.6)));
    const double bound = std::max(std::abs(scale.first()), std::abs(scale.last()));
    for (int i = 0; i <= 4; ++i) {
        const double x = bar.left() + bar.width() * i / 4.0;
        painter.fillRect(QRectF(std::round(x) - 0.5 * look.px(1), bar.bottom(), look.px(1), look.px(4)), look.outline);
        const QString text = tickText(scale.value(i / 4.0), bound, scale.diverging);
        const double wide = numberWidth(small, text);
        const double left = std::clamp(x - wide / 2, bar.left(), bar.right() - wide);
        drawNumber(painter, QRectF(left, bar.bottom() + look.px(4), wide, look.px(15)), Qt::AlignLeft, text, small,
                   look.secondary);
    }
}

QString barWords(std::span<const FigureMap> maps)
{
    const FigureMap& first = maps.front();
    QString words = first.quantity;
    words += first.scale.scale == Scale::Root  ? QStringLiteral(", square-root scale")
             : first.scale.scale == Scale::Log ? QStringLiteral(", logarithmic scale")
                                               : QString();
    std::vector<engine::Grid> grids;
    for (const FigureMap& map : maps)
        grids.push_back(map.cells);
    const Histogram histogram = histogramOf(grids, first.shape, first.scale, 1);
    if (const std::int64_t beyond = histogram.above + histogram.below; beyond > 0)
        words += QStringLiteral(" (%1 cells beyond %2)")
                     .arg(whole(beyond), tickText(first.scale.last(), std::abs(first.scale.last()), false));
    return words;
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
    const QString pair = room > look.px(30) ? elided(small, map.pair, room) : QString();
    const double ground = wide + (pair.isEmpty() ? 0 : textWidth(small, pair) + look.px(10)) + look.px(8);
    painter.fillRect(QRectF(row.right() - ground, row.top(), ground + look.px(6), row.height()), look.panel);
    drawNumber(painter, row, Qt::AlignRight, map.value, font, look.text);
    drawText(painter, row.adjusted(0, 0, -wide - look.px(10), 0), Qt::AlignRight, pair, small, look.secondary);
}

// One map at the painter's origin.
void drawMap(QPainter& painter, const FigureMap& map, const HeatmapLayout& layout, int letter)
{
    const Theme& look = theme();
    drawHatch(painter, layout.map);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(layout.map, gridImage(map.cells, map.shape, map.scale, false, layout.window, layout.reduction));
    const double line = std::max(1, look.px(0.6));
    drawFrame(painter, layout.map.adjusted(-line, -line, line, line), look.outline, line);
    drawMapAxes(painter, layout, map.axes, map.marked);
    const double left = drawLetter(painter, {layout.map.left(), 0}, letter);
    drawMapHeading(painter, QRectF(left, 0, layout.map.right() - left, look.px(titleHeight)), map.heading, nullptr,
                   layout.reduction);
    drawMarked(painter, map, layout);
}

double paintMaps(QPainter* painter, const std::vector<FigureMap>& maps, QPointF at, double width, int letter)
{
    const Theme& look = theme();
    if (maps.empty())
        return 0;
    const double labels = look.px(mapGutter);
    const double gap = look.px(mapGap);
    int columns = int((width - labels + gap) / (look.px(smallestMap) + gap));
    columns = std::clamp(columns, 1, int(maps.size()));
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
        y += drawn + look.px(mapGutter + 6);
        for (std::size_t i = first; i < end;) { // maps of one scale share a bar
            std::size_t last = i;
            while (last + 1 < end && maps[last + 1].scale == maps[i].scale &&
                   maps[last + 1].quantity == maps[i].quantity)
                ++last;
            if (painter != nullptr) {
                const double left = places[i - first].left();
                const double right = places[last - first].right();
                const double inset = last > i ? (right - left) * 0.12 : (right - left) * 0.04;
                drawBar(*painter, maps[i].scale, barWords(std::span(maps).subspan(i, last - i + 1)),
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
    for (double tick = scale.low; tick <= scale.high + scale.step / 2; tick += scale.step) {
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
    const double title = look.px(titleHeight);
    double height = look.px(part.height);
    if (painter != nullptr)
        drawTitle(*painter, part, at, width, firstLetter);
    const QRectF box(at.x(), at.y() + title, width, height);
    if (const auto* row = std::get_if<RowValue>(&part.body)) {
        if (painter != nullptr) {
            drawLegend(*painter, *row, QRectF(at.x(), at.y(), width, title));
            drawRow(*painter, *row, box);
        }
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
