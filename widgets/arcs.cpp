// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/arcs.h"

#include "widgets/heatmaplayout.h"
#include "widgets/theme.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double headerHeight = 24, margin = 24, widest = 7;
constexpr double faint = 0.6, behind = 0.25; // all arcs; the same behind those of a query in focus

double stepOf(const ArcsLayout& layout)
{
    return (layout.box.width() - 2 * theme().px(margin)) / std::max(1, layout.tokens);
}

void drawRings(QPainter& painter, const ArcsLayout& layout, const ArcsMarks& marks)
{
    const Theme& look = theme();
    const auto ring = [&](std::optional<int> token, bool pinned) {
        if (!token || *token >= layout.tokens)
            return;
        const QPointF at = layout.pointOf(*token);
        drawRing(painter,
                 QRectF(at.x() - look.px(7), at.y() + look.px(3), look.px(14), layout.labelRoom() - look.px(6)),
                 pinned);
    };
    ring(marks.query, true);
    ring(marks.key, false);
    if (marks.hovered != marks.query)
        ring(marks.hovered, false);
}

} // namespace

double ArcsLayout::labelRoom() const
{
    return theme().px(64);
}

double ArcsLayout::lineY() const
{
    const double top = theme().px(headerHeight);
    return box.top() + top + (box.height() - top - labelRoom()) / 2;
}

QPointF ArcsLayout::pointOf(int token) const
{
    return {box.left() + theme().px(margin) + (token + 0.5) * stepOf(*this), lineY()};
}

std::optional<int> ArcsLayout::at(QPointF point) const
{
    const int token = int(std::floor((point.x() - box.left() - theme().px(margin)) / stepOf(*this)));
    const double reach = theme().px(16);
    const bool inside =
        token >= 0 && token < tokens && point.y() > lineY() - reach && point.y() < lineY() + labelRoom() + reach;
    return inside ? std::optional(token) : std::nullopt;
}

void drawArcs(QPainter& painter, const ArcsLayout& layout, const ArcsValue& value, std::size_t side,
              std::optional<int> only, double strength)
{
    const ArcsValue::Side& half = value.sides[side];
    const bool below = side > 0;
    const double y = below ? layout.lineY() + layout.labelRoom() : layout.lineY();
    const double room = below ? layout.box.bottom() - y - 2 : y - layout.box.top() - theme().px(headerHeight) - 2;
    const double span = std::max(1.0, layout.box.width() - 2 * theme().px(margin));
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    QColor ink = half.identity.area();
    for (std::size_t left = half.arcs.size(); left > 0; --left) { // the largest on top
        const ArcsValue::Arc& arc = half.arcs[left - 1];
        if (only && arc.query != *only)
            continue;
        const double share = std::clamp(double(arc.weight) / value.high, 0.0, 1.0);
        ink.setAlphaF(float(strength * (0.12 + 0.88 * std::sqrt(share))));
        const double from = layout.pointOf(arc.key).x(), to = layout.pointOf(arc.query).x();
        const double rise = room * (0.12 + 0.88 * std::abs(to - from) / span);
        QPainterPath path(QPointF(from, y));
        // A cubic of this height at its middle.
        const double control = below ? y + rise * 4 / 3 : y - rise * 4 / 3;
        path.cubicTo(QPointF(from, control), QPointF(to, control), QPointF(to, y));
        const double wide = std::max(0.6 * theme().scale, share * theme().px(widest));
        painter.setPen(QPen(ink, wide, Qt::SolidLine, Qt::FlatCap));
        painter.drawPath(path);
    }
    painter.restore();
}

void drawArcsText(QPainter& painter, const ArcsLayout& layout, const ArcsValue& value, const ArcsMarks& marks)
{
    const Theme& look = theme();
    const QRectF& box = layout.box;
    const QFont small = look.font(Theme::labelSize);
    for (std::size_t side = 0; side < value.sides.size() && side < 2; ++side) {
        const ArcsValue::Side& half = value.sides[side];
        const QRectF row(box.left() + look.px(margin), side == 0 ? box.top() : box.bottom() - look.px(headerHeight),
                         box.width() - 2 * look.px(margin), look.px(headerHeight));
        drawMarker(painter, half.identity, QPointF(row.left() + look.px(5), row.center().y()), look.px(8));
        drawText(painter, row.adjusted(look.px(16), 0, 0, 0), Qt::AlignLeft, half.identity.title, look.font(),
                 look.text);
        drawText(painter, row, Qt::AlignRight, half.badge, small, look.secondary);
    }
    for (const int token :
         placeLabels(0, layout.tokens, layout.tokens > 1 ? stepOf(layout) : box.width(), look.px(13), marks.focus())) {
        const QPointF point = layout.pointOf(token);
        const bool strong = token == marks.query || token == marks.key || token == marks.hovered;
        drawUpright(
            painter,
            QRectF(point.x() - look.px(7), point.y() + look.px(6), look.px(14), layout.labelRoom() - look.px(12)),
            Qt::AlignHCenter, value.tokens.value(token), small, strong ? look.text : look.secondary);
    }
    for (const double y : {layout.lineY(), layout.lineY() + layout.labelRoom()})
        painter.fillRect(QRectF(box.left() + look.px(margin), std::round(y), box.width() - 2 * look.px(margin),
                                std::max(1, look.px(1))),
                         look.hairline);
    drawRings(painter, layout, marks);
}

void paintArcs(QPainter& painter, const ArcsValue& value, const ArcsMarks& marks, const QRectF& box)
{
    const ArcsLayout layout{box, int(value.tokens.size())};
    const auto focus = marks.focus();
    for (std::size_t side = 0; side < value.sides.size() && side < 2; ++side) {
        drawArcs(painter, layout, value, side, std::nullopt, focus ? faint * behind : faint);
        if (focus)
            drawArcs(painter, layout, value, side, focus, 1);
    }
    drawArcsText(painter, layout, value, marks);
}

} // namespace widgets
