# SPDX-License-Identifier: GPL-3.0-or-later
"""What samples are trained on. A task gives batches (ids, targets, mask of what counts) and measures a model."""
import hashlib
import json
import math
import os

import numpy as np
import torch
from torch.nn import functional as F

import bpe


def nats(model, ids, targets, mask=None):
    """Mean loss of the targets that count."""
    logits = model(ids)
    if mask is not None:
        logits, targets = logits[mask], targets[mask]
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten())


def sizes(tokenizer):
    """Bytes of every token; <|bos|> has none."""
    return torch.tensor([0 if i == tokenizer.bos else len(piece) for i, piece in enumerate(tokenizer.vocabulary)])


@torch.no_grad()
def bits_per_byte(model, ids, size_of, window):
    """As `subquad perplexity --window`: windows without overlap, the first token of each is not counted."""
    total, size = 0.0, 0
    for first in range(0, len(ids), window):
        row = ids[None, first:first + window]
        if row.shape[1] > 1:
            total += nats(model, row[:, :-1], row[:, 1:]).item() * (row.shape[1] - 1)
            size += size_of[row[0, 1:]].sum().item()
    return total / math.log(2) / size


class Text:
    """Windows of the stories that prepare.py left in a folder. Half of the windows begin with a story."""

    SHA256 = "b23986ad6901a7ad0cae31f6db26f3a7bbfedd00c792964dc51f7e4782fb6d62"  # of train.npy

    def __init__(self, work, samples, window, rows):
        self.window, self.rows = window, rows
        self.ids, self.held_out = (self.tokens(work, name) for name in ("train", "heldout"))
        self.starts = (self.ids == 0).nonzero()[:, 0]
        with open(os.path.join(work, "data.json")) as file:
            self.facts = json.load(file)
        for name in ("train.npy", "heldout.npy", "heldout.txt"):
            with open(os.path.join(work, name), "rb") as file:
                self.facts[name + "_sha256"] = hashlib.sha256(file.read()).hexdigest()
        if self.facts["train.npy_sha256"] != self.SHA256:
            raise SystemExit(f"{work}/train.npy has the SHA-256 {self.facts['train.npy_sha256']}; {self.SHA256} was expected, "
                             "the first 10,240 stories")
        self.sizes = sizes(bpe.load(os.path.join(samples, "stories-1m")))

    @staticmethod
    def tokens(work, name):
        return torch.from_numpy(np.load(os.path.join(work, f"{name}.npy")).astype(np.int64))

    def batch(self, generator):
        last = len(self.ids) - self.window - 1
        anywhere = torch.randint(last, (self.rows,), generator=generator)
        story = self.starts[torch.randint(len(self.starts), (self.rows,), generator=generator)].clamp(max=last)
        begin = torch.where(torch.rand(self.rows, generator=generator) < 0.5, story, anywhere)
        rows = self.ids[begin[:, None] + torch.arange(self.window + 1)]
        return rows[:, :-1], rows[:, 1:], None

    def bits_per_byte(self, model, window, limit=None):
        return bits_per_byte(model, self.held_out[:limit], self.sizes, window)

    def measure(self, model):
        return {"heldout_bpb": self.bits_per_byte(model, self.window, 16 * 1024)}

    def finish(self, model):
        return {"heldout_bits_per_byte_by_window": {str(self.window): self.bits_per_byte(model, self.window)}}

    better = "heldout_bpb"  # the figure that decides which step is kept: the least


class Induction:
    """Random tokens whose first part is repeated to the end: only copying predicts, and only the repetition counts."""
    LENGTH, ROWS, VOCABULARY, SHORTEST, LONGEST = 96, 16, 64, 8, 47
    facts = {"origin": "random letters from the seed", "length": LENGTH, "periods": [SHORTEST, LONGEST]}
    better = "repeated_nats"

    def batch(self, generator, rows=ROWS):
        period = torch.randint(self.SHORTEST, self.LONGEST + 1, (rows, 1), generator=generator)
        fresh = torch.randint(self.VOCABULARY, (rows, self.LENGTH + 1), generator=generator)
        place = torch.arange(self.LENGTH + 1)
        ids = fresh.gather(1, place % period)
        return ids[:, :-1], ids[:, 1:], place[1:] >= period

    @torch.no_grad()
    def measure(self, model):
        ids, targets, mask = self.batch(torch.Generator().manual_seed(1000), 64)
        logits = model(ids)[mask]
        return {"repeated_nats": F.cross_entropy(logits, targets[mask]).item(),
                "repeated_accuracy": (logits.argmax(-1) == targets[mask]).float().mean().item()}

    finish = measure


