// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/featuremap.h"

#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/radii.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine::dijiang {
namespace {

using Numbers = std::vector<float>;

const Numbers* parameter(const LayerContext& context, std::string_view name)
{
    const auto found = context.plan.parameters.find(name);
    return found == context.plan.parameters.end() ? nullptr : &*found->second;
}

int rowsOf(const LayerShape& shape, const Options& options)
{
    return options.rows > 0 ? options.rows : shape.keyWidth;
}

[[noreturn]] void refuse(const LayerContext& context, std::string_view name, const std::string& what)
{
    throw Error(Fault::Request,
                "parameter " + std::string(name) + " of layer " + std::to_string(context.layer.value) + " " + what);
}

// Numbers for each state: `each` for all of them, or for every key/value head, or for every query head.
void checkLength(const LayerContext& context, std::string_view name, int each)
{
    const Numbers* numbers = parameter(context, name);
    if (numbers == nullptr)
        return;
    const LayerShape& shape = context.shape;
    const auto size = std::int64_t(numbers->size()), one = std::int64_t(each);
    if (size != one && size != one * shape.keyHeads && size != one * shape.heads)
        refuse(context, name,
               "has " + std::to_string(size) + " numbers; " + std::to_string(each) + ", or " + std::to_string(each) +
                   " for each of " + std::to_string(shape.heads) + " heads, were expected");
    if (!std::ranges::all_of(*numbers, [](float x) { return std::isfinite(x); }))
        refuse(context, name, "has numbers that are not finite; finite ones were expected");
}

void checkSize(const LayerContext& context, std::string_view name, std::int64_t expected)
{
    const Numbers* numbers = parameter(context, name);
    if (numbers == nullptr)
        return;
    if (std::int64_t(numbers->size()) != expected)
        refuse(context, name,
               "has " + std::to_string(numbers->size()) + " numbers; " + std::to_string(expected) + " were expected");
    if (!std::ranges::all_of(*numbers, [](float x) { return std::isfinite(x); }))
        refuse(context, name, "has numbers that are not finite; finite ones were expected");
}

// The `each` numbers of state `state` of `states`.
std::vector<double> share(const Numbers& numbers, int each, int state, int states)
{
    const auto slots = std::int64_t(numbers.size()) / each;
    const auto first = numbers.begin() + std::ptrdiff_t(state * slots / states * each);
    return {first, first + each};
}

// Whether query heads of one key head have different numbers.
bool differsInGroups(const Numbers* numbers, int each, const LayerShape& shape)
{
    if (numbers == nullptr || shape.heads == shape.keyHeads ||
        std::int64_t(numbers->size()) != std::int64_t(each) * shape.heads)
        return false;
    for (int head = 1; head < shape.heads; ++head) {
        if (shape.keyHeadOf(head) == shape.keyHeadOf(head - 1) &&
            share(*numbers, each, head, shape.heads) != share(*numbers, each, head - 1, shape.heads))
            return true;
    }
    return false;
}

// γ of RetNet as the code sets it: 1 − exp(linspace(ln 1/32, ln 1/512, heads)).
double retention(int head, int heads)
{
    const double place = heads > 1 ? double(head) / (heads - 1) : 0;
    return 1 - std::exp(std::log(1.0 / 32) + place * (std::log(1.0 / 512) - std::log(1.0 / 32)));
}

double decayOf(const LayerContext& context, const Options& options, int state, int states)
{
    if (const Numbers* given = parameter(context, "decay"))
        return share(*given, 1, state, states).front();
    if (!options.retention)
        return options.decay;
    return context.shape.causal ? retention(state, states) : 1.0;
}

void checkDecay(const LayerContext& context, const Options& options)
{
    checkLength(context, "decay", 1);
    const Numbers* given = parameter(context, "decay");
    if (given != nullptr && !std::ranges::all_of(*given, [](float x) { return x > 0.0F && x <= 1.0F; }))
        refuse(context, "decay", "lies outside (0, 1]; a share that a key keeps per token was expected");
    if (given == nullptr && options.retention && options.decay != 1.0)
        throw Error(Fault::Request, "knob decay: a number was given together with decay_law=retention, which sets its "
                                    "own; one of the two was expected");
    const bool decays = given != nullptr ? std::ranges::any_of(*given, [](float x) { return x != 1.0F; })
                                         : !options.retention && options.decay != 1.0;
    if (!context.shape.causal && decays)
        throw Error(Fault::Request, "a decay was given for a layer without causal mask, where no key is older than "
                                    "another; 1 was expected");
}

void checkNormaliser(const LayerContext& context, const Options& options)
{
    const LayerShape& shape = context.shape;
    if (options.normaliser == Normaliser::GroupNorm && shape.heads == 1)
        throw Error(Fault::Request,
                    "knob normaliser: groupnorm makes groups of as many channels as there are heads, "
                    "and this layer has one: its output would be the bias alone; headnorm was expected");
    const std::int64_t width = std::int64_t(shape.heads) * shape.valueWidth;
    checkSize(context, "norm_weight", width);
    checkSize(context, "norm_bias", width);
    if (context.model != nullptr)
        checkSize(context, "gate", width * context.model->config().width);
    const Numbers* gate = parameter(context, "gate_input");
    if (gate != nullptr && (gate->empty() || std::int64_t(gate->size()) % width != 0))
        refuse(context, "gate_input",
               "has " + std::to_string(gate->size()) + " numbers; " + std::to_string(width) +
                   " for each token were expected");
}

} // namespace

