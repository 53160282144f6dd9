// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/passkey/passkeypanel.h"

#include "app/cli/grammar.h"
#include "engine/methods/claims.h"
#include "engine/methods/method.h"

#include <cmath>

namespace app {

namespace {

std::string whole(double number)
{
    return std::to_string(std::lround(number));
}

// The cells of one state of the memory, their mean where it is needed in the value.
engine::HeatBody::Map mapOf(std::span<const engine::PasskeyCell> cells, int lengths, int depths)
{
    std::vector<float> shares;
    int right = 0, asked = 0;
    for (const engine::PasskeyCell& cell : cells) {
        shares.push_back(float(cell.accuracy()));
        right += cell.local ? 0 : cell.right;
        asked += cell.local ? 0 : cell.answers;
    }
    const std::string& state = cells.front().memory;
    return {engine::Grid(std::move(shares), lengths, depths), state == "-" ? "" : "memory " + state,
            asked > 0 ? whole(100.0 * right / asked) + " %" : ""};
}

// A method that says nothing of linear layers leaves them dense.
auto linearOf(std::string_view method)
{
    const auto own = engine::claimsOf(method).linearOperations;
    return own != nullptr ? own : engine::claimsOf(engine::baseline).linearOperations;
}

} // namespace

engine::Panel passkeyPanel(const PasskeyResult& result, const engine::SessionPlan& now, int row)
{
    const int lengths = int(result.request.lengths.size()), depths = int(result.request.depths.size());
    const auto each = std::size_t(lengths) * std::size_t(depths);
    engine::HeatBody body;
    for (std::size_t first = 0; first < result.cells.size(); first += each)
        body.maps.push_back(mapOf(std::span(result.cells).subspan(first, each), lengths, depths));
    for (std::size_t place = 0; place < each; ++place)
        if (result.cells[place].local)
            body.marked.emplace_back(int(place) / depths, int(place) % depths);
    body.markedWords = "in the segment of the question: no memory is needed";
    for (const int length : result.request.lengths)
        body.rows.texts.push_back(std::to_string(length));
    for (const double depth : result.request.depths)
        body.cols.texts.push_back(whole(100 * depth));
    body.rows.title = "tokens";
    body.cols.title = "depth of the key, %";
    body.quantity = "tokens of the key that were foretold, %";
    body.high = 100;

    engine::Panel panel;
    panel.id = passkeyPanelId;
    panel.title = "Passkey";
    panel.words = cli::printSpec(result.plan.of(result.layer).attention) + " · " +
                  std::to_string(result.request.samples) +
                  (result.request.samples == 1 ? " key per cell" : " keys per cell") + ", seed " +
                  std::to_string(result.request.seed);
    panel.row = row;
    panel.height = 1.6;
    panel.note = "Cut corner: the key stands in the segment of the question, no memory is needed; a map's number is "
                 "the mean of all other cells.";
    if (result.plan != now)
        panel.note += " Asked under other settings than those that run now.";
    panel.body = std::move(body);
    return panel;
}

double passkeyOperations(const engine::Model& model, const engine::SessionPlan& plan,
                         const engine::PasskeyRequest& request)
{
    const engine::WeightShape classifier = model.shape(engine::Weight::Classifier);
    const double head = 2.0 * classifier.rows * classifier.cols;
    // The longest key there is; all of its tokens but the last are read, too.
    const int answer = int(model.tokenizer()->encode(" 50000").size());
    double all = 0;
    for (const engine::KnockOut& variant : engine::knockOuts(plan))
        for (const int length : request.lengths) {
            const int tokens = length + answer - 1;
            all += answer * head; // what is read in between foretells nothing
            for (int layer = 0; layer < model.config().layers; ++layer) {
                const engine::LayerContext context = engine::layerContext(model, variant.plan, {layer}, {});
                const engine::Method& method = engine::findMethod(context.plan.attention.method);
                if (const auto linear = linearOf(context.plan.linear.method))
                    all += linear(context) * tokens;
                if (method.cost != nullptr)
                    all += double(method.cost(context.shape, context.plan.attention.knobs, tokens).operations);
            }
        }
    return all * double(request.depths.size()) * request.samples;
}

} // namespace app
