# SPDX-License-Identifier: GPL-3.0-or-later
"""What a records model answers, by length, number of records and how far back they stand: python3 recall.py FOLDER [overwrite]

For a model with a memory: with the memory on, off, zeroed and shuffled (the engine's knob of that name). `overwrite`: every
name occurs twice with different records, and the later one is asked for.
"""
import sys

import torch

import model as llama
import tasks


def main(folder, kind=""):
    torch.set_num_threads(1)
    model, task = llama.load(folder), tasks.Records(overwrite=kind == "overwrite")
    memories = [layer.self_attn.mix for layer in model.model.layers if hasattr(layer.self_attn.mix, "memory")]
    for number, mix in enumerate(memories):
        print(f"layer {number}: gates", ", ".join(f"{g:.2f}" for g in torch.sigmoid(mix.gate).tolist()))
    print("memory    segments records  right  by distance in segments: right of answers")
    for state in ("on", "off", "zeroed", "shuffled") if memories else ("-",):
        for mix in memories:
            mix.memory = state
        for segments, records in ((2, 1), (4, 4), (16, 1), (16, 4), (16, 8), (32, 8), (64, 8)):
            right, by_distance = task.accuracy(model, segments, records, rows=32 if segments < 32 else 8)
            quarters = {}
            for distance, share, count in by_distance:
                key = 4 * distance // segments  # quarters of the length
                old, seen = quarters.get(key, (0, 0))
                quarters[key] = (old + share * count, seen + count)
            text = ", ".join(f"{q * segments // 4}+: {r / n:.1%} of {n}" for q, (r, n) in sorted(quarters.items()))
            print(f"{state:9} {segments:8} {records:7} {right:6.1%}  {text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
