// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report.h"

#include "app/cli/figurecommands.h"
#include "app/cli/grammar.h"
#include "app/cli/machine.h"
#include "app/cli/opened.h"
#include "app/timingreport.h"

#include <QDateTime>

#include <chrono>

using namespace engine;

namespace app::cli {

namespace {

// A session's or figure's checkpoint and tokenizer, or PATH itself.
Source checkpointOf(const Source& given)
{
    const std::optional<DocumentState> held = heldState(given.path);
    return held ? Source{held->checkpoint.string(), held->tokenizer.string()} : given;
}

SweepResult asked(const ReportOptions& options, const Model& model)
{
    SweepResult result;
    SweepRequest& request = result.request;
    request.shape = layerContext(model, SessionPlan{}, {0}, {}).shape;
    request.shape.causal = options.causal;
    if (options.methods.empty()) {
        Timeable found = timeable(everyMethod(), request.shape);
        request.methods = std::move(found.methods);
        result.leftOut = std::move(found.leftOut);
    } else {
        request.methods = parseList(options.methods);
    }
    request.lengths = options.lengths.empty() ? reportLengths(model.config().context) : parseLengths(options.lengths);
    request.repeats = options.reps;
    request.seed = options.seed;
    return result;
}

} // namespace

int report(const ReportOptions& options, Context& context)
{
    for (const std::string& path : options.out)
        checkReportPath(path);
    const auto model = openModel(checkpointOf(options.source), context);
    SweepResult result = asked(options, *model);
    for (const std::string& reason : result.leftOut)
        context.log << "subquad: not timed: " << reason << "\n";
    result.device = options.where.device;
    return onMachine(options.where, context, [&](Machine& machine) {
        const auto begin = std::chrono::steady_clock::now();
        result.backend = machine.backend();
        result.sweep = sweep(result.request, machine.device(), context.job);
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        result.timeUtc = QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString();
        DocumentState state = heldState(options.source.path).value_or(startState());
        state.checkpoint = model->checkpoint().path;
        const QByteArray provenance = reportProvenance(result, model, state, machine.device(), context.job);
        for (const std::string& path : options.out)
            writeTimingReport(path, result, model->checkpoint().name, provenance);
        if (context.json)
            writeTimingJson(context.out, result, provenance);
        if (disturbed(result.sweep))
            context.log << "subquad: other programs used the processors meanwhile; such times are marked disturbed\n";
        return exitOk;
    });
}

} // namespace app::cli
