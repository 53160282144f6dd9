// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// Bytes [first, end) of a text.
struct ByteSpan
{
    std::size_t first = 0, end = 0;

    bool operator==(const ByteSpan&) const = default;
};

// When matching gives up, whatever the pattern: one deadline for all the searches of a text.
using Deadline = std::chrono::steady_clock::time_point;

Deadline matchingDeadline(); // half a minute from now

// What a tokenizer file searches for: a literal text, or a regular expression with Unicode classes. Immutable; any
// thread may use it. Patterns come from untrusted files: steps and time are bounded.
class Pattern
{
public:
    Pattern(std::string text, bool regex); // throws Error{Format} for an expression that PCRE2 refuses

    // The matches from left to right, none overlapping, in valid UTF-8. Throws Error{Format} when the expression needs
    // more steps than are allowed, or more time than there is.
    std::vector<ByteSpan> find(std::string_view text, Deadline deadline = matchingDeadline()) const;

private:
    std::vector<ByteSpan> findLiteral(std::string_view text) const;
    std::vector<ByteSpan> findRegex(std::string_view text, Deadline deadline) const;

    std::string m_text;
    std::shared_ptr<const void> m_code; // empty for a literal
};

} // namespace engine
