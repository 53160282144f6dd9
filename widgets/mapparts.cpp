// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mapparts.h"

#include "widgets/numbers.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double tick = 4;
constexpr double labelSpacing = 13;

QString reducedText(QSize by)
{
    return by.width() == by.height()
               ? QCoreApplication::translate("HeatmapView", "reduced %1 : 1").arg(by.width())
               : QCoreApplication::translate("HeatmapView", "reduced %1 × %2 : 1").arg(by.width()).arg(by.height());
}

} // namespace

double drawBadge(QPainter& painter, const QRectF& row, const QString& text)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const double width = textWidth(small, text) + look.px(12);
    const QRectF badge(row.right() - width, row.top() + look.px(2), width, row.height() - look.px(6));
    drawGround(painter, badge, look.chosen, {}, 3);
    drawText(painter, badge, Qt::AlignHCenter, text, small, look.text);
    return badge.left();
}

QString cellText(double value, const ColorScale& scale)
{
    const double bound = std::max(std::abs(scale.first()), std::abs(scale.last()));
    if (value != 0 && std::abs(value) < 5e-4)
        return power(value);
    if (bound > 10)
        return compact(value);
    return scale.diverging ? signedFixed(value, 3) : fixed(value, 3);
}

void drawMapHeading(QPainter& painter, QRectF row, const MapHeading& heading, const MapBusy* busy, QSize reduction)
{
    const Theme& look = theme();
    const QFont body = look.font();
    const QFont small = look.font(Theme::labelSize);
    QString right;
    QColor rightColor = look.secondary;
    if (busy) {
        right = busy->text;
    } else if (reduction != QSize(1, 1)) {
        row.setRight(drawBadge(painter, row, reducedText(reduction)) - look.px(Theme::gap2));
    }
    for (const QString& badge : heading.badges)
        row.setRight(drawBadge(painter, row, badge) - look.px(Theme::gap1));
    if (right.isEmpty() && heading.proof) {
        right = (heading.proved ? QStringLiteral("✓ ") : QStringLiteral("✗ ")) + power(*heading.proof);
        rightColor = heading.proved ? look.ok : look.errorText;
    }
    const double size = look.px(8);
    if (!right.isEmpty()) {
        // Rather than the name the proof's number is left out.
        const double before = (heading.method ? size + look.px(8) : 0) + (heading.minus ? size + look.px(24) : 0);
        const double name = before + textWidth(body, heading.name) + look.px(Theme::gap2);
        if (heading.proof && !busy && row.width() - textWidth(small, right) < name)
            right = right.left(1);
        const double width = textWidth(small, right) + 1;
        drawText(painter, row, Qt::AlignRight, right, small, rightColor);
        row.setRight(row.right() - width - look.px(Theme::gap2));
    }
    const auto marker = [&](const Identity& identity) {
        drawMarker(painter, identity, QPointF(row.left() + size / 2 + 1, row.center().y()), size);
        row.setLeft(row.left() + size + look.px(8));
    };
    if (heading.method)
        marker(*heading.method);
    if (heading.minus) {
        drawText(painter, row, Qt::AlignLeft, QStringLiteral("−"), body, look.secondary);
        row.setLeft(row.left() + textWidth(body, QStringLiteral("−")) + look.px(5));
        marker(*heading.minus);
    }
    drawText(painter, row, Qt::AlignLeft, heading.name, body, look.text);
    row.setLeft(row.left() + textWidth(body, heading.name) + look.px(Theme::gap2));
    if (row.width() > look.px(24))
        drawText(painter, row, Qt::AlignLeft, heading.label, small, look.secondary);
}

namespace {

bool areNumbers(const QStringList& labels)
{
    const auto isNumber = [](const QString& label) { return !label.isEmpty() && label[0].isDigit(); };
    return !labels.isEmpty() && isNumber(labels.front()) && isNumber(labels.back());
}

} // namespace

