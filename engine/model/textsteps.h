// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/vocabulary.h"
#include "engine/model/alignedtext.h"

#include <array>
#include <optional>
#include <span>

namespace engine {

// A step of a tokenizer file with its pattern compiled.
struct TextStep
{
    TokenizerStep what;
    std::optional<Pattern> pattern;
};

// Steps that replace short by long could multiply a text again and again: how long one of `bytes` may become.
constexpr std::size_t mostGrown(std::size_t bytes)
{
    return 64 * (bytes + 1024);
}

std::vector<TextStep> compileSteps(const std::vector<TokenizerStep>& steps);

// The text after all normalizers.
AlignedText normalise(AlignedText text, std::span<const TextStep> steps, Deadline deadline = matchingDeadline());

// The words after all pre-tokenizers; none is empty.
std::vector<AlignedText> preTokenise(AlignedText text, std::span<const TextStep> steps,
                                     Deadline deadline = matchingDeadline());

// The text of some pieces as the decoder's steps put it together. With none the library joins by spaces.
std::string decodePieces(std::vector<std::string> pieces, std::span<const TextStep> steps);

// What one piece alone shows: the decoder's steps without those that strip or depend on its neighbours.
std::string showPiece(std::string piece, std::span<const TextStep> steps);

// GPT-2's alphabet: every byte as a printable character.
const std::array<std::string, 256>& byteAlphabet();

} // namespace engine
