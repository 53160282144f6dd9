# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares PyTorch's layers with the engine's: python3 check.py SUBQUAD [FOLDER...]

Every layer's output and the logits of one sequence, within 1e-4. Without folders: a small model of random weights of each
method. With --train each of those is trained for a few steps as well, down to a stated loss.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import torch

import configs
import model as llama

METHODS = [
    ("softmax", {}), ("taylorshift", {"temperature": 5}), ("dijiang", {"preset": "normalised", "qk_scale": 0.5}),
    ("dijiang", {"preset": "official"}), ("infini", {"segment": 16}), ("infini", {"segment": 16, "rule": "delta"}),
    ("memoryformer", {"tau": 4, "kernel": "l1p"}), ("memoryformer", {"tau": 4, "kernel": "p"}),
]
TOLERANCE = 1e-4


def random_model(method, knobs, seed=3):
    """Weights large enough that attention is far from even."""
    torch.manual_seed(seed)
    config = configs.with_method(configs.llama(2, 64, 4, 2, 96, 50, 128, None), method, **knobs)
    model = llama.Llama(config)
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


def check(subquad, folder, ids, label):
    worst = {backend: differences(subquad, folder, ids, backend) for backend in ("opencl", "reference")}
    good = all(value <= TOLERANCE for each in worst.values() for value in each.values())
    text = "; ".join(f"{backend} " + ", ".join(f"{value:.1e}" for value in each.values()) for backend, each in worst.items())
    print(f"{'ok  ' if good else 'FAIL'} {label}: {text}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("subquad")
    parser.add_argument("folders", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    good = True
    for folder in args.folders:
        with open(f"{folder}/config.json") as file:
            vocabulary = json.load(file)["vocab_size"]
        good &= check(args.subquad, folder, torch.randint(vocabulary, (100,)).tolist(), folder)
    if not args.folders:
        with tempfile.TemporaryDirectory() as scratch:
            for method, knobs in METHODS:
                label = " ".join([method, *map(str, knobs.values())])
                save(random_model(method, knobs), scratch)
                good &= check(args.subquad, scratch, torch.randint(50, (77,)).tolist(), label)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
