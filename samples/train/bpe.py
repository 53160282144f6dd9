# SPDX-License-Identifier: GPL-3.0-or-later
"""Byte-level BPE as in GPT-2: training, encoding, decoding, and the tokenizer.json of Hugging Face."""
import collections
import json
import re
import sys
import unicodedata

BOS = "<|bos|>"


def byte_characters():
    """The printable character that stands for each byte (GPT-2's map)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = (chr(256 + i) for i in range(256 - len(plain)))
    return [chr(byte) if byte in plain else next(spare) for byte in range(256)]


def category_class(initial):
    """The inside of a character class with all code points whose Unicode category begins with `initial`."""
    out, begin = "", None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == initial
        if inside and begin is None:
            begin = code
        elif not inside and begin is not None:
            out += f"\\U{begin:08x}-\\U{code - 1:08x}"
            begin = None
    return out


L, N = category_class("L"), category_class("N")
S = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # White_Space; Python's \s has four more
# GPT-2's pattern; Python's re has no \p{L} and \p{N}
SPLIT = re.compile(f"'s|'t|'re|'ve|'m|'ll|'d| ?[{L}]+| ?[{N}]+| ?[^{S}{L}{N}]+|[{S}]+(?![^{S}])|[{S}]+")
BYTES = byte_characters()


def to_characters(text):
    return "".join(BYTES[byte] for byte in text.encode("utf-8"))


def merge(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if symbols[i:i + 2] == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return tuple(out)


def train(texts, size):
    """A tokenizer of `size` tokens: <|bos|>, the 256 bytes, then one token per merge."""
    counts = collections.Counter(piece for text in texts for piece in SPLIT.findall(text))
    words = {tuple(to_characters(piece)): count for piece, count in counts.items()}
    vocabulary, merges = [BOS, *sorted(BYTES)], []
    while len(vocabulary) < size:
        pairs = collections.Counter()
        for symbols, count in words.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        best = max(pairs, key=lambda pair: (pairs[pair], pair))  # ties: the later pair in character order
        merges.append(best)
        if best[0] + best[1] not in vocabulary:  # two merges may spell the same token
            vocabulary.append(best[0] + best[1])
        words = {merge(symbols, best): count for symbols, count in words.items()}
    return Tokenizer(vocabulary, merges)


class Tokenizer:
    def __init__(self, vocabulary, merges):
        self.vocabulary, self.merges = vocabulary, merges
        self.ids = {token: i for i, token in enumerate(vocabulary)}
        self.ranks = {pair: rank for rank, pair in reversed(list(enumerate(merges)))}
        self.bos = self.ids[BOS]
        self.memory = {}

    def encode_piece(self, piece):
        if piece not in self.memory:
            symbols = list(to_characters(piece))
            while len(symbols) > 1:  # join the leftmost pair of the lowest rank, one at a time
                rank, at = min((self.ranks.get(pair, len(self.ranks)), i)
                               for i, pair in enumerate(zip(symbols, symbols[1:])))
                if rank == len(self.ranks):
                    break
                symbols[at:at + 2] = [symbols[at] + symbols[at + 1]]
            self.memory[piece] = [self.ids[symbol] for symbol in symbols]
        return self.memory[piece]

    def encode(self, text, bos=True):
        out = [self.bos] if bos else []
        for i, part in enumerate(text.split(BOS)):
            if i:
                out.append(self.bos)
            for piece in SPLIT.findall(part):
                out += self.encode_piece(piece)
        return out

    def decode(self, ids):
        byte = {character: i for i, character in enumerate(BYTES)}
        data = bytes(byte[c] for i in ids if i != self.bos for c in self.vocabulary[i])
        return data.decode("utf-8", errors="replace")

    def save(self, folder, context):
        special = {"id": self.bos, "content": BOS, "single_word": False, "lstrip": False, "rstrip": False,
                   "normalized": False, "special": True}
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        first = {"SpecialToken": {"id": BOS, "type_id": 0}}
        template = {"type": "TemplateProcessing",
                    "single": [first, {"Sequence": {"id": "A", "type_id": 0}}],
                    "pair": [first, {"Sequence": {"id": "A", "type_id": 0}},
                             {"SpecialToken": {"id": BOS, "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
                    "special_tokens": {BOS: {"id": BOS, "ids": [self.bos], "tokens": [BOS]}}}
        model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                 "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                 "vocab": self.ids, "merges": [" ".join(pair) for pair in self.merges]}
        write_json(f"{folder}/tokenizer.json", {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": [special], "normalizer": None,
            "pre_tokenizer": byte_level, "post_processor": template, "decoder": byte_level, "model": model})
        write_json(f"{folder}/tokenizer_config.json", {
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": BOS,
            "add_prefix_space": False, "clean_up_tokenization_spaces": False, "model_max_length": context,
            "added_tokens_decoder": {str(self.bos): {k: v for k, v in special.items() if k != "id"}}})


def load(folder):
    with open(f"{folder}/tokenizer.json", encoding="utf-8") as file:
        model = json.load(file)["model"]
    vocabulary = sorted(model["vocab"], key=model["vocab"].get)
    return Tokenizer(vocabulary, [tuple(line.split(" ")) for line in model["merges"]])


def write_json(path, value):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")