class Records:
    """Records such as "c5" among filler, then questions such as "c?", whose answers ("5") are never shown.

    One token each: the filler, 64 records of 8 names and 8 values, 8 questions, 8 answers. The records stand in the first
    three quarters, questions fill the last. The curriculum begins with 2 segments and 1 record: while the last 40 steps
    answer more than 85 %, another record is added; from 4 records on the length is doubled first.
    """
    NAMES, VALUES, FILLER, SEGMENT, MOST_SEGMENTS, MOST_RECORDS = 8, 8, 16, 32, 16, 8
    TOKENS = SEGMENT * MOST_SEGMENTS * 8
    RECORD = FILLER
    QUESTION = RECORD + NAMES * VALUES
    ANSWER = QUESTION + NAMES
    VOCABULARY = ANSWER + VALUES
    facts = {"origin": "random records and filler from the seed", "names": NAMES, "values": VALUES, "segment": SEGMENT,
             "segments": MOST_SEGMENTS, "records": MOST_RECORDS}
    better = "nats"

    def __init__(self, overwrite=False):
        """`overwrite`: names occur twice, in two segments, and the later record holds. (Within a segment no rule of the
        memory knows an order.)"""
        self.overwrite = overwrite
        self.most = self.MOST_RECORDS // (2 if overwrite else 1)
        self.segments, self.records, self.recent = 4 if overwrite else 2, 1, []

    def state(self):
        return [self.segments, self.records, self.recent]

    def resume(self, state):
        self.segments, self.records, self.recent = state

    def sequences(self, rows, segments, records, generator):
        """ids and targets [rows, segments * 32], mask of the questions, and where the record of each target stands."""
        length = segments * self.SEGMENT
        front = 3 * length // 4
        ids = torch.randint(self.FILLER, (rows, length), generator=generator)
        names = torch.rand(rows, self.NAMES, generator=generator).argsort(1)[:, :records]
        if self.overwrite:
            names = names.repeat(1, 2)
        count = names.shape[1]
        values = torch.randint(self.VALUES, (rows, count), generator=generator)
        places = self.places(rows, front, count, generator)
        names = names.gather(1, places.argsort(1))
        places = places.sort(1).values
        ids.scatter_(1, places, self.RECORD + names * self.VALUES + values)
        held, where = (torch.zeros(rows, self.NAMES, dtype=torch.long) for _ in range(2))
        for i in range(count):  # in their order: the last record of a name stays
            held.scatter_(1, names[:, i:i + 1], values[:, i:i + 1])
            where.scatter_(1, names[:, i:i + 1], places[:, i:i + 1])
        asked = names.gather(1, torch.randint(count, (rows, length - front), generator=generator))
        ids[:, front:] = self.QUESTION + asked
        targets = torch.zeros_like(ids)
        targets[:, front:] = self.ANSWER + held.gather(1, asked)
        mask = torch.zeros(rows, length, dtype=torch.bool)
        mask[:, front:] = True
        return ids, targets, mask, where.gather(1, asked)

    def places(self, rows, front, count, generator):
        """Where records stand, [rows, count]; of records that overwrite, i and i + count / 2 are in different segments."""
        def draw(rows):
            return torch.rand(rows, front, generator=generator).argsort(1)[:, :count]
        places = draw(rows)
        if not self.overwrite:
            return places.sort(1).values
        while True:
            first, second = (places // self.SEGMENT).chunk(2, 1)
            same = (first == second).any(1)
            if not same.any():
                return places
            places[same] = draw(int(same.sum()))

    def batch(self, generator):
        rows = self.TOKENS // (self.segments * self.SEGMENT)
        return self.sequences(rows, self.segments, self.records, generator)[:3]

    def after_step(self, logits_right):
        self.recent = [*self.recent[-39:], logits_right]
        if len(self.recent) == 40 and sum(self.recent) / 40 > 0.85:
            if self.records < 4 or (self.segments == self.MOST_SEGMENTS and self.records < self.most):
                self.records += 1
            elif self.segments < self.MOST_SEGMENTS:
                self.segments *= 2
            else:
                return
            self.recent = []

    def solved(self, figures):
        return self.records == self.most and figures["accuracy"] > 0.9995

    @torch.no_grad()
    def accuracy(self, model, segments, records, rows=32, seed=1000):
        """Share of right answers, and by how many segments back the record stands: list of [distance, share, answers]."""
        ids, targets, mask, where = self.sequences(rows, segments, records, torch.Generator().manual_seed(seed))
        right = (model(ids).argmax(-1) == targets)[:, -where.shape[1]:]
        asked = torch.arange(ids.shape[1] - where.shape[1], ids.shape[1])
        back = asked // self.SEGMENT - where // self.SEGMENT
        by_distance = [[d, right[back == d].float().mean().item(), int((back == d).sum())]
                       for d in sorted(set(back.flatten().tolist()))]
        return right.float().mean().item(), by_distance

    @torch.no_grad()
    def measure(self, model):
        ids, targets, mask, _ = self.sequences(32, self.MOST_SEGMENTS, self.most,
                                               torch.Generator().manual_seed(1000))
        logits = model(ids)[mask]
        return {"segments": self.segments, "records": self.records,
                "nats": F.cross_entropy(logits, targets[mask]).item(),
                "accuracy": (logits.argmax(-1) == targets[mask]).float().mean().item()}

    finish = measure


class Brackets:
    """Letters with a pair of brackets among them: "abc(ddad)cbb?". The row of the question mark, which stands last, is the
    class: the letter that occurs most often between the brackets, where one is preferred; another is preferred outside.
    Whether a letter stands between them depends on what is left and right of it.

    The curriculum begins with 64 tokens: when the last 40 steps answer more than 85 %, the double length joins; every step
    draws one of the lengths.
    """
    LETTERS, SHORTEST, LONGEST, TOKENS, PREFERRED = 8, 64, 512, 4096, 0.25
    OPEN, CLOSE, QUESTION = LETTERS, LETTERS + 1, LETTERS + 2
    VOCABULARY = LETTERS + 3
    facts = {"origin": "random letters from the seed", "letters": LETTERS, "lengths": [SHORTEST, LONGEST],
             "preferred": PREFERRED}
    better = "nats"

    def __init__(self):
        self.length, self.recent = self.SHORTEST, []

    def state(self):
        return [self.length, self.recent]

    def resume(self, state):
        self.length, self.recent = state

    def draw(self, rows, length, generator):
        """ids [rows, length], the class of each, and whether no other letter is as frequent."""
        many = torch.randint(length // 8, length // 2, (rows, 1), generator=generator)
        first = (torch.rand(rows, 1, generator=generator) * (length - many - 2)).long()
        place = torch.arange(length)
        inside = (place > first) & (place <= first + many)
        liked = torch.randint(self.LETTERS, (rows, 2), generator=generator)
        ids = torch.where(torch.rand(rows, length, generator=generator) < self.PREFERRED,
                          torch.where(inside, liked[:, :1], liked[:, 1:]),
                          torch.randint(self.LETTERS, (rows, length), generator=generator))
        most = torch.stack([((ids == letter) & inside).sum(1) for letter in range(self.LETTERS)], 1).topk(2)
        ids.scatter_(1, first, self.OPEN).scatter_(1, first + many + 1, self.CLOSE)
        ids[:, -1] = self.QUESTION
        return ids, most.indices[:, 0], most.values[:, 0] > most.values[:, 1]

    def sequences(self, rows, length, generator):
        ids, letters, clear = self.draw(2 * rows + 6, length, generator)
        ids, letters = ids[clear][:rows], letters[clear][:rows]
        targets = torch.zeros_like(ids)
        targets[:, -1] = letters
        return ids, targets, torch.arange(length).expand_as(ids) == length - 1

    def batch(self, generator):
        lengths = [n for n in (64, 128, 256, 512) if n <= self.length]
        length = lengths[torch.randint(len(lengths), (1,), generator=generator).item()]
        return self.sequences(self.TOKENS // length, length, generator)

    def after_step(self, share_right):
        self.recent = [*self.recent[-39:], share_right]
        if len(self.recent) == 40 and sum(self.recent) / 40 > 0.85 and self.length < self.LONGEST:
            self.length, self.recent = 2 * self.length, []

    @torch.no_grad()
    def answers(self, model, length, rows, seed=1000):
        """Mean loss and share of right answers of rows that no training step sees."""
        generator, nats, right, done = torch.Generator().manual_seed(seed), 0.0, 0, 0
        while done < rows:
            ids, targets, mask = self.sequences(32, length, generator)
            logits, letters = model(ids)[mask], targets[mask]
            nats += F.cross_entropy(logits, letters, reduction="sum").item()
            right += int((logits.argmax(-1) == letters).sum())
            done += len(ids)
        return nats / done, right / done

    def measure(self, model):
        nats, accuracy = self.answers(model, self.LONGEST, 128)
        return {"length": self.length, "nats": nats, "accuracy": accuracy}

    def finish(self, model):
        lengths = {64: 2048, 128: 2048, 256: 1024, 512: 1024, 1024: 256}
        return {"accuracy_by_length": {str(n): self.answers(model, n, rows)[1] for n, rows in lengths.items()}}
