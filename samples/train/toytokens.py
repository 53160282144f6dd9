# SPDX-License-Identifier: GPL-3.0-or-later
"""tokenizer.json of the samples whose tokens are letters and pairs of letters: BPE that merges those pairs alone."""
import string

import torch

import bpe
from tasks import Brackets, Records

LETTERS = string.ascii_letters + string.digits + "+/"
FILLER = ".,:;'!_-~^*=<>()"
NAMES, VALUES = "abcdefgh", "01234567"


def induction():
    return list(LETTERS), []


def records():
    """In the order of tasks.Records, then the letters that only build pairs."""
    pairs = [(n, v) for n in NAMES for v in VALUES] + [(n, "?") for n in NAMES]
    vocabulary = [*FILLER, *("".join(pair) for pair in pairs), *VALUES, *NAMES, "?"]
    assert vocabulary.index("0") == Records.ANSWER and vocabulary.index("a?") == Records.QUESTION
    return vocabulary, pairs


def brackets():
    """In the order of tasks.Brackets."""
    return list(string.ascii_lowercase[:Brackets.LETTERS] + "()?"), []


PIECES = {"induction": induction, "records": records, "overwritten records": records, "brackets": brackets}


def save(folder, vocabulary, pairs, context):
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": {token: i for i, token in enumerate(vocabulary)}, "merges": [" ".join(pair) for pair in pairs]}
    bpe.write_json(f"{folder}/tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level, "model": model})
    bpe.write_json(f"{folder}/tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context})


def prompts(kind):
    """Texts to begin with, as in prompts.json."""
    generator = torch.Generator().manual_seed(7)
    if kind == "induction":
        pieces, _ = induction()
        def repeated(period, length):
            ids = torch.randint(len(pieces), (period,), generator=generator).tolist()
            return "".join(pieces[ids[i % period]] for i in range(length))
        return [{"title": f"{period} random letters, again and again", "text": repeated(period, length)}
                for period, length in ((16, 44), (24, 60), (40, 90))]
    if kind == "brackets":
        pieces, _ = brackets()
        def bracketed(length):
            ids, targets, _ = Brackets().sequences(1, length, generator)
            return {"title": f"{length} tokens: the answer is {pieces[targets[0, -1]]}",
                    "text": "".join(pieces[i] for i in ids[0].tolist())}
        return [bracketed(length) for length in (64, 128, 256, 512)]
    pieces, _ = records()
    task = Records(overwrite=kind == "overwritten records")
    def asked(segments, count, questions):
        ids, targets, mask, _ = task.sequences(1, segments, count, generator)
        end = 3 * ids.shape[1] // 4 + questions
        what = f"{count} record{'s' * (count > 1)}"
        if task.overwrite:
            what = f"{count} name{'s' * (count > 1)} recorded twice"
        return {"title": f"{what}, {segments} segments: the answer is {pieces[targets[0, end - 1]]}",
                "text": "".join(pieces[i] for i in ids[0, :end].tolist())}
    if task.overwrite:
        return [asked(8, 4, 6), asked(16, 4, 8), asked(16, 1, 4), asked(32, 4, 12)]
    return [asked(8, 8, 6), asked(16, 8, 8), asked(16, 1, 4), asked(32, 8, 12)]
