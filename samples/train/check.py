# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares PyTorch's layers with the engine's: python3 check.py SUBQUAD [FOLDER...]

Every layer's output and the logits of one sequence, within 1e-4. With --perplexity also: what `subquad perplexity` finds on
samples/heldout.txt, within 0.1 % of training.json. Without folders, or with --methods, for each method: a small model of
random weights; a training that is broken off and goes on, whose curve and weights must be those of one that is not; and a
short training on samples/heldout.txt, which must end below a stated loss (--steps: how long).
"""
import argparse
import contextlib
import hashlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile

import torch

import bpe
import configs
import model as llama
import tasks
from train import Run, optimizer
from recipes import Recipe
from tasks import nats

METHODS = [
    ("softmax", {}), ("taylorshift", {"temperature": 5}), ("dijiang", {"preset": "normalised", "qk_scale": 0.5}),
    ("dijiang", {"preset": "official"}), ("infini", {"segment": 16}), ("infini", {"segment": 16, "rule": "delta"}),
    ("memoryformer", {"tau": 4, "kernel": "l1p"}), ("memoryformer", {"tau": 4, "kernel": "p"}),
]
ENCODERS = METHODS[:2]  # those that also have a form without causal mask
TOLERANCE = 1e-4
HERE = os.path.dirname(os.path.abspath(__file__))
LOSS = 4.0  # nats a token
HELD_OUT = os.path.join(HERE, "..", "heldout.txt")


def random_model(method, knobs, causal=True, seed=3):
    """Weights large enough that attention is far from even."""
    torch.manual_seed(seed)
    config = configs.with_method(configs.llama(2, 64, 4, 2, 96, 50, 128, None), method, **knobs)
    model = llama.Llama(config if causal else configs.without_mask(config))
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "tables" in name:
                p.mul_(15)
            elif p.dim() == 2 and "features" not in name:
                p.copy_(torch.randn(p.shape) * 0.2)
            else:
                p.add_(0.1 * torch.randn(p.shape))
    return model


def save(model, folder, half=False):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/config.json", "w") as file:
        json.dump(model.config, file)
    llama.write_safetensors(f"{folder}/model.safetensors", dict(sorted(model.state_dict().items())), {"format": "pt"}, half)


def engine_outputs(subquad, folder, ids, backend):
    with tempfile.TemporaryDirectory() as scratch:
        path = f"{scratch}/run.safetensors"
        subprocess.run([subquad, "run", folder, "--tokens", ",".join(map(str, ids)), "--backend", backend,
                        "--dump", path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return llama.read_safetensors(path)


@torch.no_grad()
def differences(subquad, folder, ids, backend="opencl"):
    """The largest difference per layer, then of the logits, relative to the largest number where that exceeds 1."""
    model, layers = llama.load(folder), []
    logits = model(torch.tensor([ids]), layers=layers)[0]
    found = engine_outputs(subquad, folder, ids, backend)
    pairs = [(f"layer {i}", layer[0], found[f"layer.{i}.output"]) for i, layer in enumerate(layers)]
    pairs.append(("logits", logits, found["logits"]))
    return {name: ((mine - theirs).abs().max() / max(1, mine.abs().max())).item() for name, mine, theirs in pairs}


def counted(subquad, folder):
    """Whether the engine counts every number of the file as a parameter."""
    told = json.loads(subprocess.run([subquad, "info", folder, "--json"], check=True, capture_output=True).stdout)
    return told["parameters"] == sum(t.numel() for t in llama.read_safetensors(f"{folder}/model.safetensors").values())


def check(subquad, folder, ids, label, backends=("opencl", "reference")):
    worst = {backend: differences(subquad, folder, ids, backend) for backend in backends}
    good = all(value <= TOLERANCE for each in worst.values() for value in each.values()) and counted(subquad, folder)
    text = "; ".join(f"{backend} " + ", ".join(f"{value:.1e}" for value in each.values()) for backend, each in worst.items())
    print(f"{'ok  ' if good else 'FAIL'} {label}: {text}", flush=True)
    return good


def resumes(method, knobs, label, scratch, steps=16):
    """Whether half of a training, saved and read back, ends as the whole does: the same curve but for its seconds."""
    make_task = tasks.Records if method == "infini" else tasks.Induction  # the one with a curriculum of its own
    config = configs.with_method(configs.llama(1, 32, 2, 1, 64, 105, 64, None), method, **knobs)
    recipe = Recipe("", config, make_task, steps, 1e-2, every=8)
    path = f"{scratch}/half.state"

    def new():
        return Run(recipe, make_task(), "")
    whole, half, rest = new(), new(), new()
    with contextlib.redirect_stdout(io.StringIO()):
        whole.train(f"{scratch}/whole.state", math.inf)
        half.train(path, math.inf, steps // 2 + 1)
        rest.resume(path)
        rest.train(path, math.inf)
    # a broken-off training measures where it stops: a row more
    curves = [[{**row, "seconds": 0, "train_nats": 0} for row in run.curve if row["step"] % 8 == 0] for run in (whole, rest)]
    same = all(torch.equal(mine, theirs) for mine, theirs in
               zip(whole.model.state_dict().values(), rest.model.state_dict().values()))
    good = same and curves[0] == curves[1]
    print(f"{'ok  ' if good else 'FAIL'} {label}: {steps} steps, and {half.step} and the rest, end alike", flush=True)
    return good


def train_briefly(method, knobs, ids, steps):
    """Mean loss of the last 20 steps of a tiny model on a text; an even guess loses ln 1024 = 6.93 nats a token."""
    config = configs.with_method(configs.llama(1, 32, 2, 1, 64, 1024, 64, 0), method, **knobs)
    torch.manual_seed(1)
    model, generator = llama.Llama(config), torch.Generator().manual_seed(1)
    adam = optimizer(model, Recipe("", config, None, steps, 1e-2))
    losses = []
    for _ in range(steps):
        rows = ids[torch.randint(len(ids) - 65, (4, 1), generator=generator) + torch.arange(65)]
        loss = nats(model, rows[:, :-1], rows[:, 1:])
        adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        losses.append(loss.item())
    return sum(losses[-20:]) / 20


def trains(method, knobs, ids, label, steps):
    loss = train_briefly(method, knobs, ids, steps)
    print(f"{'ok  ' if loss < LOSS else 'FAIL'} {label}: {loss:.3f} nats a token after {steps} steps, {LOSS} at most", flush=True)
    return loss < LOSS


def same_perplexity(subquad, folder):
    """True, too, for a sample that was measured on another text."""
    with open(f"{folder}/training.json", encoding="utf-8") as file:
        stated = json.load(file)
    with open(HELD_OUT, "rb") as file:
        if stated["data"].get("heldout.txt_sha256") != hashlib.sha256(file.read()).hexdigest():
            return True
    good = True
    for window, bits in stated["heldout_bits_per_byte_by_window"].items():
        out = subprocess.run([subquad, "perplexity", folder, "--file", HELD_OUT, "--window", window, "--json"], check=True,
                             capture_output=True, text=True).stdout
        found = json.loads(out)["bits_per_byte"]
        fine = abs(found / bits - 1) < 1e-3
        good &= fine
        print(f"{'ok  ' if fine else 'FAIL'} {folder}, window {window}: {found:.5f} bits per byte, training.json {bits:.5f}")
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("subquad")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--perplexity", action="store_true")
    parser.add_argument("--methods", action="store_true")
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    good = True
    for folder in args.folders:
        with open(f"{folder}/config.json") as file:
            vocabulary = json.load(file)["vocab_size"]
        good &= check(args.subquad, folder, torch.randint(vocabulary, (96,)).tolist(), folder, ("opencl",))
        if args.perplexity:
            good &= same_perplexity(args.subquad, folder)
    if args.methods or not args.folders:
        with open(HELD_OUT, encoding="utf-8") as file:
            ids = torch.tensor(bpe.load(os.path.join(HERE, "..", "stories-1m")).encode(file.read()))
        with tempfile.TemporaryDirectory() as scratch:
            for method, knobs in METHODS:
                label = " ".join([method, *map(str, knobs.values())])
                save(random_model(method, knobs), scratch)
                good &= check(args.subquad, scratch, torch.randint(50, (77,)).tolist(), label)
                good &= resumes(method, knobs, label, scratch)
                good &= trains(method, knobs, ids, label, args.steps)
            for method, knobs in ENCODERS:
                save(random_model(method, knobs, causal=False), scratch)
                good &= check(args.subquad, scratch, torch.randint(50, (77,)).tolist(), f"{method} without causal mask")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
