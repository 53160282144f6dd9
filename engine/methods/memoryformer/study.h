// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/methods/memoryformer/source.h"

#include <memory>
#include <optional>

namespace engine::memoryformer {

// The tab "buckets" and its controls: which projection, which table, how far the exact limit goes.
std::vector<TabSpec> tabs();

Study study(std::string_view tab, const StudyInput& input, Job& job);

// What the panels of the tab read: one projection's tables over one sequence.
struct BucketLook
{
    Weight projection{};
    TableView tables;
    HashRule rule;
    Matrix x;                  // what the layer reads in the lane's own run [N, width]
    Hashed hashed;             // of x, the first probe of every table
    int token = 0;             // the picked one
    int table = 0;             // the picked one
    int limit = 0;             // log2 of the temperature of the exact limit
    int seen = 0;              // tokens of the text that the tables were fitted to; 0: not fitted here
    int heldOut = 0;           // tokens after them that were held out
    Matrix exactInput;         // what the tables were fitted to: the exact run's input; x where it was not recorded
    std::vector<float> weight; // the dense projection [outputs, width]; empty: the model has none

    int tokens() const { return int(x.rows()); }

    int tableCount() const { return tables.chunks.count(); }

    // Tokens that reach each row of a table.
    std::vector<int> loads(int table) const;
    // Entries of a chunk with the thresholds off.
    std::vector<double> chunk(int token, int table) const;
};

// Panels by what they show. Figures of several tables are over all of them.
Panel occupancyPanel(const BucketLook& look);
Panel loadPanel(const BucketLook& look);
Panel evennessPanel(const BucketLook& look);
Panel codesPanel(const BucketLook& look);
Panel tokenPanel(const BucketLook& look);
Panel sharingPanel(const BucketLook& look);
Panel rowsPanel(const BucketLook& look);
Panel balancePanel(const BucketLook& look);
Panel correlationPanel(const BucketLook& look);
Panel geometryPanel(const BucketLook& look);
Panel driftPanel(const BucketLook& look, const StudyInput& input);
// None before the prompt was edited, and where nothing stands behind the edit.
std::optional<Panel> editPanel(const BucketLook& look, const StudyInput& input);
Panel reusePanel(const BucketLook& look);
Panel pairsPanel(const BucketLook& look);
Panel ledgerPanel(const BucketLook& look);
Panel bitsPanel(const BucketLook& look);

// Only where the model has the dense projection.
struct ProjectionErrors
{
    std::vector<double> perToken; // ‖y − y'‖/‖y‖ on the exact run's input
    double seen = 0, unseen = 0;  // the same over all tokens fitted to, and over all others
};

ProjectionErrors errorsOf(const BucketLook& look);
Panel errorPanel(const BucketLook& look, const ProjectionErrors& errors);
Panel limitPanel(const BucketLook& look, Job& job);

// A panel without a body yet.
Panel titled(std::string id, std::string title, std::string words);

// Shared wording.
std::string percent(double share);
std::string rounded(double number, int decimals);

} // namespace engine::memoryformer
