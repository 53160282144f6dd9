// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/figure.h"

class QPainter;

namespace widgets {

// The pieces of a figure, laid out in pixels of the theme in force. Without a painter only the height is found.

// Draws a part at a place, `width` wide, its letters from `firstLetter` on (0: a); returns its height.
double paintFigurePart(QPainter* painter, const FigurePart& part, QPointF at, double width, int firstLetter);

// How many letters a part takes: one per map, one otherwise.
int figureLetters(const FigurePart& part);

// The words of a text in lines of a width.
QStringList wrappedLines(const QFont& font, const QString& text, double width);

} // namespace widgets
