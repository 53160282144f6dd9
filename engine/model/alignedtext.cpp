// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/alignedtext.h"

namespace engine {

AlignedText::AlignedText(std::string_view original)
    : m_text(original)
{
    m_original.reserve(original.size());
    for (std::size_t i = 0; i < original.size(); ++i)
        m_original.push_back({i, i + 1});
}

AlignedText AlignedText::part(ByteSpan span) const
{
    AlignedText result;
    result.append(*this, span);
    return result;
}

ByteSpan AlignedText::original(ByteSpan span) const
{
    return {m_original[span.first].first, m_original[span.end - 1].end};
}

void AlignedText::append(std::string_view text, ByteSpan original)
{
    m_text += text;
    m_original.insert(m_original.end(), text.size(), original);
}

void AlignedText::append(const AlignedText& other, ByteSpan span)
{
    m_text.append(other.m_text, span.first, span.end - span.first);
    const auto begin = other.m_original.begin();
    m_original.insert(m_original.end(), begin + static_cast<std::ptrdiff_t>(span.first),
                      begin + static_cast<std::ptrdiff_t>(span.end));
}

void AlignedText::prepend(std::string_view text)
{
    const std::size_t place = m_original.front().first;
    m_text.insert(0, text);
    m_original.insert(m_original.begin(), text.size(), ByteSpan{place, place});
}

AlignedText AlignedText::replaced(const std::vector<ByteSpan>& spans, std::string_view by) const
{
    AlignedText result;
    std::size_t done = 0;
    for (const ByteSpan& span : spans) {
        result.append(*this, {done, span.first});
        if (span.end > span.first) {
            result.append(by, original(span));
        } else { // an insertion stands for no bytes
            const std::size_t place = span.first < size() ? m_original[span.first].first
                                      : empty()           ? 0
                                                          : m_original.back().end;
            result.append(by, {place, place});
        }
        done = span.end;
    }
    result.append(*this, {done, size()});
    return result;
}

} // namespace engine
