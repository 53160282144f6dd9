// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/behaviour.h"

#include <algorithm>
#include <cmath>

namespace engine {
namespace {

constexpr int nearest = 4;     // keys that count as local, the query's own among them
constexpr double sinkAt = 0.3; // mean weight that makes a key a sink

// A mean over rows.
struct Mean
{
    double sum = 0;
    int rows = 0;

    void add(double share)
    {
        sum += share;
        ++rows;
    }

    double value() const { return rows > 0 ? sum / rows : 0; }
};

double entropyOf(std::span<const float> row)
{
    double entropy = 0;
    for (const float cell : row)
        if (cell > 0)
            entropy -= double(cell) * std::log(double(cell));
    return entropy;
}

// Mass on the earlier tokens that are the query's own, and on those that follow them. Whether there were any.
struct Repeats
{
    double duplicate = 0, induction = 0;
    bool hasEarlier = false, hasFollower = false;
};

Repeats repeatsOf(std::span<const float> row, std::span<const TokenId> tokens, int query)
{
    Repeats found;
    for (int key = 0; key < query; ++key) {
        if (tokens[std::size_t(key)] != tokens[std::size_t(query)])
            continue;
        found.hasEarlier = true;
        found.duplicate += double(row[std::size_t(key)]);
        if (key + 1 < query) { // a follower that is the query itself says nothing
            found.hasFollower = true;
            found.induction += double(row[std::size_t(key) + 1]);
        }
    }
    return found;
}

} // namespace

std::vector<Behaviour> behavioursOf(const Grid& map, std::span<const TokenId> tokens)
{
    Mean previous, self, sink, duplicate, induction, local, broad;
    const int rows = std::min({map.rows(), map.cols(), int(tokens.size())});
    for (int query = 0; query < rows; ++query) {
        const auto row = map.row(query).first(std::size_t(query) + 1);
        const auto at = [row](int key) { return double(row[std::size_t(key)]); };
        if (query == 0)
            continue; // a row of one key has no choice
        previous.add(at(query - 1));
        self.add(at(query));
        sink.add(at(0));
        const Repeats repeats = repeatsOf(row, tokens, query);
        if (repeats.hasEarlier)
            duplicate.add(repeats.duplicate);
        if (repeats.hasFollower)
            induction.add(repeats.induction);
        if (query + 1 > 2 * nearest) {
            double mass = 0;
            for (int key = query - nearest + 1; key <= query; ++key)
                mass += at(key);
            local.add(mass);
        }
        broad.add(entropyOf(row) / std::log(double(query + 1)));
    }
    return {
        {"previous", "previous token", "Mean weight on the token just before the query: A[i, i − 1].", previous.value(),
         0.4, previous.rows},
        {"self", "current token", "Mean weight on the query itself: A[i, i].", self.value(), 0.4, self.rows},
        {"sink", "sink", "Mean weight on the first token: A[i, 0], i > 0.", sink.value(), 0.4, sink.rows},
        {"duplicate", "duplicate token",
         "Mean weight on earlier occurrences of the query's own token: Σ A[i, j] over j < i with t_j = t_i.",
         duplicate.value(), 0.4, duplicate.rows},
        {"induction", "induction",
         "Mean weight on what followed earlier occurrences of the query's token: Σ A[i, j + 1] over j + 1 < i with "
         "t_j = t_i.",
         induction.value(), 0.4, induction.rows},
        {"local", "local",
         "Mean weight on the four nearest tokens, the query's own among them, over rows of more "
         "than eight keys.",
         local.value(), 0.6, local.rows},
        {"broad", "broad", "Mean entropy of a row as a share of the largest it can have, ln of its keys.",
         broad.value(), 0.85, broad.rows},
    };
}

const Behaviour* labelOf(std::span<const Behaviour> behaviours)
{
    const auto find = [&](std::string_view id) -> const Behaviour* {
        const auto found = std::ranges::find(behaviours, id, &Behaviour::id);
        return found != behaviours.end() && found->named() ? &*found : nullptr;
    };
    const Behaviour* best = nullptr;
    for (const std::string_view id : {"induction", "duplicate", "previous", "self", "sink"})
        if (const Behaviour* each = find(id); each != nullptr && (best == nullptr || each->score > best->score))
            best = each;
    if (best == nullptr)
        best = find("local");
    return best != nullptr ? best : find("broad");
}

RowStatistics rowStatistics(const Grid& map)
{
    Mean entropy, sink;
    for (int query = 0; query < map.rows(); ++query) {
        const auto row = map.row(query).first(std::size_t(std::min(query + 1, map.cols())));
        entropy.add(entropyOf(row));
        if (query > 0)
            sink.add(double(row[0]));
    }
    return {entropy.value(), sink.value()};
}

std::vector<int> sinkKeys(const Grid& map)
{
    std::vector<int> sinks;
    const int enough = std::max(4, map.rows() / 4);
    for (int key = 0; key < map.cols() && map.rows() - key >= enough; ++key) {
        Mean received;
        for (int query = key; query < map.rows(); ++query)
            received.add(double(map.at(query, key)));
        if (received.value() > sinkAt)
            sinks.push_back(key);
    }
    return sinks;
}

} // namespace engine
