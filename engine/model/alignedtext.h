// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/model/pattern.h"

#include <string>
#include <string_view>
#include <vector>

namespace engine {

// A text on its way through normalizers and pre-tokenizers: every byte knows which bytes of the original text it stands
// for. Inserted bytes stand for none (an empty range at their place).
class AlignedText
{
public:
    AlignedText() = default;
    explicit AlignedText(std::string_view original); // stands for itself

    const std::string& text() const { return m_text; }

    std::size_t size() const { return m_text.size(); }

    bool empty() const { return m_text.empty(); }

    AlignedText part(ByteSpan span) const;
    ByteSpan original(ByteSpan span) const; // of a non-empty span

    void append(std::string_view text, ByteSpan original); // all of it stands for those bytes
    void append(const AlignedText& other, ByteSpan span);

    void prepend(std::string_view text);                                                 // to a non-empty text
    AlignedText replaced(const std::vector<ByteSpan>& spans, std::string_view by) const; // spans from left to right

private:
    std::string m_text;
    std::vector<ByteSpan> m_original; // per byte
};

} // namespace engine
