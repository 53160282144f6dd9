// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studytext.h"

#include <QRectF>

class QPainter;

namespace widgets {

// A panel of a study as a part of a figure.
struct FigureStudy
{
    engine::Panel panel;
    StudyNames names;
};

// Draws a panel with its title, which begins `indent` from the left, and returns its height: that of `place`, or what
// it needs. Without a painter only the height is found.
double paintFigureStudy(QPainter* painter, const FigureStudy& study, const QRectF& place, double indent);

} // namespace widgets
