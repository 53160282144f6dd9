// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/memoryformer/study.h"

#include "engine/methods/memoryformer/prepare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace engine::memoryformer {
namespace {

const std::vector<Knob>& controls()
{
    static const std::vector<Knob> list{
        {"projection", "Projection", "Whose tables are shown.",
         Choice{{"query", "key", "value", "output", "gate", "up", "down"}, 0, false}},
        {"table", "Table", "The table whose rows are shown, counted from 1.", IntRange{1, 4096, 1}},
        {"limit", "Exact limit, log₂ t",
         "The temperature at which all rows are mixed: the larger, the nearer to the dense layer.", IntRange{-2, 8, 2}},
    };
    return list;
}

// SHA-256 of the text that a checkpoint's tables were fitted on; empty: they were trained.
std::string calibrationOf(const StudyInput& input)
{
    return input.context.model != nullptr ? input.context.model->checkpoint().calibration : std::string();
}

std::string shortHash(const std::string& hash)
{
    return hash.size() > 8 ? hash.substr(0, 4) + "…" + hash.substr(hash.size() - 4) : hash;
}

std::optional<BucketLook> lookOf(const StudyInput& input)
{
    const LayerContext& context = input.context;
    BucketLook look;
    look.projection = projections()[std::size_t(intOf(controls(), input.controls, "projection"))];
    const std::optional<TableView> tables = tablesOf(context, look.projection);
    const Where place{context.layer, allHeads, {}};
    const Grid recorded = input.ownRun.grid(inputProbe(look.projection), place);
    if (!tables || recorded.empty())
        return std::nullopt;
    look.tables = *tables;
    look.rule = ruleOf(context.plan.linear.knobs);
    look.x = matrixOf(recorded);
    HashRule first = look.rule;
    first.probes = 1;
    look.hashed = hash(look.x, tables->chunks, tables->thresholds, first);
    look.token = std::clamp(input.query.value, 0, look.tokens() - 1);
    look.table = std::clamp(intOf(controls(), input.controls, "table") - 1, 0, look.tableCount() - 1);
    look.limit = intOf(controls(), input.controls, "limit");
    if (const Fitted* fitted = fittedOf(context); fitted != nullptr) {
        look.seen = std::min(fitted->seen, look.tokens());
        look.heldOut = std::min(fitted->heldOut, look.tokens() - look.seen);
    }
    const Grid exact = input.exactRun.grid(inputProbe(look.projection), place);
    look.exactInput = exact.rows() == look.tokens() ? matrixOf(exact) : look.x;
    if (context.model != nullptr && context.model->config().denseProjections) {
        const auto weight = context.model->weight(look.projection, context.layer);
        look.weight.assign(weight.begin(), weight.end());
    }
    return look;
}

double reached(const BucketLook& look)
{
    std::int64_t used = 0, all = 0;
    for (int table = 0; table < look.tableCount(); ++table) {
        const std::vector<int> loads = look.loads(table);
        used += std::ranges::count_if(loads, [](int load) { return load > 0; });
        all += std::int64_t(loads.size());
    }
    return all > 0 ? double(used) / double(all) : 0;
}

void speak(Study& study, const BucketLook& look, const std::optional<ProjectionErrors>& errors, const StudyInput& input)
{
    study.words = "layer " + std::to_string(input.context.layer.value + 1) + ", input of " +
                  std::string(nameOf(look.projection)) + " · " + std::to_string(look.tokens()) + " tokens · " +
                  std::to_string(look.tableCount()) + " tables of " + std::to_string(look.tables.chunks.rowsOf(0)) +
                  " rows";
    study.sentence = {{"The text reaches "}, {percent(reached(look)), true}, {" of the rows. "}};
    const auto add = [&](const char* words, const std::string& number) {
        study.sentence.push_back({words});
        study.sentence.push_back({number, true});
    };
    if (errors && look.seen > 0) {
        add("Fitted tables are off by ", rounded(errors->seen, 2));
        study.sentence.push_back({" on the text they saw"});
        if (look.seen < look.tokens()) {
            add(", and by ", rounded(errors->unseen, 2));
            study.sentence.push_back({" on new text"});
        }
        study.sentence.push_back({"."});
    } else {
        int fullest = 0;
        for (int table = 0; table < look.tableCount(); ++table)
            fullest = std::max(fullest, std::ranges::max(look.loads(table)));
        add("The fullest holds ", std::to_string(fullest));
        add(" tokens, where even hashing puts ", rounded(double(look.tokens()) / look.tables.chunks.rowsOf(0), 1));
        study.sentence.push_back({"."});
    }
    const Fitted* fitted = fittedOf(input.context);
    if (fitted != nullptr && look.seen > 0)
        study.second = "CALIBRATED on " + std::to_string(fitted->seen) + " tokens of this prompt, text hash " +
                       shortHash(fitted->textHash) + " · the last " + std::to_string(fitted->heldOut) +
                       " were held out";
    else if (calibrationOf(input).empty())
        study.second = "TRAINED: the tables are the checkpoint's own";
    else
        study.second = "CALIBRATED before it was saved, text hash " + shortHash(calibrationOf(input));
}

} // namespace

