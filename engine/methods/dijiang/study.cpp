// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/dijiang/dct.h"
#include "engine/methods/dijiang/subject.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace engine::dijiang {
namespace {

std::string fixed(double value, int digits)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

int within(int value, int low, int high)
{
    return std::clamp(value, low, std::max(low, high));
}

std::vector<Phrase> sentence(const Subject& subject, const Moved& moved)
{
    const int all = subject.rows(), enough = moved.enough();
    const std::size_t last = moved.kept.size() - 1;
    std::string share = fixed(100 * moved.mean(last), 1);
    if (moved.shares.size() > 1)
        share += " ± " + fixed(100 * moved.deviation(last), 1);
    const int half = frequenciesFor(subject, 0.5);
    std::vector<Phrase> phrases{
        {"Half of the energy sits in ", false},
        {std::to_string(half) + " of " + std::to_string(subject.shape.keyWidth), true},
        {" frequencies; DiJiang moves ", false},
        {share + " %", true},
        {" of the attention, and ", false},
    };
    if (enough < all) {
        phrases.push_back({std::to_string(enough) + (enough == 1 ? " feature" : " features"), true});
        phrases.push_back({enough == 1 ? " does as well as " : " do as well as ", false});
        phrases.push_back({std::to_string(all) + ".", false});
    } else {
        phrases.push_back({"all " + std::to_string(all) + " features", true});
        phrases.push_back({" are needed for that.", false});
    }
    return phrases;
}

std::string conditions(const Subject& subject, const Moved& moved)
{
    std::string text;
    if (moved.shares.size() > 1)
        text = std::to_string(moved.shares.size()) + " draws of the map, seeds " + std::to_string(moved.firstSeed) +
               " – " + std::to_string(moved.firstSeed + int(moved.shares.size()) - 1) + " · ";
    else
        text = "radii given · ";
    text += "scale " + fixed(subject.options.scale, 2) + " on queries and keys";
    if (moved.queries < subject.tokens)
        text += " · over " + std::to_string(moved.queries) + " rows, evenly taken";
    return text;
}

std::vector<Notice> notices(const Subject& subject)
{
    if (subject.options.normaliser == Normaliser::Denominator)
        return {};
    return {
        {"These rows are not divided by their sum.",
         "Maps and shares are of rows made to sum to one, so that they can be compared; raw shows them as they are."}};
}

} // namespace

TabSpec tab()
{
    return {spectrumTab,
            "Spectrum",
            {{"row", "Frequency", "The row of the basis that is picked.", IntRange{0, 1023, 3}},
             {"keep", "Features kept", "How many rows of the map, the lowest frequencies first.", IntRange{1, 1024, 6}},
             {"rows", "Rows", "Rows of the maps divided by their sum, or as they are.",
              Choice{{"sum to 1", "raw"}, 0, false}}},
            "keep"};
}

Subject::Subject(const StudyInput& given, Job& running)
    : input(given)
    , job(running)
    , shape(given.context.shape)
    , options(optionsOf(given.context.plan.attention.knobs))
    , maps(mapsOf(given.context))
    , map(maps.of(given.head, shape))
    , decay(maps.decayOf(given.head, shape))
    , tokens(given.trace.tokens())
    , queries(given.trace.queries(given.head, {0, tokens}))
    , keys(given.trace.keys(given.head, {0, tokens}))
    , values(given.trace.values(given.head, {0, tokens}))
    , drawn(!given.context.plan.parameters.contains("radius"))
{
    const Matrix c = dctMatrix(shape.keyWidth), dct = options.transposed ? Matrix(c.transpose()) : c;
    querySpectrum = queries * dct.transpose();
    keySpectrum = keys * dct.transpose();
    const std::vector<Knob> controls = tab().controls;
    row = within(intOf(controls, given.controls, "row"), 0, std::min(shape.keyWidth, map.rows()) - 1);
    keep = within(intOf(controls, given.controls, "keep"), 1, map.rows());
    raw = intOf(controls, given.controls, "rows") == 1;
}

Study study(std::string_view tab, const StudyInput& input, Job& job)
{
    if (tab != spectrumTab)
        throw Error(Fault::Internal, "tab '" + std::string(tab) + "' is not one of this method's");
    const Subject subject(input, job);
    const Moved moved = movedBy(subject);
    Study study;
    study.words = "layer " + std::to_string(input.context.layer.value + 1) + ", head " +
                  std::to_string(input.head.value + 1) + " · " + std::to_string(subject.tokens) +
                  (subject.tokens == 1 ? " token" : " tokens") + " · DCT-" +
                  (subject.options.transposed ? "III" : "II") + " of rotated queries and keys";
    study.sentence = sentence(subject, moved);
    study.second = conditions(subject, moved);
    study.notices = notices(subject);
    for (const auto& panels :
         {spectrumPanels(subject), mapPanels(subject, moved), kernelPanels(subject), sidePanels(subject)})
        study.panels.insert(study.panels.end(), panels.begin(), panels.end());
    return study;
}

} // namespace engine::dijiang
