// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mapcells.h"

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QPaintEngine>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

// Blank ground under cells that are there but not drawn, so that the hatch does not call them impossible.
void drawBlank(QPainter& painter, const HeatmapLayout& layout, const engine::Grid& grid, GridShape shape)
{
    const QRectF map = layout.map;
    for (int row = layout.window.top(); row <= layout.window.bottom(); row += layout.reduction.height()) {
        int end = layout.window.left();
        const int last = std::min(row + layout.reduction.height(), grid.rows()) - 1;
        while (end <= layout.window.right() && canBe(grid, shape, {last, end}) && !std::isnan(grid.at(last, end)))
            ++end;
        if (end == layout.window.left())
            continue;
        const QRectF first = layout.rectOf({row, layout.window.left()});
        const QRectF final = layout.rectOf({row, end - 1});
        painter.fillRect(QRectF(map.left(), first.top(), final.right() - map.left(), first.height()), theme().panel);
    }
}

QImage onGround(QImage image, QRgb ground)
{
    image = image.convertToFormat(QImage::Format_ARGB32);
    for (int y = 0; y < image.height(); ++y) {
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < image.width(); ++x)
            if (qAlpha(line[x]) == 0)
                line[x] = ground & 0x00FFFFFFU;
    }
    return image;
}

} // namespace

void drawPixels(QPainter& painter, const QRectF& place, const QImage& image)
{
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    const QPaintEngine* engine = painter.paintEngine();
    const bool file = engine != nullptr && (engine->type() == QPaintEngine::Pdf || engine->type() == QPaintEngine::SVG);
    painter.drawImage(place, file ? onGround(image, theme().panel.rgb()) : image);
}

void drawMapCells(QPainter& painter, const HeatmapLayout& layout, const engine::Grid& grid, GridShape shape,
                  const ColorScale& scale, const MapExtras& extras)
{
    const bool dark = theme().dark;
    const engine::Grid& drawn = extras.drawn.empty() ? grid : extras.drawn;
    if (!extras.drawn.empty())
        drawBlank(painter, layout, grid, shape);
    drawPixels(painter, layout.map, gridImage(drawn, shape, scale, dark, layout.window, layout.reduction));
    for (const int column : extras.ownColumns) {
        const QRect window(column, layout.window.top(), 1, layout.window.height());
        const QRectF first = layout.rectOf({layout.window.top(), column});
        if (first.isEmpty())
            continue;
        const QRectF strip(first.left(), layout.map.top(), first.width(), layout.map.height());
        drawPixels(painter, strip,
                   gridImage(grid, shape, extras.ownScale, dark, window, QSize(1, layout.reduction.height())));
    }
    if (extras.swipe && !extras.swipe->right.empty()) {
        const double x = swipeLine(layout, *extras.swipe);
        painter.save();
        painter.setClipRect(QRectF(x, layout.map.top(), std::max(0.0, layout.map.right() - x), layout.map.height()));
        drawPixels(painter, layout.map,
                   gridImage(extras.swipe->right, shape, scale, dark, layout.window, layout.reduction));
        painter.restore();
    }
}

double swipeLine(const HeatmapLayout& layout, const MapSwipe& swipe)
{
    return std::round(layout.map.left() + std::clamp(swipe.at, 0.0, 1.0) * layout.map.width());
}

void drawSwipe(QPainter& painter, const HeatmapLayout& layout, const MapSwipe& swipe)
{
    const Theme& look = theme();
    const double x = swipeLine(layout, swipe);
    const QRectF map = layout.map;
    painter.fillRect(QRectF(x - 1, map.top(), 3, map.height()), look.halo);
    painter.fillRect(QRectF(x, map.top(), 1, map.height()), look.ring);
    const QFont small = look.font(Theme::labelSize);
    const QRectF row(map.left(), map.bottom() - look.px(22), map.width(), look.px(18));
    // The names stand at the foot on both sides of the line, on the map's own cells: each on a ground.
    const auto name = [&](const QString& text, bool left) {
        const double wide = textWidth(small, text) + look.px(10);
        const QRectF box(left ? x - look.px(6) - wide : x + look.px(6), row.top(), wide, row.height());
        if (box.left() < map.left() || box.right() > map.right())
            return;
        drawGround(painter, box, look.panel, look.hairline, 3);
        drawText(painter, box, Qt::AlignHCenter, text, small, look.text);
    };
    name(swipe.leftName, true);
    name(swipe.rightName, false);
    const QRectF grip(x - look.px(5), map.center().y() - look.px(14), look.px(11), look.px(28));
    drawGround(painter, grip, look.panel, look.outline, 4);
    for (const double dx : {-1.5, 1.5})
        painter.fillRect(QRectF(grip.center().x() + dx - 0.5, grip.top() + look.px(9), 1, look.px(10)), look.secondary);
}

void drawMagnifier(QPainter& painter, QPointF topRight, Cell centre, double cell, const engine::Grid& grid,
                   GridShape shape, const ColorScale& scale)
{
    const Theme& look = theme();
    const int half = magnified / 2;
    const double side = cell * magnified;
    const QRectF box(std::round(topRight.x() - side), std::round(topRight.y()), side, side);
    painter.fillRect(box.adjusted(-2, -2, 2, 2), look.panel);
    drawHatch(painter, box);
    const QRect window(centre.col - half, centre.row - half, magnified, magnified);
    const QRect inside = window & QRect(0, 0, grid.cols(), grid.rows());
    const QRectF place(box.left() + (inside.left() - window.left()) * cell,
                       box.top() + (inside.top() - window.top()) * cell, inside.width() * cell, inside.height() * cell);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(place, gridImage(grid, shape, scale, look.dark, inside));
    drawFrame(painter, box.adjusted(-1, -1, 1, 1), look.outline, 1);
    drawRing(painter, QRectF(box.left() + half * cell, box.top() + half * cell, cell, cell), true);
}

} // namespace widgets
