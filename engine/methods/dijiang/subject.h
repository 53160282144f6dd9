// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/dijiang/featuremap.h"

#include <string>
#include <vector>

// The Spectrum tab: what a study looks at, and the panels made of it. Nothing here runs unless the tab is open.

namespace engine::dijiang {

inline constexpr std::string_view spectrumTab = "spectrum";
inline constexpr int seedsDrawn = 5;

TabSpec tab();

// One head of one layer over the exact run's rows, rotated, with everything that several panels need.
struct Subject
{
    Subject(const StudyInput& given, Job& running);

    const StudyInput& input;
    Job& job;
    LayerShape shape;
    Options options;
    LayerMaps maps;
    FeatureMap map;
    double decay = 1;
    int tokens = 0;
    Matrix queries, keys, values;      // [N, d], [N, d], [N, d_v]
    Matrix querySpectrum, keySpectrum; // [N, d]
    int row = 0;                       // the picked row of the basis
    int keep = 1;                      // how many rows the reader wants to keep
    bool raw = false;
    bool drawn = true; // radii come from the seed

    int rows() const { return map.rows(); }

    // How many keys a query sees.
    int visible(int query) const { return shape.causal ? query + 1 : tokens; }
};

// φ(q)·φ(k) of the given queries with the first keys, each row divided by its sum: [queries, N], 0 where no key is
// seen.
Matrix normalisedRows(const Subject& subject, const FeatureMap& map, double decay, const std::vector<int>& queries);

// Mean total variation against exact attention as more and more rows of the map are kept, over several draws.
struct Moved
{
    std::vector<int> kept;                   // numbers of rows
    std::vector<std::vector<double>> shares; // [draw][kept]
    int queries = 0;                         // rows of the map it was taken over
    int firstSeed = 0;

    double mean(std::size_t place) const;
    double deviation(std::size_t place) const; // of the draws, 0 where there is one
    // The fewest rows that are as good as all of them, within the spread of the draws.
    int enough() const;
};

Moved movedBy(const Subject& subject);

// The fewest frequencies, largest first, that hold a share of the mean energy of both queries and keys.
int frequenciesFor(const Subject& subject, double share);

std::vector<Panel> spectrumPanels(const Subject& subject);
std::vector<Panel> mapPanels(const Subject& subject, const Moved& moved);
std::vector<Panel> kernelPanels(const Subject& subject);
std::vector<Panel> sidePanels(const Subject& subject);

Study study(std::string_view tab, const StudyInput& input, Job& job);
Derivation derive(const LayerTrace& trace, HeadIndex head, TokenPos query, TokenPos key, const LayerContext& context);

} // namespace engine::dijiang
