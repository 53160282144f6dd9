// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/loss.h"

#include "engine/compare/prediction.h"
#include "engine/values/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace engine {

namespace {

double logSumExp(std::span<const float> row)
{
    const double top = double(*std::max_element(row.begin(), row.end()));
    double sum = 0;
    for (const float value : row)
        sum += std::exp(double(value) - top);
    return top + std::log(sum);
}

} // namespace

std::vector<float> tokenLosses(const Grid& logits, std::span<const TokenId> tokens)
{
    std::vector<float> losses(tokens.size(), std::numeric_limits<float>::quiet_NaN());
    if (tokens.size() < 2)
        return losses;
    if (std::size_t(logits.rows()) + 1 < tokens.size() || logits.cols() == 0)
        throw Error(Fault::Internal, "losses of " + std::to_string(tokens.size()) + " tokens were asked for with " +
                                         std::to_string(logits.rows()) + " rows of logits");
    for (std::size_t place = 1; place < tokens.size(); ++place) {
        const std::span<const float> row = logits.row(int(place) - 1);
        const int target = tokens[place].value;
        if (target < 0 || target >= logits.cols())
            throw Error(Fault::Request, "token " + std::to_string(target) + " lies outside the vocabulary of " +
                                            std::to_string(logits.cols()));
        losses[place] = float(logSumExp(row) - double(row[std::size_t(target)]));
    }
    return losses;
}

std::vector<float> predictionEntropies(const Grid& logits, int tokens)
{
    std::vector<float> entropies(std::size_t(std::max(0, tokens)), std::numeric_limits<float>::quiet_NaN());
    if (tokens > 1 && logits.rows() + 1 < tokens)
        throw Error(Fault::Internal, "entropies of " + std::to_string(tokens) + " tokens were asked for with " +
                                         std::to_string(logits.rows()) + " rows of logits");
    for (int place = 1; place < tokens; ++place)
        entropies[std::size_t(place)] = float(Prediction(logits.row(place - 1), logits.cols()).entropy());
    return entropies;
}

} // namespace engine