Matrix FeatureMap::exponents(const Matrix& x) const
{
    Matrix plain = x * projection().transpose();
    if (!antithetic)
        return plain;
    Matrix both(x.rows(), features());
    both << plain, -plain;
    return both;
}

Matrix FeatureMap::logs(const Matrix& x) const
{
    Matrix a = exponents(x);
    for (int feature = 0; feature < features(); ++feature)
        a.col(feature).array() += logWeight(feature % rows()) + constant;
    if (norm != 0)
        a.colwise() -= norm * scale * scale * x.rowwise().squaredNorm();
    if (softmax) {
        const Vector top = a.rowwise().maxCoeff();
        const Vector sum = (a.colwise() - top).array().exp().rowwise().sum();
        a.colwise() -= top + Vector(sum.array().log());
    }
    return a;
}

bool FeatureMap::empty() const
{
    return logWeight.maxCoeff() == -std::numeric_limits<double>::infinity();
}

FeatureMap FeatureMap::first(int count) const
{
    FeatureMap part = *this;
    part.directions = directions.topRows(count);
    part.radii = radii.head(count);
    part.logWeight = logWeight.head(count);
    return part;
}

Matrix LayerMaps::radii() const
{
    Matrix all(states(), maps.front().rows());
    for (int state = 0; state < states(); ++state)
        all.row(state) = maps[std::size_t(state)].radii.transpose();
    return all;
}

bool usesFastDct(const LayerShape& shape, const Options& options)
{
    return options.directions == Directions::Dct && hasFastDct(shape.keyWidth) && options.transform != Transform::Dense;
}

int featuresOf(const LayerShape& shape, const Options& options)
{
    return rowsOf(shape, options) * (options.antithetic ? 2 : 1);
}

LayerMaps mapsOf(const LayerContext& context)
{
    const LayerShape& shape = context.shape;
    const Options options = optionsOf(context.plan.attention.knobs);
    const int rows = rowsOf(shape, options);
    const Numbers* radius = parameter(context, "radius");
    const Numbers* weight = options.weighting == Weighting::Learned ? parameter(context, "weight") : nullptr;
    const bool apart = differsInGroups(radius, rows, shape) || differsInGroups(weight, rows, shape) ||
                       differsInGroups(parameter(context, "decay"), 1, shape);
    const int states = apart ? shape.heads : shape.keyHeads;
    const Draw drawn = draw(options, shape.keyWidth, context.layer.value);

    FeatureMap map;
    map.directions = drawn.directions;
    map.radii = drawn.radii;
    map.logWeight = Vector::Zero(rows);
    map.scale = options.scale;
    map.norm = options.prefactor == Prefactor::Gaussian ? 1 : options.prefactor == Prefactor::Softmax ? 0.5 : 0;
    map.antithetic = options.antithetic;
    map.softmax = options.weighting == Weighting::FeatureSoftmax;
    if (options.directions != Directions::Dct)
        map.constant = -0.5 * std::log(double(map.features()));
    LayerMaps all{std::vector<FeatureMap>(std::size_t(states), map), {}};
    for (int state = 0; state < states; ++state) {
        FeatureMap& own = all.maps[std::size_t(state)];
        for (int row = 0; radius != nullptr && row < rows; ++row)
            own.radii(row) = share(*radius, rows, state, states)[std::size_t(row)];
        for (int row = 0; weight != nullptr && row < rows; ++row) // its sign cancels where q and k share it
            own.logWeight(row) = std::log(std::abs(share(*weight, rows, state, states)[std::size_t(row)]));
        all.decays.push_back(decayOf(context, options, state, states));
    }
    return all;
}

void check(const LayerContext& context)
{
    const LayerShape& shape = context.shape;
    const Options options = optionsOf(context.plan.attention.knobs);
    const int rows = rowsOf(shape, options);
    if (options.directions == Directions::Dct && rows > shape.keyWidth)
        throw Error(Fault::Request, "knob m: " + std::to_string(rows) + " was given; the DCT of heads of " +
                                        std::to_string(shape.keyWidth) + " has " + std::to_string(shape.keyWidth) +
                                        " rows, so at most that was expected");
    if (options.transform == Transform::Fast && !usesFastDct(shape, options))
        throw Error(Fault::Request, "knob transform: fast was given for heads of " + std::to_string(shape.keyWidth) +
                                        "; a power of two from 2 to 512, and directions=dct, were expected");
    checkLength(context, "radius", rows);
    checkLength(context, "weight", rows);
    checkDecay(context, options);
    checkNormaliser(context, options);
}

} // namespace engine::dijiang
