# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains stories-1m: python3 stories_1m.py WORK_FOLDER MODEL_FOLDER (after prepare.py)

Batches of 4 windows of 256 tokens, at the end single windows of 1,024. Learning rate: 10 % warm-up, cosine to 10 %.
Should the machine be slow, the schedule follows the clock instead of the steps, so that it ends within the limit.
The model that is best on the held-out stories is the one that is kept.
"""
import argparse
import json
import math
import os
import time

import numpy as np
import torch
from torch.nn import functional as F

import bpe
import model as llama

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False, "attention_dropout": 0.0,
    "bos_token_id": 0, "eos_token_id": 0, "head_dim": 16, "hidden_act": "silu", "hidden_size": 128,
    "initializer_range": 0.02, "intermediate_size": 400, "max_position_embeddings": 1024, "mlp_bias": False,
    "num_attention_heads": 8, "num_hidden_layers": 4, "num_key_value_heads": 4, "pretraining_tp": 1,
    "rms_norm_eps": 1e-5, "rope_scaling": None, "rope_theta": 10000.0, "tie_word_embeddings": True,
    "torch_dtype": "float32", "use_cache": True, "vocab_size": 1024,
}
SHORT, LONG = 256, 1024  # window lengths
TOKENS_PER_STEP = 1024


def loss(model, windows, reduction="mean"):
    logits = model(windows[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten(), reduction=reduction)


@torch.no_grad()
def bits_per_byte(model, ids, length, sizes, limit=None):
    """Over the first `limit` tokens of the held-out stories, in windows without overlap."""
    count = (min(limit or len(ids), len(ids)) - 1) // length
    nats = 0.0
    for begin in range(0, count * length, length):
        nats += loss(model, ids[None, begin:begin + length + 1], "sum").item()
    return nats / math.log(2) / sizes[ids[1:count * length + 1]].sum().item()


def token_sizes(tokenizer):
    return torch.tensor([0 if i == tokenizer.bos else len(t) for i, t in enumerate(tokenizer.vocabulary)])


def windows(ids, starts, length, generator):
    """Half of the windows begin with a story, the others anywhere."""
    rows = TOKENS_PER_STEP // length
    anywhere = torch.randint(len(ids) - length - 1, (rows,), generator=generator)
    story = starts[torch.randint(len(starts), (rows,), generator=generator)].clamp(max=len(ids) - length - 1)
    begin = torch.where(torch.rand(rows, generator=generator) < 0.5, story, anywhere)
    return ids[begin[:, None] + torch.arange(length + 1)]


def optimizer(model, rate):
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() != 2 or "embed" in name]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))


def read_tokens(work, name):
    return torch.from_numpy(np.load(os.path.join(work, f"{name}.npy")).astype(np.int64))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--long", type=float, default=0.2, help="share of the steps with long windows")
    parser.add_argument("--minutes", type=float, default=23.5)
    parser.add_argument("--every", type=int, default=250, help="steps between two evaluations")
    parser.add_argument("--patience", type=int, default=5, help="evaluations without a gain before long training ends")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    ids, held_out = read_tokens(args.work, "train"), read_tokens(args.work, "heldout")
    sizes = token_sizes(bpe.load(args.folder))
    starts = (ids == CONFIG["bos_token_id"]).nonzero()[:, 0]
    model = llama.Llama(CONFIG)
    adam = optimizer(model, args.rate)
    bpe.write_json(f"{args.folder}/config.json", CONFIG)

    begin, curve, best, stale, recent, switch = time.time(), [], math.inf, 0, [], None
    step, progress = 0, 0.0
    while progress < 1:
        length = SHORT if progress < 1 - args.long else LONG
        if length == LONG and switch is None:
            switch = step
        rate = args.rate * min(1.0, (progress + 1e-3) / 0.1)
        if progress > 0.1:
            rate = args.rate * (0.55 + 0.45 * math.cos(math.pi * (progress - 0.1) / 0.9))
        for group in adam.param_groups:
            group["lr"] = rate
        value = loss(model, windows(ids, starts, length, generator))
        adam.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        recent.append(value.item())
        step += 1
        seconds = time.time() - begin
        progress = max(step / args.steps, seconds / (60 * args.minutes))
        if step % args.every == 0 or progress >= 1:
            short, long = (bits_per_byte(model, held_out, n, sizes, 24 * LONG + 1) for n in (SHORT, LONG))
            curve.append({"step": step, "tokens": step * TOKENS_PER_STEP, "seconds": round(time.time() - begin),
                          "rate": float(f"{rate:.3g}"), "window": length,
                          "train_nats_per_token": round(sum(recent) / len(recent), 4),
                          "heldout_bpb_256": round(short, 4), "heldout_bpb_1024": round(long, 4)})
            print(json.dumps(curve[-1]), flush=True)
            recent, stale = [], stale + 1
            if short + long < best:
                best, stale = short + long, 0
                tensors = dict(sorted(model.state_dict().items()))
                llama.write_safetensors(f"{args.folder}/model.safetensors", tensors, {"format": "pt"})
                kept = step
            if length == LONG and stale >= args.patience:
                break
    run = {"seed": args.seed, "steps": step, "planned_steps": args.steps, "kept_step": kept, "long_windows_from": switch,
           "tokens": step * TOKENS_PER_STEP, "seconds": round(time.time() - begin), "peak_rate": args.rate,
           "curve": curve}
    with open(os.path.join(args.work, "run.json"), "w") as file:
        json.dump(run, file)


if __name__ == "__main__":
    main()
