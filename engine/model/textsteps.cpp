// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/textsteps.h"

#include "engine/model/utf8.h"
#include "engine/values/error.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utf8proc.h>

namespace engine {
namespace {

// ---- normalizers

// Whether a character can be part of the cluster before it: a mark, or one that composes with what precedes it
// (conjoining and compatibility Hangul, half-width sound marks). Clusters normalise independently of each other.
bool continuesCluster(std::int32_t code)
{
    const utf8proc_category_t category = utf8proc_category(code);
    const bool mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
    return mark || (code >= 0x1160 && code <= 0x11FF) || (code >= 0xD7B0 && code <= 0xD7FB) ||
           (code >= 0x3131 && code <= 0x318E) || (code >= 0xFF9E && code <= 0xFFDC);
}

std::string mapped(std::string_view text, utf8proc_option_t options)
{
    utf8proc_uint8_t* result = nullptr;
    const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                               static_cast<utf8proc_ssize_t>(text.size()), &result, options);
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
    if (size < 0)
        throw Error(Fault::Request, std::string("the text cannot be normalised: ") + utf8proc_errmsg(size));
    return {reinterpret_cast<const char*>(result), static_cast<std::size_t>(size)};
}

AlignedText unicodeForm(const AlignedText& text, utf8proc_option_t options)
{
    AlignedText result;
    const std::string& bytes = text.text();
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t end = at + characterAt(bytes, at).bytes;
        while (end < bytes.size()) {
            const Character next = characterAt(bytes, end);
            if (!continuesCluster(next.code))
                break;
            end += next.bytes;
        }
        const std::string_view cluster = std::string_view(bytes).substr(at, end - at);
        const std::string changed = cluster.size() == 1 ? std::string(cluster) : mapped(cluster, options);
        if (changed == cluster)
            result.append(text, {at, end});
        else
            result.append(changed, text.original({at, end}));
        at = end;
    }
    return result;
}

AlignedText lowerCase(const AlignedText& text)
{
    AlignedText result;
    constexpr std::int32_t dottedI = 0x130; // the one character whose lower case is two
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text.text(), at);
        const ByteSpan span{at, at + character.bytes};
        const std::int32_t lower = utf8proc_tolower(character.code);
        if (character.code == dottedI) {
            result.append("i\u0307", text.original(span));
        } else if (lower != character.code) {
            std::string changed;
            appendUtf8(changed, lower);
            result.append(changed, text.original(span));
        } else {
            result.append(text, span);
        }
        at = span.end;
    }
    return result;
}

AlignedText stripped(const AlignedText& text, bool left, bool right)
{
    std::size_t first = text.size();
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text.text(), at);
        if (!isSpace(character.code)) {
            first = std::min(first, at);
            end = at + character.bytes;
        }
        at += character.bytes;
    }
    if (end == 0)
        return {};
    return text.part({left ? first : 0, right ? end : text.size()});
}

AlignedText normaliseBy(AlignedText text, const TextStep& step, Deadline deadline)
{
    const std::string& kind = step.what.kind;
    constexpr auto compose = utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    constexpr auto decompose = utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    if (kind == "NFC")
        return unicodeForm(text, compose);
    if (kind == "NFD")
        return unicodeForm(text, decompose);
    if (kind == "NFKC")
        return unicodeForm(text, utf8proc_option_t(compose | UTF8PROC_COMPAT));
    if (kind == "NFKD")
        return unicodeForm(text, utf8proc_option_t(decompose | UTF8PROC_COMPAT));
    if (kind == "Lowercase")
        return lowerCase(text);
    if (kind == "Strip")
        return stripped(text, step.what.start > 0, step.what.stop > 0);
    if (kind == "Replace")
        return text.replaced(step.pattern->find(text.text(), deadline), step.what.content);
    if (kind == "Prepend") {
        if (!text.empty())
            text.prepend(step.what.content);
        return text;
    }
    throw Error(Fault::Internal, "the normalizer " + kind + " has no implementation");
}

