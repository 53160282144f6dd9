# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of samples/README.md from every training.json, or learning curves side by side: python3 table.py [curves NAME...]"""
import glob
import json
import os
import sys

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def training(name):
    with open(os.path.join(SAMPLES, name, "training.json"), encoding="utf-8") as file:
        return json.load(file)


def figure(t):
    bits = t.get("heldout_bits_per_byte_by_window")
    if bits:
        return ", ".join(f"{value:.3f} bits per byte in windows of {window}" for window, value in bits.items())
    if "repeated_nats" in t:
        return f"{t['repeated_accuracy']:.1%} of the repeated letters right, {t['repeated_nats']:.2f} nats"
    return f"{t['accuracy']:.1%} of {t['records']} records right over {t['segments']} segments"


def main():
    names = sorted(os.path.basename(os.path.dirname(path)) for path in glob.glob(f"{SAMPLES}/*/training.json"))
    print("| sample | what | parameters | bytes | trained | held out |\n|---|---|---|---|---|---|")
    for name in names:
        t = training(name)
        run = t["training"]
        size = os.path.getsize(os.path.join(SAMPLES, name, "model.safetensors"))
        print(f"| `{name}` | {t.get('purpose', 'what opens first')} | {t['parameters']:,} | {size / 1e6:.2f} MB | "
              f"{run['tokens'] / 1e6:.2f}M tokens, {run['steps']:,} steps, {run['seconds']} s"
              f"{', cut short' if run.get('cut_short') else ''} | {figure(t)} |")


def curves(names):
    columns = [{row["tokens"]: row["heldout_bpb"] for row in training(name)["curve"]} for name in names]
    print("| tokens | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for tokens in sorted(set().union(*columns)):
        print(f"| {tokens:,} | " + " | ".join(f"{c[tokens]:.3f}" if tokens in c else "" for c in columns) + " |")


if __name__ == "__main__":
    curves(sys.argv[2:]) if sys.argv[1:2] == ["curves"] else main()
