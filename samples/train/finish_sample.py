# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the folder of a trained sample: config.json, model.safetensors (matrices as F16), tokenizer, prompts, training.json."""
import hashlib
import json
import os
import shutil

import torch

import bpe
import model as llama
import toytokens
from finish import write as write_lines

def words(kind, folder, samples, context):
    """Tokenizer and prompts."""
    if kind in ("stories", "long stories"):
        for name in ("tokenizer.json", "tokenizer_config.json", "prompts.json"):
            shutil.copy(os.path.join(samples, "stories-1m", name), folder)
        if kind == "long stories":
            write_list(f"{folder}/prompts.json", whole_stories(samples))
        return
    toytokens.save(folder, *toytokens.PIECES[kind](), context)
    write_list(f"{folder}/prompts.json", toytokens.prompts(kind))


def whole_stories(samples, count=4, characters=950):
    """The first long stories of the held-out text: some 260 tokens each, where a prompt has to fill segments."""
    with open(os.path.join(samples, "heldout.txt"), encoding="utf-8") as file:
        long = [story for story in file.read().split(bpe.BOS) if len(story) >= characters]
    return [{"title": " ".join(story.split()[5:13]) + " …", "text": story} for story in long[:count]]


def write_list(path, entries):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("[\n " + ",\n ".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n]\n")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(run, folder, samples, commit):
    recipe = run.recipe
    os.makedirs(folder, exist_ok=True)
    kept_step, kept = run.kept
    run.model.load_state_dict(kept)
    with open(f"{folder}/config.json", "w", encoding="utf-8", newline="\n") as file:
        json.dump(recipe.config, file, indent=1)
        file.write("\n")
    path = f"{folder}/model.safetensors"
    llama.write_safetensors(path, dict(sorted(kept.items())), {"format": "pt"}, half=True)
    words(recipe.kind, folder, samples, recipe.config["max_position_embeddings"])
    stored = llama.load(folder)  # what is measured is what is in the file
    figures = run.task.finish(stored)
    write_lines(f"{folder}/training.json", {
        "name": os.path.basename(os.path.normpath(folder)), "purpose": recipe.purpose,
        "licence_of_the_weights": "CC0-1.0", "data": run.task.facts, "starts_from": recipe.start or None,
        "parameters": sum(p.numel() for p in stored.parameters()), **figures,
        "training": {"optimizer": "AdamW 0.9/0.95, weight decay 0.1 on matrices, gradient norm at most 1, 10 % warm-up, "
                                  "cosine to 10 %",
                     "rate": recipe.rate, "own_rates": recipe.rates, "seed": recipe.seed, "steps": run.step,
                     "planned_steps": recipe.steps, "cut_short": run.step < recipe.steps and not run.solved(), "kept_step": kept_step,
                     "tokens": run.tokens, "seconds": round(run.seconds), "threads": 1, "torch": torch.__version__,
                     "commit": commit},
        "model_sha256": sha256(path),
        "curve": run.curve,
    })
    print(json.dumps(figures))
