// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/textsteps.h"
#include "engine/model/tokenizerimpl.h"
#include "engine/model/utf8.h"
#include "engine/values/error.h"

#include <unordered_map>

namespace engine {
namespace {

using Pieces = std::vector<std::string>;

std::size_t totalOf(const Pieces& pieces)
{
    std::size_t total = 0;
    for (const std::string& piece : pieces)
        total += piece.size();
    return total;
}

std::string joinedBy(const Pieces& pieces, std::string_view between)
{
    std::string text;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i > 0)
            text += between;
        text += pieces[i];
    }
    return text;
}

// The bytes a piece of the byte alphabet stands for; a piece with any other character stands for itself.
std::string bytesOf(const std::string& piece)
{
    static const std::unordered_map<std::string_view, char> byteOf = [] {
        std::unordered_map<std::string_view, char> map;
        for (std::size_t byte = 0; byte < byteAlphabet().size(); ++byte)
            map.emplace(byteAlphabet()[byte], static_cast<char>(byte));
        return map;
    }();
    std::string bytes;
    for (std::size_t at = 0; at < piece.size();) {
        const Character character = characterAt(piece, at);
        const auto found = byteOf.find(std::string_view(piece).substr(at, character.bytes));
        if (found == byteOf.end())
            return piece;
        bytes += found->second;
        at += character.bytes;
    }
    return bytes;
}

// Runs of byte pieces become their text; a run that is not UTF-8 becomes one U+FFFD per byte.
Pieces joinBytes(const Pieces& pieces)
{
    Pieces result;
    std::string run;
    const auto finish = [&] {
        if (run.empty())
            return;
        if (brokenUtf8(run) == std::string_view::npos) {
            result.push_back(run);
        } else {
            for (std::size_t i = 0; i < run.size(); ++i)
                result.emplace_back("\uFFFD");
        }
        run.clear();
    };
    for (const std::string& piece : pieces) {
        if (const std::optional<unsigned char> byte = byteOfName(piece)) {
            run += static_cast<char>(*byte);
        } else {
            finish();
            result.push_back(piece);
        }
    }
    finish();
    return result;
}

std::string replacedIn(const std::string& text, const Pattern& pattern, std::string_view by)
{
    std::string result;
    std::size_t done = 0;
    for (const ByteSpan& span : pattern.find(text)) {
        result.append(text, done, span.first - done);
        result += by;
        done = span.end;
    }
    return result.append(text, done);
}

// Up to `start` and `stop` times the content at the two ends.
std::string strippedOf(std::string piece, const TokenizerStep& what)
{
    for (int i = 0; i < what.start && !what.content.empty() && piece.starts_with(what.content); ++i)
        piece.erase(0, what.content.size());
    for (int i = 0; i < what.stop && !what.content.empty() && piece.ends_with(what.content); ++i)
        piece.resize(piece.size() - what.content.size());
    return piece;
}

Pieces decodedBy(Pieces pieces, const TextStep& step)
{
    const TokenizerStep& what = step.what;
    if (what.kind == "Fuse")
        return {joinedBy(pieces, "")};
    if (what.kind == "ByteFallback")
        return joinBytes(pieces);
    if (what.kind == "ByteLevel") {
        std::string bytes;
        for (const std::string& piece : pieces)
            bytes += bytesOf(piece);
        return {lossyUtf8(bytes)};
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (what.kind == "Replace")
            pieces[i] = replacedIn(pieces[i], *step.pattern, what.content);
        else if (what.kind == "Strip")
            pieces[i] = strippedOf(std::move(pieces[i]), what);
        else if (what.kind == "Metaspace") // at the start it is the prefix that was added
            pieces[i] =
                replacedIn(pieces[i], Pattern(what.content, false), i == 0 && what.prependScheme != "never" ? "" : " ");
        else
            throw Error(Fault::Internal, "the decoder " + what.kind + " has no implementation");
    }
    return pieces;
}

} // namespace

std::string decodePieces(std::vector<std::string> pieces, std::span<const TextStep> steps)
{
    const std::size_t most = mostGrown(totalOf(pieces));
    for (const TextStep& step : steps) {
        pieces = decodedBy(std::move(pieces), step);
        if (totalOf(pieces) > most)
            throw Error(Fault::Format, "the tokenizer's decoder " + step.what.kind + " makes the text far too long");
    }
    return lossyUtf8(joinedBy(pieces, steps.empty() ? " " : ""));
}

std::string showPiece(std::string piece, std::span<const TextStep> steps)
{
    for (const TextStep& step : steps) {
        if (step.what.kind == "ByteLevel")
            piece = bytesOf(piece);
        else if (step.what.kind == "Replace" && brokenUtf8(piece) == std::string_view::npos)
            piece = replacedIn(piece, *step.pattern, step.what.content);
        else if (step.what.kind == "Metaspace")
            piece = replacedIn(piece, Pattern(step.what.content, false), " ");
    }
    return visibleUtf8(piece);
}

} // namespace engine
