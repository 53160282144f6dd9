# SPDX-License-Identifier: GPL-3.0-or-later
"""How alive a sample is: python3 looks.py FOLDER

Temperatures and gates; per head the mean largest weight and the mean weight of the previous token, and of the token after the
previous occurrence (induction), of a classifier the share that the question mark gives to what stands between the brackets;
per Memory Layer the rows that no token of the held-out text reached, and the entropy of the
addresses over their bits.
"""
import json
import math
import os
import sys

import torch

import attention
import bpe
import memoryformer
import model as llama
import tasks

PERIOD = 32  # of the letters that an induction model is shown
HERE = os.path.dirname(os.path.abspath(__file__))


def watch_heads(model):
    """Replaces attend in every module by one that measures the weights it makes; returns the list it fills."""
    seen = []

    def attend(q, k, v, weigh, causal=True):
        kv_heads = k.shape[1]
        s = q.unflatten(1, (kv_heads, -1)) @ k[:, :, None].transpose(-1, -2)
        weights = weigh(s, 0 if causal else k.shape[2], 0)
        seen.append((weights / weights.sum(-1, keepdim=True)).flatten(1, 2))
        return (weights @ v[:, :, None]).flatten(1, 2)

    for module in (attention, *(sys.modules[name] for name in ("taylorshift", "dijiang", "infini"))):
        module.attend = attend
    return seen


def heads(model, ids, same):
    """same[j]: where ids[j] stood before, or -1."""
    seen = watch_heads(model)
    model(ids[None])
    rows = torch.arange(16, len(ids))
    for layer, weights in enumerate(seen):
        if weights.shape[0] != 1:
            print(f"layer {layer}: attends inside segments only")
            continue
        w = weights[0]
        repeated = rows[same[rows] >= 0]
        print(f"layer {layer}: largest " + " ".join(f"{x:.2f}" for x in w[:, rows].amax(-1).mean(-1).tolist())
              + "; previous token " + " ".join(f"{x:.2f}" for x in w[:, rows, rows - 1].mean(-1).tolist())
              + ("; after the last occurrence " + " ".join(
                  f"{x:.2f}" for x in w[:, repeated, same[repeated] + 1].mean(-1).tolist()) if len(repeated) else ""))


def classifier(model):
    """A layer's heads: weight of the question mark between the brackets, beside the share of tokens that stand there."""
    seen, task = watch_heads(model), tasks.Brackets()
    ids, _, _ = task.sequences(32, 256, torch.Generator().manual_seed(5))
    model(ids)
    after_open = (ids == task.OPEN).cumsum(1) - (ids == task.OPEN).long()
    inside = (after_open - (ids == task.CLOSE).cumsum(1)).float()
    print(f"between the brackets stand {inside.mean():.0%} of the tokens")
    for layer, weights in enumerate(seen):
        share = (weights[:, :, -1] * inside[:, None]).sum(-1).mean(0)
        print(f"layer {layer}: the question mark gives them " + " ".join(f"{x:.0%}" for x in share.tolist())
              + "; largest " + " ".join(f"{x:.2f}" for x in weights.amax(-1).mean((0, 2)).tolist()))


def tables(model, ids):
    counts = {}
    plain = memoryformer.hashed

    def hashed(x, bits, kernel):
        codes, weight = plain(x, bits, kernel)
        place = order[len(counts_now) % len(order)]
        counts_now.append(place)
        table = counts.setdefault(place, torch.zeros(codes.shape[-1], 2 ** bits))
        for k in range(codes.shape[-1]):
            table[k] += torch.bincount(codes[..., k].flatten(), minlength=2 ** bits)
        return codes, weight

    order = [(layer, name) for layer in range(len(model.model.layers)) for name in ("query, key, value", "up", "down")]
    counts_now = []
    memoryformer.hashed = hashed
    for first in range(0, len(ids) - 256, 256):
        model(ids[None, first:first + 256])
    for (layer, name), table in counts.items():
        p = table / table.sum(-1, keepdim=True)
        entropy = -(p * p.clamp(min=1e-12).log2()).sum(-1) / math.log2(table.shape[1])
        print(f"layer {layer}, {name}: {(table == 0).float().mean():.1%} of {table.numel()} rows dead, entropy "
              f"{entropy.mean():.2f} of the bits, least {entropy.min():.2f}")


def memory(model, ids, sizes):
    for state in ("on", "off", "zeroed", "shuffled"):
        for block in model.model.layers:
            block.self_attn.mix.memory = state
        print(f"memory {state}: " + ", ".join(
            f"{tasks.bits_per_byte(model, ids, sizes, window):.3f} bits per byte in windows of {window}" for window in (256, 1024)))
    for block in model.model.layers:
        block.self_attn.mix.memory = "on"


@torch.no_grad()
def main(folder):
    torch.set_num_threads(1)
    model = llama.load(folder)
    for layer, block in enumerate(model.model.layers):
        mix = block.self_attn.mix
        if hasattr(mix, "temperature"):
            print(f"layer {layer}: tau", " ".join(f"{x:.2f}" for x in mix.temperature.tolist()))
        if isinstance(getattr(mix, "gate", None), torch.nn.Parameter):
            print(f"layer {layer}: gates", " ".join(f"{x:.2f}" for x in torch.sigmoid(mix.gate).tolist()))
    with open(f"{folder}/training.json", encoding="utf-8") as file:
        figures = json.load(file)
    letters = "repeated_nats" in figures
    if "accuracy_by_length" in figures:
        return classifier(model)
    if letters:
        ids = torch.randint(64, (PERIOD,), generator=torch.Generator().manual_seed(5)).repeat(3)
    else:
        with open(os.path.join(HERE, "..", "heldout.txt"), encoding="utf-8") as file:
            ids = torch.tensor(bpe.load(folder).encode(file.read()))
        if hasattr(model.model.layers[0].mlp, "inner_norm"):
            tables(model, ids)
        if hasattr(model.model.layers[0].self_attn.mix, "memory"):
            memory(model, ids, tasks.sizes(bpe.load(folder)))
        ids = ids[:256]
    last, same = {}, torch.full((len(ids),), -1)
    for i, token in enumerate(ids.tolist()):
        same[i] = i - PERIOD if letters else last.get(token, -1)
        last[token] = i
    heads(model, ids, same)


if __name__ == "__main__":
    main(sys.argv[1])