// ---- pre-tokenizers

struct Cut
{
    ByteSpan span;
    bool isMatch = false;
};

// The matches and what lies between them, from left to right.
std::vector<Cut> cutsOf(std::size_t size, const std::vector<ByteSpan>& matches, bool invert)
{
    std::vector<Cut> cuts;
    std::size_t done = 0;
    for (const ByteSpan& match : matches) {
        if (match.first > done)
            cuts.push_back({{done, match.first}, invert});
        cuts.push_back({match, !invert});
        done = match.end;
    }
    if (done < size)
        cuts.push_back({{done, size}, invert});
    return cuts;
}

// A match joins the run before it: once (MergedWithPrevious), or with everything of its own sort (Contiguous).
std::vector<ByteSpan> joined(const std::vector<Cut>& cuts, const std::function<bool(bool previous, bool now)>& joins)
{
    std::vector<ByteSpan> spans;
    bool previous = false;
    for (const Cut& cut : cuts) {
        if (joins(previous, cut.isMatch) && !spans.empty())
            spans.back().end = cut.span.end;
        else
            spans.push_back(cut.span);
        previous = cut.isMatch;
    }
    return spans;
}

std::vector<ByteSpan> joinedWithNext(const std::vector<Cut>& cuts)
{
    std::vector<ByteSpan> spans; // from right to left
    bool next = false;
    for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
        if (cut->isMatch && !next && !spans.empty())
            spans.back().first = cut->span.first;
        else
            spans.push_back(cut->span);
        next = cut->isMatch;
    }
    std::ranges::reverse(spans);
    return spans;
}

std::vector<ByteSpan> behave(const std::vector<Cut>& cuts, const std::string& behavior)
{
    if (behavior == "MergedWithPrevious")
        return joined(cuts, [](bool previous, bool now) { return now && !previous; });
    if (behavior == "Contiguous")
        return joined(cuts, [](bool previous, bool now) { return now == previous; });
    if (behavior == "MergedWithNext")
        return joinedWithNext(cuts);
    std::vector<ByteSpan> spans;
    for (const Cut& cut : cuts) {
        if (behavior != "Removed" || !cut.isMatch)
            spans.push_back(cut.span);
    }
    return spans;
}

std::vector<ByteSpan> charactersThat(const std::string& text, bool (*holds)(std::int32_t))
{
    std::vector<ByteSpan> spans;
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text, at);
        if (holds(character.code))
            spans.push_back({at, at + character.bytes});
        at += character.bytes;
    }
    return spans;
}

// Runs of word characters, and runs of what is neither word nor space.
std::vector<ByteSpan> wordsOf(const std::string& text)
{
    std::vector<ByteSpan> spans;
    const auto sortOf = [](std::int32_t code) { return isWord(code) ? 1 : isSpace(code) ? 0 : 2; };
    int previous = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Character character = characterAt(text, at);
        const int sort = sortOf(character.code);
        if (sort != 0 && sort == previous)
            spans.back().end = at + character.bytes;
        else if (sort != 0)
            spans.push_back({at, at + character.bytes});
        previous = sort;
        at += character.bytes;
    }
    return spans;
}

void addPrefix(AlignedText& text, const std::string& prefix)
{
    if (!text.empty() && !text.text().starts_with(prefix))
        text.prepend(prefix);
}

