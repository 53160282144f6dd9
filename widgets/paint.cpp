// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/paint.h"

#include "widgets/colormap.h"
#include "widgets/theme.h"

#include <QFontMetricsF>
#include <QLineF>
#include <QPaintEngine>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace widgets {
namespace {

double alignedLeft(const QRectF& box, Qt::Alignment alignment, double width)
{
    if (alignment & Qt::AlignRight)
        return box.right() - width;
    if (alignment & Qt::AlignHCenter)
        return box.left() + (box.width() - width) / 2;
    return box.left();
}

double baseline(const QRectF& box, const QFontMetricsF& metrics)
{
    return std::round(box.center().y() + metrics.capHeight() / 2);
}

double widestDigit(const QFontMetricsF& metrics)
{
    double width = 0;
    for (char16_t digit = u'0'; digit <= u'9'; ++digit)
        width = std::max(width, metrics.horizontalAdvance(QChar(digit)));
    return width;
}

QPainterPath star(QPointF centre, double radius)
{
    QPainterPath path;
    for (int i = 0; i < 10; ++i) {
        const double angle = -std::numbers::pi / 2 + i * std::numbers::pi / 5;
        const double reach = i % 2 == 0 ? radius : radius * 0.45;
        const QPointF point = centre + QPointF(std::cos(angle), std::sin(angle)) * reach;
        if (i == 0)
            path.moveTo(point);
        else
            path.lineTo(point);
    }
    path.closeSubpath();
    return path;
}

QPainterPath markerPath(engine::Marker marker, QPointF centre, double size)
{
    const double r = size / 2;
    QPainterPath path;
    switch (marker) {
    case engine::Marker::Circle:
        path.addEllipse(centre, r, r);
        break;
    case engine::Marker::Triangle:
        path.addPolygon(QPolygonF{centre + QPointF(0, -r * 1.05), centre + QPointF(r * 1.1, r * 0.9),
                                  centre + QPointF(-r * 1.1, r * 0.9)});
        path.closeSubpath();
        break;
    case engine::Marker::Square:
        path.addRect(QRectF(centre.x() - r * 0.9, centre.y() - r * 0.9, r * 1.8, r * 1.8));
        break;
    case engine::Marker::Diamond:
        path.addPolygon(QPolygonF{centre + QPointF(0, -r * 1.2), centre + QPointF(r * 1.2, 0),
                                  centre + QPointF(0, r * 1.2), centre + QPointF(-r * 1.2, 0)});
        path.closeSubpath();
        break;
    case engine::Marker::Star:
        path = star(centre, r * 1.3);
        break;
    }
    return path;
}

} // namespace

QColor Identity::area() const
{
    return QRgb(theme().dark ? colorDark : color);
}

QColor Identity::label() const
{
    return QRgb(theme().dark ? colorDark : colorText);
}

QColor Identity::outline() const
{
    return contrast(area(), theme().panel) < 3 ? label() : area();
}

Identity identityOf(const engine::MethodInfo& method)
{
    return {QString::fromUtf8(method.title.data(), qsizetype(method.title.size())),
            method.color,
            method.colorText,
            method.colorDark,
            method.dash,
            method.marker};
}

QColor inkOn(const QColor& ground)
{
    for (const QColor& ink : {theme().text, theme().panel})
        if (contrast(ink, ground) >= 4.5)
            return ink;
    return contrast(Qt::black, ground) > contrast(Qt::white, ground) ? Qt::black : Qt::white;
}

double textWidth(const QFont& font, const QString& text)
{
    return QFontMetricsF(font).horizontalAdvance(text);
}

QString elided(const QFont& font, const QString& text, double width)
{
    return QFontMetricsF(font).elidedText(text, Qt::ElideRight, width);
}

void drawText(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font,
              const QColor& color)
{
    const QFontMetricsF metrics(font, painter.device());
    // Half a pixel of grace: widths measured on another device round differently.
    const QString shown = metrics.elidedText(text, Qt::ElideRight, box.width() + 0.5);
    painter.setFont(font);
    painter.setPen(color);
    painter.drawText(QPointF(alignedLeft(box, alignment, metrics.horizontalAdvance(shown)), baseline(box, metrics)),
                     shown);
}

double numberWidth(const QFont& font, const QString& text)
{
    const QFontMetricsF metrics(font);
    const double digit = widestDigit(metrics);
    double width = 0;
    for (const QChar c : text)
        width += c >= u'0' && c <= u'9' ? digit : metrics.horizontalAdvance(c);
    return width;
}

void drawNumber(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font,
                const QColor& color)
{
    const QFontMetricsF metrics(font, painter.device());
    const double digit = widestDigit(metrics);
    double x = alignedLeft(box, alignment, numberWidth(font, text));
    const double y = baseline(box, metrics);
    painter.setFont(font);
    painter.setPen(color);
    for (const QChar c : text) {
        const bool isDigit = c >= u'0' && c <= u'9';
        const double width = metrics.horizontalAdvance(c);
        painter.drawText(QPointF(isDigit ? x + (digit - width) / 2 : x, y), QString(c));
        x += isDigit ? digit : width;
    }
}