Panel titled(std::string id, std::string title, std::string words)
{
    Panel panel;
    panel.id = std::move(id);
    panel.title = std::move(title);
    panel.words = std::move(words);
    return panel;
}

std::string rounded(double number, int decimals)
{
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
    return text.data();
}

std::string percent(double share)
{
    return rounded(100 * share, 0) + " %";
}

std::vector<int> BucketLook::loads(int which) const
{
    std::vector<int> counts(std::size_t(tables.chunks.rowsOf(which)));
    for (int each = 0; each < tokens(); ++each)
        ++counts[std::size_t(hashed.code(each, which))];
    return counts;
}

std::vector<double> BucketLook::chunk(int of, int which) const
{
    std::vector<double> z;
    for (int i = 0; i < tables.chunks.bitsOf(which); ++i) {
        const int entry = tables.chunks.first(which) + i;
        z.push_back(x(of, entry) - (tables.thresholds.empty() ? 0.0 : double(tables.thresholds[std::size_t(entry)])));
    }
    return z;
}

std::vector<TabSpec> tabs()
{
    return {{"buckets", "Buckets", controls(), "table"}};
}

Study study(std::string_view tab, const StudyInput& input, Job& job)
{
    if (tab != "buckets")
        throw Error(Fault::Internal, "this method has no tab \"" + std::string(tab) + "\"");
    Study study;
    const std::optional<BucketLook> look = lookOf(input);
    if (!look) {
        study.words = "layer " + std::to_string(input.context.layer.value + 1);
        study.notices.push_back({"This projection is dense here.",
                                 "Switch its tables on in the method's knobs, or pick another projection."});
        return study;
    }
    job.report(0.2, "buckets");
    std::optional<ProjectionErrors> errors;
    if (!look->weight.empty())
        errors = errorsOf(*look);
    speak(study, *look, errors, input);
    job.report(0.5, "buckets");
    study.panels = {occupancyPanel(*look), loadPanel(*look), codesPanel(*look),  tokenPanel(*look),
                    sharingPanel(*look),   rowsPanel(*look), balancePanel(*look)};
    if (errors)
        study.panels.push_back(errorPanel(*look, *errors));
    study.panels.insert(study.panels.end(), {correlationPanel(*look), geometryPanel(*look), driftPanel(*look, input),
                                             reusePanel(*look), pairsPanel(*look)});
    if (auto edited = editPanel(*look, input))
        study.panels.push_back(*std::move(edited));
    job.report(0.7, "the exact limit");
    if (!look->weight.empty())
        study.panels.push_back(limitPanel(*look, job));
    study.panels.insert(study.panels.end(), {bitsPanel(*look), evennessPanel(*look), ledgerPanel(*look)});
    return study;
}

} // namespace engine::memoryformer
