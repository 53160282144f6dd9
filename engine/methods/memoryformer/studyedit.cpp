// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/study.h"

#include <algorithm>
#include <bit>

// How far an edited word moves the codes of what follows it, layer by layer.

namespace engine::memoryformer {
namespace {

// Two sequences with a common beginning and a common end.
struct Edit
{
    int same = 0;   // tokens before it
    int before = 0; // taken out
    int after = 0;  // put in
    int later = 0;  // tokens behind it
};

Edit editOf(std::span<const TokenId> before, std::span<const TokenId> after)
{
    Edit edit;
    const auto [a, b] = std::ranges::mismatch(before, after);
    edit.same = int(a - before.begin());
    const auto room = std::min(before.end() - a, after.end() - b);
    while (edit.later < room &&
           before[before.size() - 1 - std::size_t(edit.later)] == after[after.size() - 1 - std::size_t(edit.later)])
        ++edit.later;
    edit.before = int(before.size()) - edit.same - edit.later;
    edit.after = int(after.size()) - edit.same - edit.later;
    return edit;
}

std::string piecesOf(const Model* model, std::span<const TokenId> tokens)
{
    std::string text;
    for (const TokenId id : tokens)
        text += model != nullptr && model->tokenizer() != nullptr ? model->tokenizer()->piece(id)
                                                                  : std::to_string(id.value) + " ";
    const std::size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
    return first == std::string::npos ? "nothing" : "‘" + text.substr(first, last - first + 1) + "’";
}

// Shares of the bits and of the buckets that differ, over the tokens behind the edit.
struct Moved
{
    double bits = 0, buckets = 0;
};

Moved movedIn(const BucketLook& look, const Matrix& before, const Matrix& after, const Edit& edit)
{
    HashRule plain;
    const auto rowsOf = [&](const Matrix& x) {
        return hash(x.bottomRows(edit.later), look.tables.chunks, look.tables.thresholds, plain);
    };
    const Hashed a = rowsOf(before), b = rowsOf(after);
    double bits = 0, buckets = 0;
    for (int token = 0; token < edit.later; ++token)
        for (int table = 0; table < a.tables; ++table) {
            const int apart = std::popcount(unsigned(a.code(token, table) ^ b.code(token, table)));
            bits += apart;
            buckets += apart > 0 ? 1 : 0;
        }
    return {bits / edit.later / look.tables.chunks.width, buckets / edit.later / a.tables};
}

} // namespace

std::optional<Panel> editPanel(const BucketLook& look, const StudyInput& input)
{
    if (input.before == nullptr || input.context.model == nullptr)
        return std::nullopt;
    const Edit edit = editOf(input.tokensBefore, input.tokens);
    if (edit.later == 0 || (edit.before == 0 && edit.after == 0))
        return std::nullopt;
    BarsBody body;
    body.series = {{"bits", Tint::Grey, {}, {}, {}}, {"buckets", Tint::Own, {}, {}, {}}};
    const int layers = input.context.model->config().layers;
    for (int layer = 0; layer < layers; ++layer) {
        const Where place{{layer}, allHeads, {}};
        const Grid before = input.before->grid(inputProbe(look.projection), place);
        const Grid after = input.ownRun.grid(inputProbe(look.projection), place);
        const bool whole = before.rows() == int(input.tokensBefore.size()) &&
                           after.rows() == int(input.tokens.size()) && before.cols() == look.tables.chunks.width &&
                           after.cols() == before.cols();
        if (!whole)
            return std::nullopt;
        const Moved moved = movedIn(look, matrixOf(before), matrixOf(after), edit);
        body.series[0].values.push_back(100 * moved.bits);
        body.series[1].values.push_back(100 * moved.buckets);
    }
    body.labels = {"layer", Axis::Layer, {}, {}, 1};
    body.quantity = "moved by the edit, %";
    body.picked = input.context.layer.value;
    body.pick = {Pick::Sets::Layer, "", {}};
    const auto part = [](std::span<const TokenId> of, int first, int count) {
        return of.subspan(std::size_t(first), std::size_t(count));
    };
    Panel panel = titled("buckets.edit", "An edited word",
                         piecesOf(input.context.model, part(input.tokensBefore, edit.same, edit.before)) + " became " +
                             piecesOf(input.context.model, part(input.tokens, edit.same, edit.after)) + " · the " +
                             std::to_string(edit.later) + (edit.later == 1 ? " token" : " tokens") + " behind it");
    panel.row = 4;
    panel.width = 1;
    panel.height = 0.8;
    panel.value = percent(body.series[1].values[std::size_t(input.context.layer.value)] / 100) + " of buckets here";
    panel.note = "The prompt before its last edit and this one, each in its own run.";
    if (!look.tables.thresholds.empty())
        panel.note += " All layers are hashed with this layer's thresholds.";
    panel.body = std::move(body);
    return panel;
}

} // namespace engine::memoryformer
