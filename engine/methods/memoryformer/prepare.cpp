// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/prepare.h"

#include <cmath>

namespace engine::memoryformer {
namespace {

Matrix dense(const Matrix& x, Weight projection, const LayerContext& context)
{
    return engine::dense(x, context.model->weight(projection, context.layer), context.model->shape(projection).rows);
}

FitReport reportOf(const Tables& tables, const Matrix& seen, const Matrix& heldOut, Weight projection,
                   const LayerContext& context, const HashRule& rule)
{
    const auto quality = [&](const Matrix& x) {
        if (x.rows() == 0)
            return Quality{};
        const Hashed hashed = hash(x, tables.chunks, tables.thresholds, rule);
        return qualityOf(dense(x, projection, context), lookUp(hashed, tables.view()));
    };
    return {quality(seen), quality(heldOut)};
}

} // namespace

bool needsPrepare(const LayerPlan& plan)
{
    return !hasNative(plan);
}

std::unique_ptr<const Prepared> prepare(const PrepareInput& input, Job& job)
{
    const LayerContext& context = input.context;
    if (context.model == nullptr)
        return nullptr; // a layer without a model has no projections
    const FitOptions options = fitOptionsOf(context.plan.linear.knobs);
    auto fitted = std::make_unique<Fitted>();
    fitted->textHash = input.textHash;
    fitted->heldOut = int(std::floor(options.heldOut * input.tokens));
    fitted->seen = input.tokens - fitted->heldOut;
    std::string_view counted; // the input that `tokens` counts
    Counted tokens;
    Matrix x, heldOut;
    double done = 0;
    for (const Weight projection : projections()) {
        job.report(done++ / double(projections().size()), "fitting tables, layer " +
                                                              std::to_string(context.layer.value) + ", " +
                                                              std::string(nameOf(projection)));
        if (!asksFor(projection, context.plan.linear.knobs) ||
            (projection == Weight::Output && !context.model->config().outputProjection))
            continue;
        if (counted != inputProbe(projection)) {
            counted = inputProbe(projection);
            const Grid recorded = input.exact->grid(counted, {context.layer, allHeads, {}});
            if (recorded.rows() != input.tokens)
                throw Error(Fault::Internal, "the input of " + std::string(nameOf(projection)) +
                                                 " was not recorded over the calibration text");
            x = matrixOf(recorded.rowRange(0, fitted->seen));
            heldOut = matrixOf(recorded.rowRange(fitted->seen, fitted->heldOut));
            tokens = count(x, options);
        }
        Tables tables = fit(tokens, context.model->weight(projection, context.layer),
                            context.model->shape(projection).rows, heldOut, options, job);
        fitted->reports[projection] = reportOf(tables, x, heldOut, projection, context, options.rule);
        fitted->tables[projection] = std::move(tables);
    }
    return fitted;
}

FittedParts fittedParts(const Prepared& prepared)
{
    const auto& fitted = dynamic_cast<const Fitted&>(prepared);
    FittedParts parts;
    parts.heldOut = fitted.heldOut;
    parts.report.columns = {"R² held out", "R² seen", "cosine held out", "off by, held out", "off by, seen"};
    const auto size = [](int number) { return std::size_t(number); };
    for (const auto& [projection, tables] : fitted.tables) {
        const std::string name(nameOf(projection));
        const auto outputs = size(tables.outputs);
        parts.parameters[name + ".tables"] = {
            {size(tables.chunks.count()), size(tables.chunks.stride()), outputs}, tables.cells, {}};
        parts.parameters[name + ".bias"] = {{outputs}, tables.bias, {}};
        if (!tables.thresholds.empty())
            parts.parameters[name + ".thresholds"] = {{tables.thresholds.size()}, tables.thresholds, {}};
        const FitReport& report = fitted.reports.at(projection);
        const bool any = fitted.heldOut > 0;
        const auto figure = [](double number, bool known) {
            return known ? Figure{"", number, 3, "", ""}
                         : Figure{"n/a", std::nullopt, 3, "", "no tokens were held out"};
        };
        parts.report.rows.push_back(
            {name,
             {figure(report.heldOut.explained, any), figure(report.seen.explained, true),
              figure(report.heldOut.cosine, any), figure(report.heldOut.off, any), figure(report.seen.off, true)},
             false,
             std::nullopt});
    }
    return parts;
}

} // namespace engine::memoryformer
