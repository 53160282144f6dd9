// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/logitsstudy.h"

#include "engine/compare/prediction.h"

#include <algorithm>
#include <cmath>

namespace engine {
namespace {

// The exact slot, the first compared one, the others: the colours a study has.
Tint tintOf(std::size_t slot)
{
    constexpr Tint tints[] = {Tint::Exact, Tint::Own, Tint::Ink, Tint::Grey};
    return tints[std::min(slot, std::size(tints) - 1)];
}

Grid logitsOf(const LogitsSlot& slot)
{
    return slot.trace->grid(probes::logits, {});
}

std::string quoted(const std::string& piece)
{
    return "‘" + piece + "’";
}

Figure textFigure(std::string text)
{
    Figure figure;
    figure.text = std::move(text);
    return figure;
}

Figure numberFigure(double number, std::string unit, int digits = 3)
{
    Figure figure;
    figure.number = number;
    figure.unit = std::move(unit);
    figure.digits = digits;
    return figure;
}

std::string fixed(double value, int digits)
{
    const double power = std::pow(10.0, digits);
    const long long scaled = std::llround(std::abs(value) * power);
    std::string fraction = std::to_string(scaled % (long long)power);
    fraction.insert(0, std::size_t(digits) - fraction.size(), '0');
    return (value < 0 && scaled != 0 ? "−" : "") + std::to_string(scaled / (long long)power) + "." + fraction;
}

// A share in percent with two or three digits, as it is read in a sentence. What is nearly all is not called all.
std::string percent(double share)
{
    const double value = 100 * share;
    if (value >= 99.5 && value < 99.95)
        return fixed(value, 1) + " %";
    const long rounded = std::lround(value);
    return (rounded == 0 && value > 0 ? "below 1" : std::to_string(rounded)) + " %";
}

// Everything the panels read, computed once.
struct Findings
{
    const LogitsInput& input;
    std::vector<Grid> lenses;            // per slot: [layers, vocabulary]
    std::vector<Prediction> predictions; // per slot, at the step
    std::vector<TokenId> candidates;     // of all slots, each once
    std::vector<double> meanLosses;      // per slot

    const LogitsSlot& slot(std::size_t place) const { return input.compared[place]; }

    std::size_t slots() const { return input.compared.size(); }

