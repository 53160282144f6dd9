# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples stories from the tinystories-656K checkpoint: python3 sample_stories.py CHECKPOINT_FOLDER stories.txt [COUNT]

Writes the stories one after another, each followed by a line that holds only <|bos|>. Dropped are: stories that do not
end by themselves within the limit, and repetitions. A smaller COUNT gives the beginning of the same text.
"""
import json
import sys
import time

import torch

import model as llama

SEPARATOR = "\n<|bos|>\n"
STORIES, BATCH, LIMIT = 24576, 128, 320  # limit: tokens of one story
TEMPERATURE, TOP = 0.7, 40
SEED = 1
END = "<|end_story|>"  # the checkpoint ends a story by spelling this out


@torch.no_grad()
def sample_batch(model, generator):
    """The finished ones of BATCH sampled stories, as lists of ids without the start and end tokens."""
    cache = llama.Cache()
    start, end = model.config["bos_token_id"], model.config["eos_token_id"]
    last = torch.full((BATCH,), start)
    alive, texts = list(range(BATCH)), [[] for _ in range(BATCH)]
    finished = []
    for _ in range(LIMIT):
        last = llama.pick(model(last[:, None], cache)[:, -1], TEMPERATURE, TOP, generator)
        keep = []
        for row, token in enumerate(last.tolist()):
            if token in (start, end):
                finished.append(alive[row])
            elif token != 0:  # 0 is <unk>: such a story is dropped
                texts[alive[row]].append(token)
                keep.append(row)
        if len(keep) < len(alive):
            if not keep:
                break
            alive, index = [alive[row] for row in keep], torch.tensor(keep)
            last = last[index]
            cache.keep(index)
    return [texts[row] for row in sorted(finished)]


def read_vocabulary(folder):
    with open(f"{folder}/tokenizer.json") as file:
        vocabulary = json.load(file)["model"]["vocab"]
    return {index: piece for piece, index in vocabulary.items()}


def decode(ids, pieces):
    """The text of a story (SentencePiece-style decoding), or "" if it has no proper end."""
    text = "".join(pieces[i] for i in ids).replace("\u2581", " ")
    if not text.endswith(END) or "<" in text.removesuffix(END):
        return ""
    lines = (" ".join(line.split()) for line in text.removesuffix(END).split("\n"))
    return "\n".join(line for line in lines if line)


def main(checkpoint, output, count=STORIES):
    torch.set_num_threads(1)
    model = llama.load(checkpoint)
    pieces = read_vocabulary(checkpoint)
    generator = torch.Generator().manual_seed(SEED)
    begin, sampled, kept, seen = time.time(), 0, 0, set()
    with open(output, "w", encoding="utf-8", newline="\n") as file:
        while sampled < int(count):
            batch = sample_batch(model, generator)
            sampled += BATCH
            for story in (decode(ids, pieces) for ids in batch):
                if len(story) >= 100 and story not in seen:
                    seen.add(story)
                    kept += 1
                    file.write(story + SEPARATOR)
            file.flush()
            print(f"{sampled} sampled, {kept} kept, {time.time() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
