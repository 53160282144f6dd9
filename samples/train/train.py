# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains one sample: python3 train.py NAME WORK_FOLDER [--text FOLDER_OF_PREPARE] [--samples ..]

The recipes are in recipes.py; NAME-seed2 is that of NAME with another seed. AdamW 0.9/0.95, weight decay 0.1 on matrices,
gradient norm at most 1, 10 % warm-up, cosine to 10 %. The model that is best on held-out data is the one that is kept. What
was done so far is saved in WORK_FOLDER/NAME.state every two minutes, and the same command goes on from there.
"""
import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import time

import torch

import finish_sample
import model as llama
import tasks
from recipes import RECIPES

SAVE_SECONDS = 120


def optimizer(model, recipe):
    """Groups with rates of their own for what recipe.rates names by the end of a parameter's name."""
    groups = {}
    for name, p in model.named_parameters():
        rate = next((rate for end, rate in recipe.rates.items() if name.endswith(end)), recipe.rate)
        matrix = p.dim() == 2 and "embed" not in name and not name.endswith("features.weight")
        groups.setdefault((rate, 0.1 if matrix and rate == recipe.rate else 0.0), []).append(p)
    return torch.optim.AdamW([{"params": params, "lr": rate, "peak": rate, "weight_decay": decay}
                              for (rate, decay), params in groups.items()], betas=(0.9, 0.95))


def share_of_peak(progress):
    if progress < 0.1:
        return (progress + 1e-3) / 0.1
    return 0.55 + 0.45 * math.cos(math.pi * min(1, (progress - 0.1) / 0.9))


class Run:
    """A training run and all that is needed to go on with it."""

    def __init__(self, recipe, task, samples):
        torch.manual_seed(recipe.seed)
        self.recipe, self.task = recipe, task
        self.model = llama.Llama(recipe.config)
        if recipe.start:
            self.copy_from(llama.load(os.path.join(samples, recipe.start)).state_dict())
        self.adam = optimizer(self.model, recipe)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.step, self.tokens, self.seconds, self.curve, self.best, self.kept = 0, 0, 0.0, [], math.inf, None

    def copy_from(self, tensors):
        """Everything that the two models share; what is new keeps its start value."""
        own = self.model.state_dict()
        own.update({name: tensor for name, tensor in tensors.items() if name in own})
        self.model.load_state_dict(own)

    def save(self, path):
        state = {"model": self.model.state_dict(), "adam": self.adam.state_dict(), "rng": self.generator.get_state(),
                 "task": self.task.state() if hasattr(self.task, "state") else None,
                 "own": [self.step, self.tokens, self.seconds, self.curve, self.best, self.kept]}
        torch.save(state, path + ".new")
        os.replace(path + ".new", path)

    def resume(self, path):
        state = torch.load(path)
        self.model.load_state_dict(state["model"])
        self.adam.load_state_dict(state["adam"])
        self.generator.set_state(state["rng"])
        if state["task"] is not None:
            self.task.resume(state["task"])
        self.step, self.tokens, self.seconds, self.curve, self.best, self.kept = state["own"]

    def train_step(self):
        share = share_of_peak(self.step / self.recipe.steps)
        for group in self.adam.param_groups:
            group["lr"] = group["peak"] * share
        ids, targets, mask = self.task.batch(self.generator)
        logits = self.model(ids)
        if mask is not None:
            logits, targets = logits[mask], targets[mask]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten())
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.adam.step()
        self.step += 1
        self.tokens += ids.numel()
        if hasattr(self.task, "after_step"):
            self.task.after_step((logits.argmax(-1) == targets).float().mean().item())
        return loss.item()

    def measure(self, losses):
        figures = self.task.measure(self.model.eval())
        self.model.train()
        row = {"step": self.step, "tokens": self.tokens, "seconds": round(self.seconds),
               **({"train_nats": sum(losses) / len(losses)} if losses else {}), **figures}
        self.curve.append({key: round(value, 4) for key, value in row.items()})
        if figures[self.task.better] < self.best:
            self.best = figures[self.task.better]
            self.kept = [self.step, {name: tensor.clone() for name, tensor in self.model.state_dict().items()}]
        return self.curve[-1]

    def solved(self):
        return hasattr(self.task, "solved") and self.task.solved(self.curve[-1])

    def train(self, path, seconds_limit, until=math.inf):
        """Goes on to the end of the recipe; broken off after so many seconds or at step `until`."""
        began, saved, losses = time.time() - self.seconds, time.time(), []
        if self.step == 0 and not self.curve:
            self.measure([])
        while self.step < min(self.recipe.steps, until) and self.seconds < seconds_limit and not self.solved():
            losses.append(self.train_step())
            self.seconds = time.time() - began
            if self.recipe.measured(self.step) or self.step == self.recipe.steps:
                print(json.dumps(self.measure(losses)), flush=True)
                losses = []
            elif sys.stdout.isatty():
                print(f"\r{self.step}/{self.recipe.steps} {losses[-1]:.3f}", end="\r", flush=True)
            if time.time() - saved > SAVE_SECONDS:
                self.save(path)
                saved = time.time()
        if self.curve[-1]["step"] != self.step:
            self.measure(losses)
        self.save(path)


def commit():
    """The commit that trains, with a + where files differ from it."""
    here = os.path.dirname(os.path.abspath(__file__))
    def git(*words):
        return subprocess.run(["git", "-C", here, *words], capture_output=True, text=True).stdout.strip()
    return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--", here) else "")


def named(text):
    """A recipe's name and the recipe, of a name that may end in -seedN."""
    name, _, seed = text.partition("-seed")
    if name not in RECIPES or (seed and not seed.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no recipe, nor one with -seed and a number")
    return text, dataclasses.replace(RECIPES[name], seed=int(seed or 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", type=named, help="one of " + ", ".join(RECIPES))
    parser.add_argument("work")
    parser.add_argument("--text", help="folder that prepare.py wrote")
    parser.add_argument("--samples", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--steps", type=int, help="fewer than the recipe's, to try it")
    args = parser.parse_args()
    torch.set_num_threads(1)
    (args.name, recipe), code = args.name, commit()
    if args.steps:
        recipe.steps = args.steps
    os.makedirs(args.work, exist_ok=True)
    path = os.path.join(args.work, f"{args.name}.state")
    run = Run(recipe, recipe.make_task(args), args.samples)
    if os.path.exists(path):
        run.resume(path)
        print(f"goes on from step {run.step}", flush=True)
    run.train(path, 60 * args.minutes)
    finish_sample.write(run, os.path.join(args.samples, args.name), args.samples, code)


if __name__ == "__main__":
    main()
