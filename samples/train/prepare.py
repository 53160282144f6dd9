# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleans and splits the sampled stories and trains the tokenizer: python3 prepare.py stories.txt MODEL_FOLDER WORK_FOLDER [keep]

The sampler invents words ("telderly"). A story with a word that fewer than RARE stories know is dropped. Every
twentieth of the others is held out. Tokenised, the stories follow one another, each led by <|bos|>. With `keep` the
tokenizer that is in MODEL_FOLDER is taken. WORK_FOLDER/heldout.txt is the held-out text.
"""
import collections
import hashlib
import json
import os
import re
import sys

import numpy as np

import bpe
from sample_stories import SEPARATOR

RARE = 4
HELD_OUT = 20
VOCABULARY = 1024
CONTEXT = 1024


def words(story):
    return set(re.findall(r"[a-z']+", story.lower()))


def main(source, folder, work, tokenizer="train"):
    with open(source, "rb") as file:
        data = file.read()
    stories = data.decode("utf-8").split(SEPARATOR)[:-1]
    known = collections.Counter(word for story in stories for word in words(story))
    kept = [story for story in stories if min(known[word] for word in words(story)) >= RARE]
    parts = {"heldout": kept[::HELD_OUT], "train": [s for i, s in enumerate(kept) if i % HELD_OUT]}
    if tokenizer == "keep":
        tokenizer = bpe.load(folder)
    else:
        tokenizer = bpe.train(parts["train"], VOCABULARY)
        tokenizer.save(folder, CONTEXT)
    with open(os.path.join(work, "heldout.txt"), "w", encoding="utf-8", newline="") as file:
        file.write(bpe.BOS.join(parts["heldout"]))  # the first <|bos|> is the tokenizer's own
    facts = {"sampled_text_sha256": hashlib.sha256(data).hexdigest(), "sampled_bytes": len(data),
             "stories": len(stories), "stories_kept": len(kept), "word_known_to_at_least_stories": RARE}
    for name, part in parts.items():
        ids = np.array([i for story in part for i in tokenizer.encode(story)], np.uint16)
        assert tokenizer.decode(ids) == "".join(part)
        np.save(os.path.join(work, f"{name}.npy"), ids)
        facts[name] = {"stories": len(part), "bytes": sum(len(s.encode()) for s in part), "tokens": len(ids)}
    facts["bytes_per_token"] = round(facts["train"]["bytes"] / facts["train"]["tokens"], 3)
    with open(os.path.join(work, "data.json"), "w") as file:
        json.dump(facts, file, indent=1)
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
