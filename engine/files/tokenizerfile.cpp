// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/tokenizerfile.h"

#include <algorithm>
#include <cmath>

namespace engine {
namespace {

constexpr std::size_t longestPiece = 65'536;
constexpr std::size_t longestFile = std::size_t(64) << 20;
constexpr std::size_t mostPieces = std::size_t(1) << 22;

// llama2.c's fixed ids.
constexpr TokenId scoredBos{1};
constexpr TokenId scoredEos{2};

struct ScoredPiece
{
    float score = 0;
    std::int32_t bytes = 0;
};

ScoredPiece takePieceHead(ByteReader& reader)
{
    ScoredPiece piece;
    piece.score = reader.take<float>("score of a piece");
    piece.bytes = reader.take<std::int32_t>("length of a piece");
    return piece;
}

} // namespace

// The head of a v0 checkpoint, seven sizes, does not read as pieces with scores: the float after the first number would
// be denormal.
bool looksLikeTokenizerBin(std::span<const std::byte> head)
{
    try {
        ByteReader reader({}, head);
        const auto longest = reader.take<std::int32_t>("");
        if (longest < 1 || static_cast<std::size_t>(longest) > longestPiece)
            return false;
        for (int i = 0; i < 8 && reader.left() > 0; ++i) {
            const ScoredPiece piece = takePieceHead(reader);
            const bool plausible = piece.score == 0 || (std::isnormal(piece.score) && std::abs(piece.score) < 1e10F);
            if (!plausible || piece.bytes < 0 || piece.bytes > longest)
                return false;
            reader.take(static_cast<std::size_t>(piece.bytes), "");
        }
        return true;
    } catch (const Error&) { // cut off inside a piece
        return false;
    }
}

Vocabulary readTokenizerBin(const std::filesystem::path& path)
{
    const std::string whole = File(path).text(longestFile);
    ByteReader reader(path.filename().string(), std::as_bytes(std::span(whole)));
    const auto refuse = [&](const std::string& found, const std::string& expected) {
        throw Error(Fault::Format, reader.place() + ": " + found + "; " + expected + " was expected");
    };
    const auto longest = reader.take<std::int32_t>("length of the longest piece");
    if (longest < 1 || static_cast<std::size_t>(longest) > longestPiece)
        refuse("the longest piece's length is " + std::to_string(longest),
               "a length from 1 to " + std::to_string(longestPiece));
    ScoredVocabulary scored;
    while (reader.left() > 0) {
        if (scored.pieces.size() == mostPieces)
            refuse("more than " + std::to_string(mostPieces) + " pieces", "the end of the file");
        const ScoredPiece piece = takePieceHead(reader);
        const std::string number = std::to_string(scored.pieces.size());
        if (!std::isfinite(piece.score))
            refuse("the score of piece " + number + " is not finite", "a number");
        if (piece.bytes < 0 || piece.bytes > longest)
            refuse("the length of piece " + number + " is " + std::to_string(piece.bytes),
                   "a length from 0 to " + std::to_string(longest));
        const auto bytes = reader.take(static_cast<std::size_t>(piece.bytes), "piece " + number);
        scored.pieces.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        scored.scores.push_back(piece.score);
    }
    if (scored.pieces.size() <= static_cast<std::size_t>(scoredEos.value))
        refuse("only " + std::to_string(scored.pieces.size()) + " pieces", "at least <unk>, bos and eos");
    Vocabulary vocabulary;
    vocabulary.size = static_cast<int>(scored.pieces.size());
    vocabulary.bos = scoredBos;
    vocabulary.eos = scoredEos;
    vocabulary.addBos = true;
    vocabulary.model = std::move(scored);
    return vocabulary;
}

void attachTokenizer(Checkpoint& checkpoint, const std::filesystem::path& path)
{
    std::filesystem::path file = path;
    std::error_code unknown; // what cannot be looked at is told when it is opened
    if (std::filesystem::is_directory(path, unknown)) {
        const bool json = isThere(path / "tokenizer.json");
        file = path / (json ? "tokenizer.json" : "tokenizer.bin");
        if (!isThere(file))
            throw Error(Fault::File, path.string() + ": holds neither tokenizer.json nor tokenizer.bin");
    }
    bool isJson = false;
    {
        const std::vector<std::byte> head = File(file).head();
        const auto first = std::ranges::find_if(head, [](std::byte byte) {
            return byte != std::byte{' '} && byte != std::byte{'\n'} && byte != std::byte{'\t'} &&
                   byte != std::byte{'\r'};
        });
        isJson = first != head.end() && *first == std::byte{'{'};
    }
    if (!isJson && file.extension() == ".json")
        isJson = true; // so that the message speaks of JSON
    if (isJson) {
        checkpoint.vocabulary = readTokenizerJson(file, checkpoint.assumed, checkpoint.files);
    } else {
        checkpoint.vocabulary = readTokenizerBin(file);
        checkpoint.files.push_back(file.filename().string());
    }
    checkpoint.tokenizerFile = file.filename().string();

    // The tokenizer says what a prompt begins with; the configuration is asked where it does not.
    Vocabulary& vocabulary = *checkpoint.vocabulary;
    const auto settle = [&](std::optional<TokenId>& ours, std::optional<TokenId>& theirs, const char* name) {
        if (ours && theirs && *ours != *theirs)
            checkpoint.assumed.push_back(std::string("the configuration's ") + name + " id is " +
                                         std::to_string(theirs->value) + ", the tokenizer's " +
                                         std::to_string(ours->value) + "; the tokenizer's is used");
        if (ours)
            theirs = ours;
        else if (theirs && theirs->value < vocabulary.size)
            ours = theirs;
    };
    settle(vocabulary.bos, checkpoint.config.bos, "bos");
    settle(vocabulary.eos, checkpoint.config.eos, "eos");
    if (const auto* bpe = std::get_if<BpeVocabulary>(&vocabulary.model))
        vocabulary.addBos = vocabulary.bos && !bpe->before.empty() && bpe->before.front() == *vocabulary.bos;
}

} // namespace engine
