// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/methodinfo.h"

#include <QColor>
#include <QFont>
#include <QPen>
#include <QPolygonF>
#include <QRectF>
#include <QString>

class QPainter;
class QPaintDevice;

namespace widgets {

// How a method is told apart: marker, dash and colours, for the theme in force.
struct Identity
{
    QString title;
    std::uint32_t color = 0, colorText = 0, colorDark = 0; // 0xRRGGBB
    engine::Dash dash = engine::Dash::Solid;
    engine::Marker marker = engine::Marker::Circle;

    bool operator==(const Identity&) const = default;

    QColor area() const;    // of bars and markers
    QColor label() const;   // of text
    QColor outline() const; // of markers and lines: the area's colour, or the text's where that is too pale to see
};

Identity identityOf(const engine::MethodInfo& method);

// What text is drawn in on a coloured ground: the theme's text where that is 4.5 : 1, else the panel's colour, else
// black or white; never less than 4.5 : 1.
QColor inkOn(const QColor& ground);

// Text centred on its cap height, baseline on a whole pixel, elided at the right end of its box.
void drawText(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font,
              const QColor& color);
// The same with every digit as wide as the widest, so that numbers of one column stand still. Not elided.
void drawNumber(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font,
                const QColor& color);
double textWidth(const QFont& font, const QString& text);
double numberWidth(const QFont& font, const QString& text);
QString elided(const QFont& font, const QString& text, double width);
// Text read from below, ending at the top of its box where it is aligned to the right, centred across.
void drawUpright(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text, const QFont& font,
                 const QColor& color);

void drawMarker(QPainter& painter, engine::Marker marker, QPointF centre, double size, const QColor& fill,
                const QColor& outline);
void drawMarker(QPainter& painter, const Identity& identity, QPointF centre, double size);
// A marker on a halo of the panel's colour, as on lines.
void drawPoint(QPainter& painter, const Identity& identity, QPointF centre, double size);
QPen seriesPen(engine::Dash dash, const QColor& color, double width);
// A polyline with the painter's pen. On screen it is drawn in pieces, dashes going on from one to the next: Qt sorts
// all edges of a line that cross the same pixels, which takes a zigzag of 512 points ten times as long in one piece.
void drawPolyline(QPainter& painter, const QPolygonF& line);

// 45°, 6 px pitch: what cannot be.
void drawHatch(QPainter& painter, const QRectF& box);
// A one pixel frame inside a rectangle; the antialiasing of the painter does not touch it.
void drawFrame(QPainter& painter, const QRectF& box, const QColor& color, double width);
// A control's ground with round corners; an invalid colour leaves its part out.
void drawGround(QPainter& painter, const QRectF& box, const QColor& fill, const QColor& outline, double radius = 4);
// The focus ring, 2 px inside the control's own rectangle, so that nothing moves.
void drawFocus(QPainter& painter, const QRectF& box, double radius = 4);
// One ring around a hovered cell; ink with a halo inside and outside around a pinned one.
void drawRing(QPainter& painter, const QRectF& cell, bool pinned);

} // namespace widgets