    int inUse() const { return input.model.tokensInUse(); }
};

double meanOf(std::span<const float> losses)
{
    double sum = 0;
    int count = 0;
    for (const float loss : losses) {
        if (std::isnan(loss))
            continue;
        sum += double(loss);
        ++count;
    }
    return count > 0 ? sum / count : std::nan("");
}

Findings findingsOf(const LogitsInput& input, Job& job)
{
    Findings found{input, {}, {}, {}, {}};
    for (const LogitsSlot& slot : input.compared) {
        const Grid logits = logitsOf(slot);
        if (input.step.value < 0 || input.step.value >= logits.rows())
            throw Error(Fault::Request, slot.title + ": logits at token " + std::to_string(input.step.value) +
                                            " were not recorded; " + std::to_string(logits.rows()) + " tokens were" +
                                            (slot.trace->truncated() ? " (recording limit)" : ""));
        found.lenses.push_back(logitLens(input.model, *slot.trace, input.step, job));
        found.predictions.emplace_back(logits.row(input.step.value), found.inUse());
        found.meanLosses.push_back(meanOf(slot.losses));
        for (const TokenId token : found.predictions.back().likeliest(candidatesOfSlot))
            if (std::ranges::find(found.candidates, token) == found.candidates.end())
                found.candidates.push_back(token);
    }
    const Prediction& exact = found.predictions.front();
    std::ranges::stable_sort(found.candidates,
                             [&](TokenId a, TokenId b) { return exact.probability(a) > exact.probability(b); });
    return found;
}

std::vector<std::string> labelsOf(const Findings& found)
{
    std::vector<std::string> labels;
    for (const TokenId token : found.candidates)
        labels.push_back(found.input.label(token));
    return labels;
}

Panel candidateBars(const Findings& found)
{
    BarsBody bars;
    bars.labels.title = "next token";
    bars.labels.texts = labelsOf(found);
    bars.quantity = "probability";
    for (std::size_t slot = 0; slot < found.slots(); ++slot) {
        BarsBody::Series series{found.slot(slot).title, tintOf(slot), {}, {}, {}};
        for (const TokenId token : found.candidates)
            series.values.push_back(found.predictions[slot].probability(token));
        bars.series.push_back(std::move(series));
    }
    Panel panel;
    panel.id = "candidates";
    panel.title = "Candidates";
    panel.words = "for the token after place " + std::to_string(found.input.step.value + 1);
    panel.body = std::move(bars);
    return panel;
}

Panel candidateTable(const Findings& found)
{
    TableBody table;
    for (std::size_t slot = 0; slot < found.slots(); ++slot) {
        table.columns.push_back(found.slot(slot).title);
        table.columns.emplace_back("rank");
        if (slot > 0)
            table.columns.emplace_back("Δ");
    }
    for (const TokenId token : found.candidates) {
        TableBody::Row row;
        row.label = found.input.label(token);
        const double exact = found.predictions.front().probability(token);
        for (std::size_t slot = 0; slot < found.slots(); ++slot) {
            const Prediction& prediction = found.predictions[slot];
            const double own = prediction.probability(token);
            row.cells.push_back(numberFigure(100 * own, "%"));
            row.cells.push_back(textFigure(std::to_string(prediction.rank(token))));
            if (slot > 0)
                row.cells.push_back(numberFigure(100 * (own - exact), "points"));
        }
        row.strong = token == found.predictions.front().likeliest(1).front();
        table.rows.push_back(std::move(row));
    }
    TableBody::Row entropy;
    entropy.label = "entropy, nats";
    for (std::size_t slot = 0; slot < found.slots(); ++slot) {
        const double own = found.predictions[slot].entropy();
        entropy.cells.push_back(numberFigure(own, ""));
        entropy.cells.push_back(textFigure({}));
        if (slot > 0)
            entropy.cells.push_back(numberFigure(own - found.predictions.front().entropy(), ""));
    }
    table.rows.push_back(std::move(entropy));
    Panel panel;
    panel.id = "ranks";
    panel.title = "Probabilities and ranks";
    panel.words = "Δ: points above exact";
    panel.body = std::move(table);
    return panel;
}

// The first layer from which a token stays the likeliest to the end, from 1; 0 where it is not even at the end.
int settledFrom(const Grid& lens, TokenId token, int inUse)
{
    int from = 0;
    for (int layer = lens.rows(); layer >= 1; --layer) {
        if (Prediction(lens.row(layer - 1), inUse).likeliest(1).front() != token)
            break;
        from = layer;
    }
    return from;
}

Panel lensMaps(const Findings& found)
{
    HeatBody heat;
    heat.quantity = "probability";
    heat.scale = Scale::Sqrt;
    heat.high = 1;
    heat.rows.title = "after layer";
    heat.rows.axis = Axis::Layer;
    heat.rows.first = 1;
    heat.cols.texts = labelsOf(found);
    heat.pickedCol = 0;
    for (std::size_t slot = 0; slot < found.slots(); ++slot) {
        const Grid& lens = found.lenses[slot];
        std::vector<float> cells;
        for (int layer = 0; layer < lens.rows(); ++layer) {
            const Prediction prediction(lens.row(layer), found.inUse());
            for (const TokenId token : found.candidates)
                cells.push_back(float(prediction.probability(token)));
        }
        const TokenId winner = found.predictions[slot].likeliest(1).front();
        const std::string settled = quoted(found.input.label(winner)) + " leads from layer " +
                                    std::to_string(settledFrom(lens, winner, found.inUse()));
        heat.maps.push_back(
            {{std::move(cells), lens.rows(), int(found.candidates.size())}, found.slot(slot).title, settled});
    }
    heat.row = {Pick::Sets::Layer, {}, {}};
    Panel panel;
    panel.id = "lens";
    panel.title = "Logit lens";
    panel.words = "the residual stream after each layer, through the final norm and the classifier";
    panel.row = 1;
    panel.width = 1.4;
    panel.body = std::move(heat);
    return panel;
}

Panel lensTable(const Findings& found)
{
    TableBody table;
    for (std::size_t slot = 0; slot < found.slots(); ++slot) {
        table.columns.push_back(found.slot(slot).title);
        table.columns.emplace_back("p");
    }
    const int layers = found.lenses.front().rows();
    for (int layer = 0; layer < layers; ++layer) {
        TableBody::Row row;
        row.label = "layer " + std::to_string(layer + 1);
        for (const Grid& lens : found.lenses) {
            const Prediction prediction(lens.row(layer), found.inUse());
            const TokenId winner = prediction.likeliest(1).front();
            row.cells.push_back(textFigure(found.input.label(winner)));
            row.cells.push_back(numberFigure(100 * prediction.probability(winner), "%"));
        }
        row.strong = layer + 1 == layers;
        table.rows.push_back(std::move(row));
    }
    Panel panel;
    panel.id = "lens.likeliest";
    panel.title = "Likeliest after each layer";
    panel.row = 1;
    panel.body = std::move(table);
    return panel;
}

Panel lossCurves(const Findings& found, Job& job)
{
    CurvesBody curves;
    curves.x.title = "place in the text";
    curves.x.axis = Axis::Token;
    curves.y.title = "nats";
    const auto add = [&](const std::string& title, Tint tint, const auto& valueAt, int count, bool line) {
        CurvesBody::Curve curve;
        curve.title = title;
        curve.tint = tint;
        curve.points = !line;
        for (int place = 0; place < count; ++place) {
            const double value = valueAt(place);
            if (std::isnan(value))
                continue;
            curve.x.push_back(place + 1);
            curve.y.push_back(value);
        }
        curves.curves.push_back(std::move(curve));
    };
    const LogitsSlot& exact = found.slot(0);
    const Grid logits = logitsOf(exact);
    // What stands under a token is how sure the model was of it, so the entropy is the one of the place before.
    add(
        "entropy, exact", Tint::Grey,
        [&](int place) {
            job.check();
            return place > 0 ? Prediction(logits.row(place - 1), found.inUse()).entropy() : std::nan("");
        },
        int(std::min<std::size_t>(found.input.tokens.size(), std::size_t(logits.rows()) + 1)), true);
    for (std::size_t slot = 0; slot < found.slots(); ++slot)
        add(
            found.slot(slot).title, tintOf(slot),
            [&](int place) { return double(found.slot(slot).losses[std::size_t(place)]); },
            int(found.slot(slot).losses.size()), true);
    curves.marks.push_back({true, double(found.input.step.value + 1), ""});
    curves.pick.sets = Pick::Sets::Query;
    for (const double place : curves.curves.front().x)
        curves.pick.values.push_back(int(std::lround(place)) - 1);
    Panel panel;
    panel.id = "losses";
    panel.title = "Loss";
    panel.words = "−ln p of each token, given the text before it";
    panel.row = 2;
    panel.width = 1.4;
    panel.body = std::move(curves);
    return panel;
}

// A power of two that gives at most twelve buckets; 128 positions, as explorer.md names them, from 1,025 tokens on.
int bucketWidth(std::size_t tokens)
{
    constexpr std::size_t most = 12;
    int width = 8;
    while (tokens > most * std::size_t(width))
        width *= 2;
    return width;
}

// From 1, as the counter counts; the last bucket may hold one place.
std::string placesOf(TokenRange range)
{
    const std::string first = std::to_string(range.first + 1);
    return range.count == 1 ? first : first + "–" + std::to_string(range.end());
}

Panel perplexityBars(const Findings& found)
{
    const int width = bucketWidth(found.input.tokens.size());
    BarsBody bars;
    bars.labels.title = "places";
    bars.quantity = "perplexity";
    for (std::size_t slot = 0; slot < found.slots(); ++slot) {
        BarsBody::Series series{found.slot(slot).title, tintOf(slot), {}, {}, {}};
        for (const PositionBucket& bucket : perplexityByPosition(found.slot(slot).losses, width)) {
            if (slot == 0)
                bars.labels.texts.push_back(placesOf(bucket.positions));
            series.values.push_back(bucket.perplexity);
            series.low.push_back(std::max(0.0, bucket.perplexity - bucket.error));
            series.high.push_back(bucket.perplexity + bucket.error);
        }
        bars.series.push_back(std::move(series));
    }
    Panel panel;
    panel.id = "ppl_by_pos";
    panel.title = "Perplexity by position";
    panel.words = "buckets of " + std::to_string(width) + " tokens, ± standard error";
    panel.row = 2;
    panel.body = std::move(bars);
    return panel;
}

// What all slots write alike, then how each goes on: the first chip of a group is the first different token.
Panel writingChips(const Findings& found)
{
    ChipsBody chips;
    const std::vector<TokenId>& exact = found.slot(0).written;
    const auto group = [&](std::string title, std::string value, std::span<const TokenId> text) {
        ChipsBody::Group& added = chips.groups.emplace_back();
        added.title = std::move(title);
        added.value = std::move(value);
        for (const TokenId token : text)
            added.chips.push_back({found.input.label(token), std::nullopt, 1});
    };
    int shared = int(exact.size());
    for (std::size_t slot = 1; slot < found.slots(); ++slot)
        shared = std::min(shared, agreementOf(exact, found.slot(slot).written).length);
    if (found.slots() > 1 && shared > 0)
        group("all write", std::to_string(shared) + (shared == 1 ? " token alike" : " tokens alike"),
              std::span(exact).first(std::size_t(shared)));
    group(found.slots() > 1 ? "exact goes on" : "exact writes", {}, std::span(exact).subspan(std::size_t(shared)));
    for (std::size_t slot = 1; slot < found.slots(); ++slot) {
        const LogitsSlot& own = found.slot(slot);
        const Agreement agreement = agreementOf(exact, own.written);
        group(own.title + " goes on",
              agreement.firstDifferent ? "first differs at token " + std::to_string(*agreement.firstDifferent + 1)
                                       : "nothing differs",
              std::span(own.written).subspan(std::size_t(std::min(shared, int(own.written.size())))));
        std::size_t same = 0;
        for (std::size_t place = 0; place < own.followed.size(); ++place)
            same += own.followed[place] == exact[place];
        group(own.title + ", reading exact's text",
              std::to_string(same) + " of " + std::to_string(own.followed.size()) + " as exact", own.followed);
    }
    Panel panel;
    panel.id = "writing";
    panel.title = "Writing on";
    panel.words = "free: every slot reads what it wrote; teacher-forced: it reads what exact wrote";
    panel.row = 3;
    panel.height = 0.8;
    panel.body = std::move(chips);
    return panel;
}

void addSentence(Study& study, const Findings& found)
{
    const auto say = [&](const std::string& text, bool strong) { study.sentence.push_back({text, strong}); };
    const auto wins = [&](std::size_t slot) {
        const TokenId winner = found.predictions[slot].likeliest(1).front();
        return quoted(found.input.label(winner)) + " (" + percent(found.predictions[slot].probability(winner)) + ")";
    };
    say("After ", false);
    say(quoted(found.input.label(found.input.tokens[std::size_t(found.input.step.value)])), true);
    say(" the exact model expects ", false);
    say(wins(0), true);
    for (std::size_t slot = 1; slot < found.slots(); ++slot) {
        say(slot == 1 ? "; " : ", ", false);
        say(found.slot(slot).title + " " + wins(slot), true);
    }
    if (found.slots() > 1 && !std::isnan(found.meanLosses[0]) && !std::isnan(found.meanLosses[1])) {
        const double change = found.meanLosses[1] - found.meanLosses[0];
        say(change >= 0 ? ", and loses " : ", and gains ", false);
        say(fixed(std::abs(change), 2) + " nats", true);
        say(" a token over the text", false);
    }
    say(".", false);
    study.second = std::to_string(found.input.tokens.size()) + " tokens";
    for (std::size_t slot = 0; slot < found.slots(); ++slot)
        if (!std::isnan(found.meanLosses[slot]))
            study.second += " · " + found.slot(slot).title + ": " + fixed(found.meanLosses[slot], 2) +
                            " nats a token, perplexity " + fixed(std::exp(found.meanLosses[slot]), 1);
}

} // namespace

Study logitsStudy(const LogitsInput& input, Job& job)
{
    if (input.compared.empty())
        throw Error(Fault::Internal, "a study of logits needs a slot");
    const Findings found = findingsOf(input, job);
    Study study;
    study.words = "after token " + std::to_string(input.step.value + 1) + " of " + std::to_string(input.tokens.size());
    addSentence(study, found);
    study.panels = {candidateBars(found), candidateTable(found), lensMaps(found), lensTable(found)};
    if (input.tokens.size() > 1 && input.model.config().causal) { // else a row has seen the token that it would predict
        study.panels.push_back(lossCurves(found, job));
        study.panels.push_back(perplexityBars(found));
    }
    if (!found.slot(0).written.empty())
        study.panels.push_back(writingChips(found));
    return study;
}

} // namespace engine
