# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of samples/README.md from every training.json, learning curves side by side, or what look-ups cost:
python3 table.py [curves NAME... | lookup NAME...]
"""
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
    if "accuracy_by_length" in t:
        return "right answers: " + ", ".join(f"{x:.1%} of {n} tokens" for n, x in t["accuracy_by_length"].items())
    return f"{t['accuracy']:.1%} of the answers right over {t['data']['segments']} segments"


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


def multiply_adds(config):
    """Per token, of the projections and the feed-forward part: without attention scores, classifier and hashing."""
    d, dim = config["hidden_size"], config["head_dim"]
    q, kv, inner = config["num_attention_heads"] * dim, config["num_key_value_heads"] * dim, config["intermediate_size"]
    linear = config.get("subquad", {}).get("layers", [{}])[0].get("linear")
    if linear is None:
        return config["num_hidden_layers"] * d * (2 * q + 2 * kv + 3 * inner)
    return config["num_hidden_layers"] * d // linear["knobs"]["tau"] * (q + 2 * kv + inner + d)  # one per row and output


def held_out(t):
    return t["heldout_bits_per_byte_by_window"]["256"]


def other_seeds(name):
    """What NAME-seed2 and so on ended with; their training.json are kept in seeds/."""
    found = []
    for path in sorted(glob.glob(os.path.join(SAMPLES, "train", "seeds", f"{name}-seed*.json"))):
        with open(path, encoding="utf-8") as file:
            found.append(held_out(json.load(file)))
    return found


def lookup(names):
    print("| sample | parameters | multiply-adds a token | held-out bits per byte | other seeds |\n|---|---|---|---|---|")
    for name in names:
        with open(os.path.join(SAMPLES, name, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        t = training(name)
        print(f"| `{name}` | {t['parameters']:,} | {multiply_adds(config):,} | "
              f"{held_out(t):.3f} | {', '.join(f'{x:.3f}' for x in other_seeds(name))} |")


if __name__ == "__main__":
    what = {"curves": curves, "lookup": lookup}.get((sys.argv[1:] or [""])[0])
    what(sys.argv[2:]) if what else main()