const Pattern& byteLevelWords()
{
    static const Pattern pattern(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", true);
    return pattern;
}

AlignedText inByteAlphabet(const AlignedText& text)
{
    AlignedText result;
    for (std::size_t i = 0; i < text.size(); ++i)
        result.append(byteAlphabet()[static_cast<unsigned char>(text.text()[i])], text.original({i, i + 1}));
    return result;
}

// Changes the text where the step does (prefix, replacement) and says where it cuts it.
std::vector<ByteSpan> cut(AlignedText& text, const TextStep& step, Deadline deadline)
{
    const TokenizerStep& what = step.what;
    const auto behaving = [&](const std::vector<ByteSpan>& matches, const std::string& behavior) {
        return behave(cutsOf(text.size(), matches, what.invert), behavior);
    };
    if (what.kind == "Split")
        return behaving(step.pattern->find(text.text(), deadline), what.behavior);
    if (what.kind == "Digits")
        return behaving(charactersThat(text.text(), isNumber), what.individualDigits ? "Isolated" : "Contiguous");
    if (what.kind == "Punctuation")
        return behaving(charactersThat(text.text(), isPunctuation), what.behavior);
    if (what.kind == "WhitespaceSplit")
        return behaving(charactersThat(text.text(), isSpace), "Removed");
    if (what.kind == "Whitespace")
        return wordsOf(text.text());
    if (what.kind == "ByteLevel") {
        if (what.addPrefixSpace)
            addPrefix(text, " ");
        if (!what.useRegex)
            return {{0, text.size()}};
        return behaving(byteLevelWords().find(text.text(), deadline), "Isolated");
    }
    if (what.kind == "Metaspace") {
        const bool atStart = !text.empty() && text.original({0, 1}).first == 0;
        text = text.replaced(Pattern(" ", false).find(text.text()), what.content);
        if (what.prependScheme == "always" || (what.prependScheme == "first" && atStart))
            addPrefix(text, what.content);
        if (!what.split)
            return {{0, text.size()}};
        return behaving(Pattern(what.content, false).find(text.text()), "MergedWithNext");
    }
    throw Error(Fault::Internal, "the pre-tokenizer " + what.kind + " has no implementation");
}

[[noreturn]] void refuseGrowth(const TextStep& step)
{
    throw Error(Fault::Format, "the tokenizer's step " + step.what.kind + " makes the text far too long");
}

} // namespace

std::vector<TextStep> compileSteps(const std::vector<TokenizerStep>& steps)
{
    std::vector<TextStep> compiled;
    for (const TokenizerStep& step : steps) {
        TextStep text{step, std::nullopt};
        if (!step.pattern.empty())
            text.pattern.emplace(step.pattern, step.regex);
        compiled.push_back(std::move(text));
    }
    return compiled;
}

AlignedText normalise(AlignedText text, std::span<const TextStep> steps, Deadline deadline)
{
    const std::size_t most = mostGrown(text.size());
    for (const TextStep& step : steps) {
        text = normaliseBy(std::move(text), step, deadline);
        if (text.size() > most)
            refuseGrowth(step);
    }
    return text;
}

std::vector<AlignedText> preTokenise(AlignedText text, std::span<const TextStep> steps, Deadline deadline)
{
    const std::size_t most = mostGrown(text.size());
    std::vector<AlignedText> words;
    if (!text.empty())
        words.push_back(std::move(text));
    for (const TextStep& step : steps) {
        std::vector<AlignedText> next;
        std::size_t total = 0;
        for (AlignedText& word : words) {
            for (const ByteSpan& span : cut(word, step, deadline)) {
                if (span.end > span.first)
                    next.push_back(word.part(span));
            }
            total += word.size();
            if (total > most)
                refuseGrowth(step);
        }
        words = std::move(next);
        if (step.what.kind == "ByteLevel")
            std::ranges::transform(words, words.begin(), inByteAlphabet);
    }
    return words;
}

const std::array<std::string, 256>& byteAlphabet()
{
    // Printable Latin-1 stands for itself, the others follow from U+0100 on, in order.
    static const std::array<std::string, 256> alphabet = [] {
        std::array<std::string, 256> made;
        std::int32_t next = 0x100;
        for (std::int32_t byte = 0; byte < 256; ++byte) {
            const bool printable =
                (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
            appendUtf8(made[static_cast<std::size_t>(byte)], printable ? byte : next);
            next += printable ? 0 : 1;
        }
        return made;
    }();
    return alphabet;
}

} // namespace engine
