// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/sampler.h"

#include "engine/values/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace engine {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere, unlike the standard library's distributions.
std::uint64_t nextBits(std::uint64_t& state)
{
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

double nextUnit(std::uint64_t& state) // in [0, 1)
{
    return static_cast<double>(nextBits(state) >> 11U) * 0x1p-53;
}

struct Candidate
{
    int id = 0;
    double weight = 0; // the logit, then its probability before normalising
};

bool better(const Candidate& a, const Candidate& b)
{
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
}

std::vector<Candidate> candidatesOf(std::span<const float> logits, int tokensInUse)
{
    std::vector<Candidate> candidates;
    const int count = std::min(tokensInUse, static_cast<int>(logits.size()));
    for (int id = 0; id < count; ++id) {
        const float logit = logits[static_cast<std::size_t>(id)];
        if (!std::isnan(logit) && logit > -std::numeric_limits<float>::infinity())
            candidates.push_back({id, logit});
    }
    if (candidates.empty())
        throw Error(Fault::Internal,
                    "no next token can be drawn: none of the " + std::to_string(count) + " logits is a number");
    return candidates;
}

// The most probable first, until their share of the whole reaches topP; at least one.
void keepShare(std::vector<Candidate>& candidates, double topP)
{
    double whole = 0;
    for (const Candidate& candidate : candidates)
        whole += candidate.weight;
    double sum = 0;
    std::size_t kept = 0;
    while (kept < candidates.size() && sum < topP * whole)
        sum += candidates[kept++].weight;
    candidates.resize(std::max<std::size_t>(1, kept));
}

} // namespace

Sampler::Sampler(const Sampling& sampling)
    : m_sampling(sampling)
    , m_state(sampling.seed)
{
    if (!std::isfinite(sampling.temperature) || sampling.temperature < 0)
        throw Error(Fault::Request,
                    "temperature is " + std::to_string(sampling.temperature) + "; 0 (greedy) or above was expected");
    if (sampling.topK < 0)
        throw Error(Fault::Request,
                    "top-k is " + std::to_string(sampling.topK) + "; 0 (all tokens) or above was expected");
    if (!(sampling.topP > 0 && sampling.topP <= 1))
        throw Error(Fault::Request,
                    "top-p is " + std::to_string(sampling.topP) + "; above 0 and at most 1 was expected");
}

TokenId Sampler::next(std::span<const float> logits, int tokensInUse)
{
    std::vector<Candidate> candidates = candidatesOf(logits, tokensInUse);
    const Candidate best = *std::ranges::min_element(candidates, better);
    if (m_sampling.temperature == 0 || std::isinf(best.weight))
        return {best.id};
    std::ranges::sort(candidates, better);
    if (m_sampling.topK > 0 && static_cast<std::size_t>(m_sampling.topK) < candidates.size())
        candidates.resize(static_cast<std::size_t>(m_sampling.topK));
    double whole = 0;
    for (Candidate& candidate : candidates) {
        candidate.weight = std::exp((candidate.weight - best.weight) / m_sampling.temperature);
        whole += candidate.weight;
    }
    if (m_sampling.topP < 1) {
        keepShare(candidates, m_sampling.topP);
        whole = 0;
        for (const Candidate& candidate : candidates)
            whole += candidate.weight;
    }
    double left = nextUnit(m_state) * whole;
    for (const Candidate& candidate : candidates) {
        left -= candidate.weight;
        if (left < 0)
            return {candidate.id};
    }
    // Rounding may leave a little: it belongs to the last that has any weight.
    const auto last = std::find_if(candidates.rbegin(), candidates.rend(),
                                   [](const Candidate& candidate) { return candidate.weight > 0; });
    return {last->id};
}

} // namespace engine
