// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/table.h"
#include "engine/export/json.h"
#include "engine/methods/claims.h"
#include "engine/methods/method.h"

#include <algorithm>

using namespace engine;

namespace app::cli {
namespace {

// The experiments of the method that were asked for. Throws Error{Request} that lists what there is.
std::vector<Experiment> chosen(const ExperimentOptions& options)
{
    const std::vector<Experiment>& all = claimsOf(findMethod(options.method).info.id).experiments;
    if (options.names.empty() && !all.empty())
        return all;
    std::string known;
    for (const Experiment& one : all)
        known += (known.empty() ? "" : ", ") + std::string(one.id);
    if (known.empty())
        throw Error(Fault::Request, "method " + options.method + " predicts no table that could be computed anew");
    std::vector<Experiment> list;
    for (const std::string& name : options.names) {
        const auto found = std::ranges::find(all, name, &Experiment::id);
        if (found == all.end())
            throw Error(Fault::Request, std::string("experiment \"")
                                            .append(name)
                                            .append("\" is not known to ")
                                            .append(options.method)
                                            .append("; ")
                                            .append(known)
                                            .append(" were expected"));
        list.push_back(*found);
    }
    return list;
}

void writeText(const Experiment& experiment, int samples, const TableBody& body, Context& context)
{
    context.out << "# " << experiment.id << ": " << experiment.title << ", " << samples << " samples\n# "
                << experiment.words << '\n';
    std::vector<std::string> header{""};
    header.insert(header.end(), body.columns.begin(), body.columns.end());
    Table table(header);
    for (const TableBody::Row& row : body.rows) {
        std::vector<std::string> cells{row.label};
        for (const Figure& figure : row.cells)
            cells.push_back(figure.number ? rounded(*figure.number, figure.digits) : figure.text);
        table.add(std::move(cells));
    }
    table.print(context.out);
    context.out << '\n';
}

void writeJson(const Experiment& experiment, int samples, const TableBody& body, JsonWriter& json)
{
    json.object().field("id", experiment.id).field("title", experiment.title).field("samples", samples);
    json.key("columns").list(body.columns).key("rows").array();
    for (const TableBody::Row& row : body.rows) {
        json.object().field("label", row.label).key("values").array();
        for (const Figure& figure : row.cells)
            figure.number ? json.value(*figure.number) : json.null();
        json.end().end();
    }
    json.end().end();
}

} // namespace

int experiment(const ExperimentOptions& options, Context& context)
{
    JsonWriter json(context.out);
    const std::vector<Experiment> list = chosen(options);
    if (context.json)
        json.object().field("method", options.method).field("seed", options.seed).key("experiments").array();
    for (const Experiment& one : list) {
        const int samples = options.samples > 0 ? options.samples : one.samples;
        const TableBody body = one.run(samples, options.seed, context.job);
        context.json ? writeJson(one, samples, body, json) : writeText(one, samples, body, context);
    }
    if (context.json)
        json.end().end();
    return exitOk;
}

} // namespace app::cli
