// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/norm.h"

#include <cmath>

namespace engine::dijiang {
namespace {

const std::vector<float>* parameter(const LayerContext& context, std::string_view name)
{
    const auto found = context.plan.parameters.find(name);
    return found == context.plan.parameters.end() ? nullptr : &*found->second;
}

Eigen::RowVectorXd rowOf(const std::vector<float>& numbers)
{
    return Eigen::Map<const Eigen::RowVectorXf>(numbers.data(), Eigen::Index(numbers.size())).cast<double>();
}

Eigen::RowVectorXd same(Eigen::Index count, double number)
{
    return Eigen::RowVectorXd::Constant(count, number);
}

} // namespace

int groupsOf(const LayerShape& shape, Normaliser normaliser)
{
    if (normaliser == Normaliser::GroupNorm)
        return shape.valueWidth;
    return normaliser == Normaliser::HeadNorm ? shape.heads : 0;
}

Matrix groupNorm(const Matrix& rows, int groups)
{
    const Eigen::Index width = rows.cols() / groups;
    Matrix result(rows.rows(), rows.cols());
    for (Eigen::Index row = 0; row < rows.rows(); ++row) {
        for (int group = 0; group < groups; ++group) {
            const auto x = rows.row(row).segment(group * width, width).array();
            const auto centred = x - x.mean();
            result.row(row).segment(group * width, width) = centred / std::sqrt(centred.square().mean() + normEpsilon);
        }
    }
    return result;
}

Matrix gateInput(const LayerContext& context, const Matrix& x, int tokens)
{
    if (!optionsOf(context.plan.attention.knobs).gated)
        return {};
    const int width = context.shape.heads * context.shape.valueWidth;
    if (const auto* given = parameter(context, "gate_input")) {
        if (given->size() != std::size_t(tokens) * std::size_t(width))
            throw Error(Fault::Request, "parameter gate_input has " + std::to_string(given->size()) + " numbers; " +
                                            std::to_string(tokens) + " x " + std::to_string(width) + " were expected");
        using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        return Eigen::Map<const Floats>(given->data(), tokens, width).cast<double>();
    }
    const auto* gate = parameter(context, "gate");
    return gate != nullptr && x.size() > 0 ? dense(x, *gate, width) : Matrix();
}

Matrix normed(const LayerContext& context, const Matrix& rows, const Matrix& x)
{
    const Options options = optionsOf(context.plan.attention.knobs);
    const int groups = groupsOf(context.shape, options.normaliser);
    Matrix result = rows;
    if (groups > 0) {
        const auto* weight = parameter(context, "norm_weight");
        const auto* bias = parameter(context, "norm_bias");
        const auto width = rows.cols();
        result = groupNorm(rows, groups);
        result.array().rowwise() *= (weight != nullptr ? rowOf(*weight) : same(width, options.normWeight)).array();
        result.rowwise() += bias != nullptr ? rowOf(*bias) : same(width, options.normBias);
    }
    const Matrix gate = gateInput(context, x, int(rows.rows()));
    return gate.size() > 0 ? swiGlu(gate, result) : result;
}

bool hasNorm(const LayerContext& context)
{
    const Options options = optionsOf(context.plan.attention.knobs);
    return groupsOf(context.shape, options.normaliser) > 0 ||
           (options.gated && (parameter(context, "gate_input") != nullptr || parameter(context, "gate") != nullptr));
}

} // namespace engine::dijiang