void drawMapAxes(QPainter& painter, const HeatmapLayout& layout, const MapAxes& axes, std::optional<Cell> pinned)
{
    const Theme& look = theme();
    const QFont small = look.font(Theme::labelSize);
    const QRectF map = layout.map;
    const QRect window = layout.window;
    const double spacing = look.px(labelSpacing);
    const double one = 1 / painter.device()->devicePixelRatioF();
    const auto inkOf = [&](bool picked) { return picked ? look.text : look.secondary; };
    const QSizeF step(layout.block.width() / layout.reduction.width(),
                      layout.block.height() / layout.reduction.height());
    const auto pinnedRow = pinned ? std::optional(pinned->row) : std::nullopt;
    const auto pinnedCol = pinned ? std::optional(pinned->col) : std::nullopt;
    if (axes.showRows) {
        for (const int row :
             placeLabels(window.top(), window.height(), step.height(), spacing, pinnedRow, areNumbers(axes.rows))) {
            const QRectF cell = layout.rectOf({row, window.left()});
            const double y = std::round(cell.center().y());
            painter.fillRect(QRectF(map.left() - one - look.px(tick), y, look.px(tick), one), look.outline);
            const bool picked = row == pinnedRow;
            drawText(painter, QRectF(0, y - spacing / 2, map.left() - look.px(tick + 3), spacing), Qt::AlignRight,
                     axes.rows.value(row), small, inkOf(picked));
        }
        if (!axes.colName.isEmpty())
            drawText(painter, QRectF(0, map.bottom() + look.px(2), map.left() - look.px(tick + 3), look.px(16)),
                     Qt::AlignRight, axes.colName + QStringLiteral(" →"), small, look.secondary);
    }
    for (const int col :
         placeLabels(window.left(), window.width(), step.width(), spacing, pinnedCol, areNumbers(axes.cols))) {
        const QRectF cell = layout.rectOf({window.top(), col});
        const double x = std::round(cell.center().x());
        painter.fillRect(QRectF(x, map.bottom() + one, one, look.px(tick)), look.outline);
        const bool picked = col == pinnedCol;
        drawUpright(painter, QRectF(x - spacing / 2, map.bottom() + look.px(tick + 3), spacing, look.px(mapLabel)),
                    Qt::AlignRight, axes.cols.value(col), small, inkOf(picked));
    }
}

void drawCrosshair(QPainter& painter, const HeatmapLayout& layout, Cell pinned, std::optional<int> diagonal)
{
    const QRectF cell = layout.rectOf(pinned);
    if (cell.isEmpty())
        return;
    const QRectF map = layout.map;
    double right = map.right();
    double top = map.top();
    if (diagonal) { // both lines stop there
        const QRectF rowEnd = layout.rectOf({pinned.row, pinned.row + *diagonal});
        const QRectF colEnd = layout.rectOf({pinned.col - *diagonal, pinned.col});
        right = rowEnd.isEmpty() ? map.right() : rowEnd.right();
        top = colEnd.isEmpty() ? map.top() : colEnd.top();
    }
    QColor ink = theme().ring;
    ink.setAlphaF(0.35F);
    const double one = 1 / painter.device()->devicePixelRatioF();
    for (const double y : {cell.top() - one, cell.bottom()})
        painter.fillRect(QRectF(map.left(), y, right - map.left(), one), ink);
    for (const double x : {cell.left() - one, cell.right()})
        painter.fillRect(QRectF(x, top, one, map.bottom() - top), ink);
}

void drawMiniMap(QPainter& painter, const HeatmapLayout& layout, QSize whole)
{
    const Theme& look = theme();
    const QRectF all(look.px(8), layout.map.bottom() + look.px(22), look.px(40), look.px(40));
    const QRect window = layout.window;
    const double x = all.width() / whole.width();
    const double y = all.height() / whole.height();
    const QRectF part(all.left() + window.left() * x, all.top() + window.top() * y, window.width() * x,
                      window.height() * y);
    painter.fillRect(all, look.panel);
    painter.fillRect(part.toAlignedRect(), look.chosen);
    drawFrame(painter, all, look.secondary, 1);
    drawFrame(painter, part.toAlignedRect(), look.ring, 1);
}

} // namespace widgets