void drawUpright(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font,
                 const QColor& color)
{
    painter.save();
    painter.translate(std::round(box.left()), std::round(box.bottom()));
    painter.rotate(-90);
    drawText(painter, QRectF(0, 0, box.height(), box.width()), alignment, text, font, color);
    painter.restore();
}

void drawMarker(QPainter& painter, engine::Marker marker, QPointF centre, double size, const QColor& fill,
                const QColor& outline)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(outline.isValid() ? QPen(outline, 1, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin) : QPen(Qt::NoPen));
    painter.setBrush(fill);
    painter.drawPath(markerPath(marker, centre, size));
    painter.restore();
}

void drawMarker(QPainter& painter, const Identity& identity, QPointF centre, double size)
{
    const bool outlined = identity.outline() != identity.area();
    drawMarker(painter, identity.marker, centre, size, identity.area(), outlined ? identity.outline() : QColor());
}

void drawPoint(QPainter& painter, const Identity& identity, QPointF centre, double size)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().panel, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(theme().panel);
    painter.drawPath(markerPath(identity.marker, centre, size));
    painter.restore();
    drawMarker(painter, identity, centre, size);
}

QPen seriesPen(engine::Dash dash, const QColor& color, double width)
{
    QPen pen(color, width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
    switch (dash) {
    case engine::Dash::Solid:
        break;
    case engine::Dash::Dashed:
        pen.setDashPattern({5, 3});
        break;
    case engine::Dash::Dotted:
        pen.setDashPattern({1.5, 2});
        break;
    case engine::Dash::DashDot:
        pen.setDashPattern({5, 2, 1.5, 2});
        break;
    case engine::Dash::LongDash:
        pen.setDashPattern({9, 3});
        break;
    }
    return pen;
}

// As lines, each cut to the box, so that figures have them as vectors and any thread may draw them.
void drawPolyline(QPainter& painter, const QPolygonF& line)
{
    constexpr qsizetype piece = 32;
    if (painter.paintEngine()->type() != QPaintEngine::Raster || line.size() <= piece) {
        painter.drawPolyline(line);
        return;
    }
    const QPen whole = painter.pen();
    QPen pen = whole;
    double along = whole.dashOffset(); // in widths of the pen
    for (qsizetype first = 0; first + 1 < line.size(); first += piece) {
        const QPolygonF part = line.mid(first, piece + 1);
        pen.setDashOffset(along);
        painter.setPen(pen);
        painter.drawPolyline(part);
        for (qsizetype place = 1; place < part.size(); ++place)
            along += QLineF(part[place - 1], part[place]).length() / std::max(whole.widthF(), 1.0);
    }
    painter.setPen(whole);
}

void drawHatch(QPainter& painter, const QRectF& box)
{
    const int pitch = std::max(4, theme().px(6));
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().hatch, std::max(1.0, theme().scale), Qt::SolidLine, Qt::FlatCap));
    // Lines x + y = k · pitch.
    const int first = int(std::ceil((box.left() + box.top()) / pitch)) * pitch;
    for (int sum = first; sum < box.right() + box.bottom(); sum += pitch) {
        const double left = std::max(box.left(), sum - box.bottom());
        const double right = std::min(box.right(), sum - box.top());
        if (right > left)
            painter.drawLine(QPointF(left, sum - left), QPointF(right, sum - right));
    }
    painter.restore();
}

void drawFrame(QPainter& painter, const QRectF& box, const QColor& color, double width)
{
    painter.fillRect(QRectF(box.left(), box.top(), box.width(), width), color);
    painter.fillRect(QRectF(box.left(), box.bottom() - width, box.width(), width), color);
    painter.fillRect(QRectF(box.left(), box.top() + width, width, box.height() - 2 * width), color);
    painter.fillRect(QRectF(box.right() - width, box.top() + width, width, box.height() - 2 * width), color);
}

void drawGround(QPainter& painter, const QRectF& box, const QColor& fill, const QColor& outline, double radius)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(outline.isValid() ? QPen(outline, 1) : QPen(Qt::NoPen));
    painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    const double inset = outline.isValid() ? 0.5 : 0;
    painter.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), theme().px(radius), theme().px(radius));
    painter.restore();
}

void drawFocus(QPainter& painter, const QRectF& box, double radius)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().focus, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), theme().px(radius - 1), theme().px(radius - 1));
    painter.restore();
}

void drawRing(QPainter& painter, const QRectF& cell, bool pinned)
{
    const double one = 1 / painter.device()->devicePixelRatioF();
    const bool hinted = painter.testRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::Antialiasing, false);
    // On cells of few pixels the ring stands outside, so that the cell's colour stays to be seen.
    const double room = cell.width() < 6 * one ? 2 * one : one;
    const QRectF ring = cell.adjusted(-room, -room, room, room);
    if (pinned) {
        drawFrame(painter, ring.adjusted(-one, -one, one, one), theme().halo, one);
        drawFrame(painter, ring.adjusted(one, one, -one, -one), theme().halo, one);
    }
    drawFrame(painter, ring, theme().ring, one);
    painter.setRenderHint(QPainter::Antialiasing, hinted);
}

} // namespace widgets
