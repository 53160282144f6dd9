// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/prediction.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace engine {

namespace {

double logSumExp(std::span<const float> logits)
{
    const double top = double(*std::ranges::max_element(logits));
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(double(logit) - top);
    return top + std::log(sum);
}

} // namespace

Prediction::Prediction(std::span<const float> logits, int tokensInUse)
    : m_logits(logits)
    , m_inUse(std::min(tokensInUse, int(logits.size())))
    , m_logSum(logSumExp(logits))
{
    assert(!logits.empty() && tokensInUse > 0);
}

double Prediction::probability(TokenId token) const
{
    return std::exp(double(m_logits[std::size_t(token.value)]) - m_logSum);
}

int Prediction::rank(TokenId token) const
{
    const float own = m_logits[std::size_t(token.value)];
    int before = 0;
    for (int id = 0; id < m_inUse; ++id) {
        const float logit = m_logits[std::size_t(id)];
        before += logit > own || (logit == own && id < token.value);
    }
    return before + 1;
}

std::vector<TokenId> Prediction::likeliest(int count) const
{
    std::vector<TokenId> ids(static_cast<std::size_t>(m_inUse));
    for (int id = 0; id < m_inUse; ++id)
        ids[std::size_t(id)] = {id};
    const auto wanted = std::clamp(count, 0, m_inUse);
    std::ranges::partial_sort(ids, ids.begin() + wanted, [this](TokenId a, TokenId b) {
        const float x = m_logits[std::size_t(a.value)], y = m_logits[std::size_t(b.value)];
        return x != y ? x > y : a < b;
    });
    ids.resize(std::size_t(wanted));
    return ids;
}

double Prediction::entropy() const
{
    double sum = 0;
    for (const float logit : m_logits) {
        const double logProbability = double(logit) - m_logSum;
        sum -= std::exp(logProbability) * logProbability;
    }
    return std::max(0.0, sum); // of a sure prediction it may round below 0
}

std::vector<PositionBucket> perplexityByPosition(std::span<const float> losses, int width)
{
    assert(width > 0);
    std::vector<PositionBucket> buckets;
    for (int first = 0; first < int(losses.size()); first += width) {
        const TokenRange positions{first, std::min(width, int(losses.size()) - first)};
        std::vector<double> known;
        for (int place = positions.first; place < positions.end(); ++place)
            if (!std::isnan(losses[std::size_t(place)]))
                known.push_back(double(losses[std::size_t(place)]));
        if (known.empty())
            continue;
        const double count = double(known.size());
        const double mean = std::accumulate(known.begin(), known.end(), 0.0) / count;
        double squares = 0;
        for (const double loss : known)
            squares += (loss - mean) * (loss - mean);
        const double error = known.size() > 1 ? std::sqrt(squares / count / (count - 1)) : 0;
        buckets.push_back({positions, std::exp(mean), std::exp(mean) * error});
    }
    return buckets;
}

Agreement agreementOf(std::span<const TokenId> one, std::span<const TokenId> other)
{
    const auto [a, b] = std::ranges::mismatch(one, other);
    Agreement agreement{int(a - one.begin()), std::nullopt};
    if (a != one.end() && b != other.end())
        agreement.firstDifferent = agreement.length;
    return agreement;
}

} // namespace engine
