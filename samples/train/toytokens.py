# SPDX-License-Identifier: GPL-3.0-or-later
"""tokenizer.json of the samples whose tokens are letters and pairs of letters: BPE that merges those pairs alone."""
import string

import bpe
from tasks import Records

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
