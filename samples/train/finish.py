# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the trained model and writes training.json and expected.json: python3 finish.py WORK_FOLDER MODEL_FOLDER

All from the files as stored. expected.json is computed in float64: an oracle for other implementations.
"""
import json
import os
import sys

import torch

import bpe
import model as llama
import sample_stories
import stories_1m as train

CASES = [
    "", "Hello", " Hello", "Once upon a time, there was a little girl named Lily.", "two  spaces and   three", "ends in a space ",
    "  \n\n  lines\n between\n", "tab\there\r\n", "in 1996 there were 12,345 birds", "I'm, you're, we'll, it's, he'd; DON'T",
    "caf\u00e9 na\u00efve \u00dcbung", "\u4f60\u597d, \u4e16\u754c", "\U0001f426 sings \U0001f469\u200d\U0001f33e!", "e\u0301 combining",
    "x\u00b2 \u00bd \u2163 \u0661\u0662", "no-break\u00a0space\u3000wide", "\u0000\u007f", "under_score __ \"quoted!\"?!", "one<|bos|>two",
]
SAMPLE_STARTS = ["Once upon a time, there was a little girl named Lily.", "One day, a boy named Tim found a red ball.", ""]


def write(path, value):
    """JSON with one line per key, and per entry of a list of objects."""
    def dump(v):
        return json.dumps(v, ensure_ascii=False)
    lines = []
    for key, entry in value.items():
        if isinstance(entry, list) and entry and isinstance(entry[0], dict):
            lines.append(f" {dump(key)}: [\n  " + ",\n  ".join(map(dump, entry)) + "\n ]")
        else:
            lines.append(f" {dump(key)}: {dump(entry)}")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


@torch.no_grad()
def expected(model, tokenizer, prompt):
    model = model.double()
    ids = tokenizer.encode(prompt)
    logits = model(torch.tensor([ids]))[0]
    value, index = logits[-1].topk(5)
    greedy = llama.generate(model, ids, 40, temperature=0)
    # how clear each greedy choice is: an implementation in less precision must agree where the gap is not tiny
    path = model(torch.tensor([ids + greedy]))[0, len(ids) - 1:-1].topk(2).values
    return {"about": "Oracle in float64 by samples/train/finish.py. All ids begin with <|bos|>, as tokenizer.json says.",
            "prompt": prompt, "prompt_ids": ids,
            "top5_after_prompt": [{"id": i, "token": tokenizer.vocabulary[i], "logit": v}
                                  for i, v in zip(index.tolist(), value.tolist())],
            "greedy_ids": greedy, "greedy_text": tokenizer.decode(greedy),
            "greedy_smallest_logit_gap": (path[:, 0] - path[:, 1]).min().item(),
            "tokenizer": [{"text": text, "ids": tokenizer.encode(text)} for text in CASES]}


def main(work, folder):
    torch.set_num_threads(1)
    model, tokenizer = llama.load(folder), bpe.load(folder)
    held_out, sizes = train.read_tokens(work, "heldout"), train.token_sizes(tokenizer)
    with open(os.path.join(work, "data.json")) as file:
        data = json.load(file)
    with open(os.path.join(work, "run.json")) as file:
        run = json.load(file)
    with open(f"{folder}/prompts.json", encoding="utf-8") as file:
        prompts = json.load(file)
    bits = {str(n): round(train.bits_per_byte(model, held_out, n, sizes), 4) for n in (train.SHORT, train.LONG)}
    samples = []
    for i, start in enumerate(SAMPLE_STARTS):
        ids = llama.generate(model, tokenizer.encode(start), 250, 0.7, 40, torch.Generator().manual_seed(i), tokenizer.bos)
        samples.append({"prompt": start, "temperature": 0.7, "top": 40, "seed": i, "continuation": tokenizer.decode(ids)})
    curve = run.pop("curve")
    write(f"{folder}/training.json", {
        "name": os.path.basename(os.path.abspath(folder)),
        "licence_of_the_weights": "CC0-1.0",
        "data": {"origin": "stories sampled from raincandy-u/TinyStories-656K (Apache-2.0), by samples/train/sample_stories.py",
                 "stories_sampled": sample_stories.STORIES, "temperature": sample_stories.TEMPERATURE,
                 "top": sample_stories.TOP, "token_limit": sample_stories.LIMIT, "seed": sample_stories.SEED, **data},
        "parameters": sum(p.numel() for p in model.parameters()),
        "heldout_bits_per_byte_by_window": bits,
        "training": {"optimizer": "AdamW 0.9/0.95, weight decay 0.1 on matrices, gradient norm at most 1",
                     "tokens_per_step": train.TOKENS_PER_STEP, "windows": [train.SHORT, train.LONG],
                     "threads": 1, "torch": torch.__version__, **run},
        "curve": curve,
        "samples": samples,
    })
    write(f"{folder}/expected.json", expected(model, tokenizer, prompts[0]["text"]))
    print(bits)
    for sample in samples:
        print("---", sample["prompt"], "|", sample["continuation"])


if __name__ == "__main__":
    main(*sys.argv[1:])
