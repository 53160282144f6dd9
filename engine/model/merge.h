// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/ids.h"

#include <queue>

#include <cstddef>
#include <optional>
#include <vector>

namespace engine {

// A piece of a word while pairs are merged: its token and the bytes of the word it covers.
struct Symbol
{
    TokenId id;
    std::size_t first = 0, end = 0;
};

// What a pair becomes, and when: smaller orders merge first, of equal ones the leftmost.
struct MergeRule
{
    double order = 0;
    TokenId result;
};

// Merges neighbours until no rule applies, always the first in order: O(n log n). `ruleOf(left, right)` gives
// std::optional<MergeRule>.
template <typename RuleOf>
std::vector<Symbol> mergeAll(std::vector<Symbol> symbols, const RuleOf& ruleOf)
{
    struct Candidate
    {
        MergeRule rule;
        std::size_t left = 0;
        TokenId leftId, rightId; // what stood there: out of date if it has changed

        bool operator<(const Candidate& other) const // the queue's top is its greatest
        {
            return rule.order != other.rule.order ? rule.order > other.rule.order : left > other.left;
        }
    };

    constexpr auto none = static_cast<std::size_t>(-1);
    const std::size_t count = symbols.size();
    std::vector<std::size_t> next(count);
    std::vector<std::size_t> previous(count);
    std::vector<bool> gone(count);
    std::vector<Candidate> found;
    const auto candidate = [&](std::size_t left, std::size_t right) {
        const std::optional<MergeRule> rule = ruleOf(symbols[left].id, symbols[right].id);
        return rule ? std::optional(Candidate{*rule, left, symbols[left].id, symbols[right].id}) : std::nullopt;
    };
    for (std::size_t i = 0; i < count; ++i) {
        next[i] = i + 1 < count ? i + 1 : none;
        previous[i] = i > 0 ? i - 1 : none;
        if (i > 0) {
            if (const auto made = candidate(i - 1, i))
                found.push_back(*made);
        }
    }
    std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(found));
    while (!queue.empty()) {
        const Candidate top = queue.top();
        queue.pop();
        const std::size_t right = gone[top.left] ? none : next[top.left];
        if (right == none || symbols[top.left].id != top.leftId || symbols[right].id != top.rightId)
            continue;
        symbols[top.left] = {top.rule.result, symbols[top.left].first, symbols[right].end};
        gone[right] = true;
        next[top.left] = next[right];
        if (next[right] != none) {
            previous[next[right]] = top.left;
            if (const auto made = candidate(top.left, next[right]))
                queue.push(*made);
        }
        if (previous[top.left] != none) {
            if (const auto made = candidate(previous[top.left], top.left))
                queue.push(*made);
        }
    }
    std::vector<Symbol> merged;
    for (std::size_t i = 0; i < count; i = next[i]) {
        merged.push_back(symbols[i]);
        if (next[i] == none)
            break;
    }
    return merged;
}

} // namespace engine
