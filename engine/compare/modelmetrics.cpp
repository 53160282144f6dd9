// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/metrics.h"
#include "engine/compare/naming.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace engine {
namespace {

// ln Σ e^x with the maximum taken out first.
double logSumExp(std::span<const float> logits)
{
    const double top = double(*std::ranges::max_element(logits));
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(double(logit) - top);
    return top + std::log(sum);
}

double divergence(std::span<const float> exact, std::span<const float> other)
{
    const double exactSum = logSumExp(exact), otherSum = logSumExp(other);
    double sum = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        const double a = double(exact[i]) - exactSum, b = double(other[i]) - otherSum;
        sum += std::exp(a) * (a - b);
    }
    return std::max(0.0, sum); // of equal distributions it may round below 0
}

double meanOf(const std::vector<double>& values)
{
    double sum = 0;
    for (const double value : values)
        sum += value;
    return sum / double(values.size());
}

// Covariance of two means: the population covariance over n − 1, as llama.cpp does it. 0 of a single value.
double covarianceOfMeans(const std::vector<double>& a, const std::vector<double>& b)
{
    if (a.size() < 2)
        return 0;
    const double meanA = meanOf(a), meanB = meanOf(b);
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += (a[i] - meanA) * (b[i] - meanB);
    return sum / double(a.size()) / double(a.size() - 1);
}

double errorOfMean(const std::vector<double>& values)
{
    return std::sqrt(covarianceOfMeans(values, values));
}

// Between the two nearest ranks, linearly.
double percentile(std::vector<double> values, double fraction)
{
    std::ranges::sort(values);
    const double place = fraction * double(values.size() - 1);
    const auto below = std::size_t(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - double(below)) * (values[above] - values[below]);
}

Metric withError(Metric metric, double error)
{
    metric.error = metric.applies() ? error : 0;
    return metric;
}

void addDivergence(Metrics& all, const Grid& exact, const Grid& other)
{
    std::vector<double> divergences;
    int same = 0;
    for (int i = 0; i < exact.rows(); ++i) {
        const auto a = exact.row(i), b = other.row(i);
        divergences.push_back(divergence(a, b));
        same += std::ranges::max_element(a) - a.begin() == std::ranges::max_element(b) - b.begin();
    }
    const auto count = double(exact.rows());
    const double share = same / count;
    all.push_back(withError(metricFrom("klD", meanOf(divergences), "nats"), errorOfMean(divergences)));
    all.push_back(metricFrom("klD_p50", percentile(divergences, 0.5), "nats"));
    all.push_back(metricFrom("klD_p99", percentile(divergences, 0.99), "nats"));
    all.push_back(metricFrom("klD_max", percentile(divergences, 1), "nats"));
    all.push_back(withError(metricFrom("same_top1", 100 * share, "%"),
                            count > 1 ? 100 * std::sqrt(share * (1 - share) / (count - 1)) : 0));
}

// Negative log likelihoods of the targets.
std::vector<double> losses(const Grid& logits, std::span<const int> targets)
{
    std::vector<double> all;
    for (std::size_t i = 0; i < targets.size(); ++i)
        all.push_back(-logProbability(logits.row(int(i)), targets[i]));
    return all;
}

void addPerplexity(Metrics& all, const std::vector<double>& exact, const std::vector<double>& other)
{
    const double ppl = std::exp(meanOf(exact)), pplOther = std::exp(meanOf(other));
    const double varianceExact = covarianceOfMeans(exact, exact), varianceOther = covarianceOfMeans(other, other);
    const double covariance = covarianceOfMeans(exact, other);
    const auto root = [](double square) { return std::sqrt(std::max(0.0, square)); };
    all.push_back(withError(metricFrom("ppl", ppl, ""), ppl * root(varianceExact)));
    all.push_back(withError(metricFrom("ppl_other", pplOther, ""), pplOther * root(varianceOther)));
    all.push_back(withError(
        metricFrom("delta_ppl", pplOther - ppl, ""),
        root(pplOther * pplOther * varianceOther + ppl * ppl * varianceExact - 2 * pplOther * ppl * covariance)));
    all.push_back(withError(metricFrom("ln_ppl_ratio", meanOf(other) - meanOf(exact), "nats"),
                            root(varianceOther + varianceExact - 2 * covariance)));
    std::vector<double> changes;
    double squares = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        changes.push_back(100 * (std::exp(-other[i]) - std::exp(-exact[i])));
        squares += changes.back() * changes.back();
    }
    all.push_back(withError(metricFrom("delta_p", meanOf(changes), "%"), errorOfMean(changes)));
    all.push_back(metricFrom("delta_p_rms", std::sqrt(squares / double(changes.size())), "%"));
    all.push_back(metricFrom("delta_p_p5", percentile(changes, 0.05), "%"));
    all.push_back(metricFrom("delta_p_p50", percentile(changes, 0.5), "%"));
    all.push_back(metricFrom("delta_p_p95", percentile(changes, 0.95), "%"));
    constexpr std::size_t bucket = 128;
    for (std::size_t first = 0; first < other.size(); first += bucket) {
        const std::vector<double> part(other.begin() + std::ptrdiff_t(first),
                                       other.begin() + std::ptrdiff_t(std::min(first + bucket, other.size())));
        all.push_back(metricFrom("ppl_by_pos@" + std::to_string(first), std::exp(meanOf(part)), ""));
    }
}

} // namespace

double logProbability(std::span<const float> logits, int target)
{
    return std::min(0.0, double(logits[std::size_t(target)]) - logSumExp(logits));
}

Metrics modelMetrics(const Grid& exactLogits, const Grid& otherLogits, std::span<const int> targets)
{
    assert(exactLogits.rows() == otherLogits.rows() && exactLogits.cols() == otherLogits.cols());
    assert(std::ssize(targets) <= exactLogits.rows());
    Metrics all;
    if (exactLogits.empty()) {
        for (const char* id : {"klD", "klD_p50", "klD_p99", "klD_max", "same_top1"})
            all.push_back(metricFrom(id, 0, "", "there are no positions"));
    } else {
        addDivergence(all, exactLogits, otherLogits);
    }
    if (targets.empty()) {
        for (const char* id : {"ppl", "ppl_other", "delta_ppl", "ln_ppl_ratio", "delta_p", "delta_p_rms"})
            all.push_back(metricFrom(id, 0, "", "no token follows another"));
    } else {
        addPerplexity(all, losses(exactLogits, targets), losses(otherLogits, targets));
    }
    return all;
}

} // namespace engine
