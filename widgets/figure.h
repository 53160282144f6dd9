// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/arcs.h"
#include "widgets/factsview.h"
#include "widgets/figurestudy.h"
#include "widgets/mapcells.h"
#include "widgets/mapparts.h"
#include "widgets/plot.h"
#include "widgets/rowplot.h"
#include "widgets/timelineview.h"

#include <QByteArray>
#include <QImage>

#include <variant>

namespace widgets {

// A figure for paper: rendered from values, never from the screen; light whatever the theme. Letters, colour bars,
// a caption. One pixel grid of 300 dpi under all formats, so that SVG, PDF and PNG agree.

struct FigureMap
{
    MapHeading heading;
    MapAxes axes;
    engine::Grid cells;
    GridShape shape = GridShape::Full;
    ColorScale scale;
    MapExtras extras;
    QString quantity; // words of its colour bar; maps that follow each other with one scale and quantity share a bar
    std::optional<Cell> marked;
    QString pair, value; // of the marked cell, in the triangle
};

struct FigureArcs
{
    ArcsValue value;
    ArcsMarks marks;
};

struct FigurePart
{
    QString title, words;
    std::variant<std::vector<FigureMap>, FigureArcs, RowValue, PlotValue, TimelineValue, Facts, FigureStudy> body;
    double height = 180; // of plots, in units of 13 to the body type
    int row = 0;         // parts of one row stand side by side
    double width = 1;    // share of their row
};

struct FigurePage
{
    QString title; // of the file
    std::vector<FigurePart> parts;
    QString caption;
};

inline constexpr double singleColumnMm = 85, doubleColumnMm = 178;
inline constexpr double narrowestMm = 40, widestMm = 1200; // that a figure can be
inline constexpr int figureDpi = 300;

// The page in pixels of figureDpi, `widthMm` wide and as high as it needs. Throws std::invalid_argument below 40 and
// above 1,200 mm.
QSize figureSize(const FigurePage& page, double widthMm);

// `provenance` is JSON: it stands in the SVG's metadata, in the PDF's metadata and as its attachment, in the PNG's
// text. A PDF that has it also has the page as a picture in its metadata, so that it can be shown again.
QByteArray figureSvg(const FigurePage& page, double widthMm, const QByteArray& provenance);
QByteArray figurePdf(const FigurePage& page, double widthMm, const QByteArray& provenance);
QByteArray figurePng(const FigurePage& page, double widthMm, const QByteArray& provenance);

// One plot alone as an SVG element for a page of HTML, `width` × `height` units.
QByteArray plotSvg(const PlotValue& plot, const QString& title, int width, int height);

// The provenance inside a figure that this program wrote; empty if there is none.
QByteArray provenanceIn(const QByteArray& file);

// A PNG, or the picture that a PDF of this program carries; null if there is none.
QImage pictureIn(const QByteArray& file);

} // namespace widgets
