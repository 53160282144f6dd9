// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionmaps.h"
#include "widgets/arcs.h"
#include "widgets/mapcells.h"
#include "widgets/mapparts.h"
#include "widgets/rowplot.h"

#include <QStringList>

namespace app {

// What the maps of the Attention tab are called and how they are drawn, on screen and on paper. Pure.

bool proved(const HeadLook& look);         // its map times the values is the output, within the precision it ran in
bool isNeurons(const AttentionMaps& maps); // q·k products: rows are keys, columns dimensions
bool isSwipe(const AttentionMaps& maps);   // two maps in one

// The place of a token in the maps.
int cellOf(const AttentionMaps& maps, engine::TokenPos token);

// One label per cell of a side: a token's piece, or a word.
QStringList cellLabels(const AttentionMaps& maps);

QString nameOf(const AttentionMaps& maps, const MapColumn& column);
widgets::ColorScale scaleOf(const AttentionMaps& maps, const MapColumn& column);
widgets::MapAxes axesOf(const AttentionMaps& maps, const MapColumn& column, bool showRows);

// What is not shown as it is, in a few words each.
QStringList badgesOf(const AttentionMaps& maps);

// Of the map at a place, with its share of the badges: one a map, so that each has room.
widgets::MapHeading headingOf(const AttentionMaps& maps, std::size_t which);

// What is left out, sinks with a scale of their own.
widgets::MapExtras extrasOf(const AttentionMaps& maps, std::size_t which);

// The arcs of each side, and what of them is not drawn.
widgets::ArcsValue arcsOf(const AttentionMaps& maps);

// A query's weights on the keys it may look at.
std::vector<float> weightsOf(const RowWeights& row);
// The same as a lane's map shows them: of joined heads where they are; empty where the lane is not joined, or the maps
// are of another query's row.
std::vector<float> shownWeights(const AttentionMaps& maps, int lane, const RowWeights& row);

// Each key's mean over queries in every lane where it is known.
widgets::RowValue keyMeansOf(const AttentionMaps& maps);

} // namespace app
