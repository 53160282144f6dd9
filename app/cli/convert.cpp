// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/grammar.h"
#include "app/cli/machine.h"
#include "app/cli/opened.h"
#include "app/cli/table.h"
#include "app/convert/conversion.h"
#include "engine/export/json.h"

#include <algorithm>
#include <array>
#include <optional>

using namespace engine;

namespace app::cli {
namespace {

// Switches the method's own knobs: a projection is a knob of its name that is on or off.
void chooseProjections(Part& part, const std::string& list)
{
    if (list.empty())
        return;
    constexpr std::array names{Weight::Query, Weight::Key, Weight::Value, Weight::Output,
                               Weight::Gate,  Weight::Up,  Weight::Down};
    std::vector<std::string_view> wanted = splitAt(list, ',');
    const std::vector<Knob>& knobs = findMethod(part.method).info.knobs;
    std::string known;
    for (const Weight projection : names) {
        const std::string name(nameOf(projection));
        if (std::ranges::find(knobs, name, &Knob::id) == knobs.end())
            continue;
        known += (known.empty() ? "" : ", ") + name;
        const auto found = std::ranges::find(wanted, name);
        part.knobs[name] = found != wanted.end() || list == "all";
        if (found != wanted.end())
            wanted.erase(found);
    }
    if (list != "all" && !wanted.empty())
        throw Error(Fault::Request, "projection '" + std::string(wanted.front()) + "' is not known; all, or some of " +
                                        known + ", was expected");
}

void tell(const Conversion& conversion, const std::string& folder, Context& context)
{
    if (context.json) {
        JsonWriter json(context.out);
        json.object().field("method", printSpec(conversion.part)).field("fidelity", nameOf(Fidelity::Calibrated));
        json.field("calibration_sha256", conversion.textHash).field("tokens", conversion.tokens);
        json.field("folder", folder).key("projections").array();
        for (const auto& [layer, parts] : conversion.parts) {
            for (const TableBody::Row& row : parts.report.rows) {
                json.object().field("layer", layer.value).field("projection", row.label);
                for (std::size_t i = 0; i < row.cells.size(); ++i)
                    if (row.cells[i].number)
                        json.field(parts.report.columns[i], *row.cells[i].number);
                json.end();
            }
        }
        json.end().field("held_out_tokens", conversion.before.tokens);
        if (conversion.before.tokens > 0)
            json.field("perplexity_before", conversion.before.perplexity())
                .field("perplexity_after", conversion.after.perplexity());
        json.end();
        return;
    }
    context.out << printSpec(conversion.part) << " · CALIBRATED on " << conversion.tokens << " tokens, SHA-256 "
                << conversion.textHash << '\n';
    std::optional<Table> table;
    for (const auto& [layer, parts] : conversion.parts) {
        if (!table) {
            std::vector<std::string> columns{"layer", "projection"};
            columns.insert(columns.end(), parts.report.columns.begin(), parts.report.columns.end());
            table.emplace(std::move(columns));
        }
        for (const TableBody::Row& row : parts.report.rows) {
            std::vector<std::string> cells{std::to_string(layer.value), row.label};
            for (const Figure& figure : row.cells)
                cells.push_back(figure.number ? rounded(*figure.number, 4) : figure.text);
            table->add(std::move(cells));
        }
    }
    if (table)
        table->print(context.out);
    if (conversion.before.tokens > 0)
        context.out << "perplexity of " << conversion.before.tokens
                    << " tokens held out: " << rounded(conversion.before.perplexity(), 5) << " before, "
                    << rounded(conversion.after.perplexity(), 5) << " after\n";
    context.out << "written to " << folder << '\n';
}

} // namespace

int convert(const ConvertOptions& options, Context& context)
{
    ConversionRequest request{parseSpec(options.method), {}, options.file, options.out};
    chooseProjections(request.part, options.projections);
    checkFolder(request.folder);
    const auto model = openModel(options.source, context);
    checkConversion(*model, request.part);
    Prompt text;
    text.file = options.file;
    const std::vector<Token> tokens = encoded(*model, text);
    request.layers = parseLayers(options.layers, model->config().layers);
    return onMachine(options.where, context, [&](Machine& machine) {
        const ConversionPrice price = priceOf(*model, request, tokens.size());
        context.log << "calibration: " << price.tokens << " tokens, " << bytesText(price.recorded)
                    << " of recorded inputs";
        if (price.fitted > 0)
            context.log << ", " << bytesText(price.fitted) << " of what is fitted";
        context.log << '\n';
        const auto weights = machine.device() != nullptr
                                 ? std::make_shared<const DeviceModel>(model, machine.device()->queue, context.job)
                                 : nullptr;
        tell(convertModel(model, request, tokens, machine.device(), weights, context.job), options.out, context);
        return exitOk;
    });
}

} // namespace app::cli
