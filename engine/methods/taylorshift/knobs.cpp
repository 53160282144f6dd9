// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/methods/taylorshift/knobs.h"

namespace engine::taylorshift {

const std::vector<Knob>& knobs()
{
    static const std::vector<Knob> all{
        {"form", "Form",
         "The order of operations; the result is the same. auto takes the form with fewer operations at this length; "
         "efficient on a causal layer means chunks over a running sum. recurrent and chunked need a causal layer.",
         Choice{{"auto", "direct", "efficient", "recurrent", "chunked"}, 0, true}},
        {"temperature", "Temperature τ",
         "Scores are τ·cos(q, k). 1 is where training starts; larger values let a row concentrate: half of the mass on "
         "one of N keys needs about √(2N).",
         RealRange{-100, 100, 1}},
        {"temperature_from", "Temperature from",
         "given: the number above (a trained checkpoint's temperatures win over it). prompt: fitted for each head as "
         "the mean of |q| |k|/√d over this prompt, the spread softmax's scores have.",
         Choice{{"given", "prompt"}, 0, false}},
        {"output_scale", "Output scale √(N/d)",
         "The authors' encoders multiply the output by √(N/d). On a causal layer, where the paper defines none, row t "
         "is multiplied by √((t+1)/d).",
         Flag{false}},
    };
    return all;
}

Options optionsOf(const KnobValues& given)
{
    return {Asked(intOf(knobs(), given, "form")), realOf(knobs(), given, "temperature"),
            choiceOf(knobs(), given, "temperature_from") == "prompt", flagOf(knobs(), given, "output_scale")};
}

} // namespace engine::taylorshift
