// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/dropin.h"

#include "engine/methods/claims.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace engine {
namespace {

constexpr std::string_view seedKnob = "seed";

// The knobs of a draw: the candidate's seed and as many more.
KnobValues knobsOf(const Part& part, int draw)
{
    KnobValues knobs = part.knobs;
    const std::vector<Knob>& known = findMethod(part.method).info.knobs;
    const auto seed = std::ranges::find(known, seedKnob, &Knob::id);
    if (seed != known.end() && std::holds_alternative<IntRange>(seed->domain))
        knobs.insert_or_assign(std::string(seedKnob), intOf(known, part.knobs, seedKnob) + draw);
    return knobs;
}

bool drawn(const Candidate& candidate)
{
    return candidate.part && knobsOf(*candidate.part, 1) != knobsOf(*candidate.part, 0);
}

int visible(int query, const LayerShape& shape, int tokens)
{
    return shape.causal ? query + 1 : tokens;
}

// The map of every head of a layer, rows summing to one.
std::vector<Matrix> mapsOf(const DropInLayer& layer, const std::optional<Part>& part, int draw, Job& job)
{
    const int tokens = layer.heads.tokens();
    std::vector<Matrix> maps;
    if (!part) {
        Matrix even = Matrix::Zero(tokens, tokens);
        for (int query = 0; query < tokens; ++query) {
            const int seen = visible(query, layer.context.shape, tokens);
            even.row(query).head(seen).setConstant(1.0 / seen);
        }
        maps.assign(std::size_t(layer.context.shape.heads), even);
        return maps;
    }
    LayerContext context = layer.context;
    context.plan.attention = {part->method, knobsOf(*part, draw)};
    const Attended attended = attend(layer.heads, context, nullptr, {}, job);
    context.prepared = attended.prepared.get();
    for (int head = 0; head < context.shape.heads; ++head) {
        Matrix map = matrixOf(mapTile(attended, context, {head}, {0, tokens}, {0, tokens}, nullptr));
        for (int query = 0; query < tokens; ++query) {
            const double sum = map.row(query).sum();
            if (sum > 0)
                map.row(query) /= sum;
        }
        maps.push_back(std::move(map));
    }
    return maps;
}

double movedBetween(const std::vector<Matrix>& exact, const std::vector<Matrix>& other)
{
    double sum = 0;
    for (std::size_t head = 0; head < exact.size(); ++head)
        sum += 0.5 * (exact[head] - other[head]).cwiseAbs().rowwise().sum().mean();
    return sum / double(exact.size());
}

} // namespace

double DropInRow::mean() const
{
    return std::accumulate(draws.begin(), draws.end(), 0.0) / double(std::max<std::size_t>(1, draws.size()));
}

double DropInRow::deviation() const
{
    if (draws.size() < 2)
        return 0;
    double squares = 0;
    for (const double each : draws)
        squares += (each - mean()) * (each - mean());
    return std::sqrt(squares / double(draws.size() - 1));
}

std::vector<Candidate> candidatesFor(const LayerShape& shape)
{
    std::vector<Candidate> all{{"even attention", std::nullopt}};
    for (const Method& method : methods()) {
        if (!replacesAttention(method) || method.info.id == baseline)
            continue;
        const std::string id(method.info.id);
        const auto variants = claimsOf(id).variants;
        if (variants == nullptr) {
            all.push_back({std::string(method.info.title) + ", its presets", Part{id, {}}});
            continue;
        }
        for (Variant& variant : variants(shape))
            all.push_back({std::string(method.info.title) + ", " + variant.words, Part{id, std::move(variant.knobs)}});
    }
    return all;
}

std::vector<DropInRow> dropIn(const std::vector<Candidate>& candidates, const DropInInput& input, Job& job)
{
    std::vector<DropInRow> rows;
    for (const Candidate& candidate : candidates)
        rows.push_back({candidate, {}, {}});
    for (int draw = 0; draw < input.draws; ++draw) {
        const std::vector<DropInLayer> layers = input.layers(draw);
        std::vector<double> sums(rows.size(), 0.0);
        for (const DropInLayer& layer : layers) {
            const std::vector<Matrix> exact = mapsOf(layer, Part{std::string(baseline), {}}, draw, job);
            for (std::size_t place = 0; place < rows.size(); ++place) {
                DropInRow& row = rows[place];
                const bool again = draw == 0 || input.fresh || drawn(row.candidate);
                if (!again || !row.refusal.empty())
                    continue;
                job.report((double(draw) + double(place) / double(rows.size())) / input.draws, row.candidate.words);
                try {
                    sums[place] += movedBetween(exact, mapsOf(layer, row.candidate.part, draw, job));
                } catch (const Error& error) {
                    if (error.fault() != Fault::Request)
                        throw;
                    row.refusal = error.what();
                    row.draws.clear();
                }
            }
        }
        for (std::size_t place = 0; place < rows.size(); ++place) {
            if (rows[place].refusal.empty() && (draw == 0 || input.fresh || drawn(rows[place].candidate)))
                rows[place].draws.push_back(sums[place] / double(layers.size()));
        }
    }
    return rows;
}

DropInInput randomHeads(int width, int tokens, double spread, int draws, std::uint64_t seed)
{
    const auto layers = [=](int draw) {
        std::mt19937_64 random(seed + std::uint64_t(draw));
        std::normal_distribution<float> normal(0.0F, float(spread));
        const auto grid = [&](int cols) {
            std::vector<float> cells(std::size_t(tokens) * std::size_t(cols));
            std::ranges::generate(cells, [&] { return normal(random); });
            return Grid(std::move(cells), tokens, cols);
        };
        DropInLayer layer;
        layer.heads = {grid(width), grid(width), grid(1), {}};
        layer.context.shape = {1, 1, width, 1, false};
        return std::vector{std::move(layer)};
    };
    return {layers, draws, true};
}

} // namespace engine
