# SPDX-License-Identifier: GPL-3.0-or-later
"""One recipe per sample: what is trained, on what, how long."""
import dataclasses
import typing

import configs
import tasks


@dataclasses.dataclass
class Recipe:
    purpose: str
    config: dict
    task: typing.Callable  # of the command line's arguments
    steps: int
    rate: float
    rates: dict = dataclasses.field(default_factory=dict)  # of parameters whose names end so
    start: str = ""  # the sample whose weights it begins with
    every: int = 64  # steps between two measurements; before, at each power of two from 8 on
    seed: int = 1
    kind: str = "stories"

    def make_task(self, args):
        if "stories" in self.kind and not args.text:
            raise SystemExit("--text: the folder that prepare.py wrote was expected")
        return self.task(args)

    def measured(self, step):
        return step % self.every == 0 or (8 <= step < self.every and step & (step - 1) == 0)


def short(args):
    return tasks.Text(args.text, args.samples, 256, 4)


def long(args):
    return tasks.Text(args.text, args.samples, 1024, 1)


STEPS = 736  # of 1,024 tokens: 0.75 million
FINE_TUNING = 256
LLAMA = configs.llama(4, 128, 8, 4, 400, 1024, 256, 0)
LONG = {**LLAMA, "max_position_embeddings": 1024}
NORMALISED = {"preset": "normalised", "qk_scale": 0.5}  # d^(-1/4) of d = 16
OFFICIAL = {"preset": "official"}
TAU = {"mix.temperature": 2e-2}
LLAMA_64 = configs.llama(4, 64, 8, 4, 200, 1024, 256, 0)
LLAMA_40 = configs.llama(4, 40, 5, 5, 120, 1024, 256, 0)
GATES = {"mix.gate": 1e-2}
TABLES = {"tau": 4, "kernel": "l1p"}
INDUCTION = configs.llama(2, 64, 4, 4, 128, tasks.Induction.VOCABULARY, 96, None)
BRACKETS = configs.llama(2, 64, 4, 4, 128, tasks.Brackets.VOCABULARY, tasks.Brackets.LONGEST, None)
RECORDS = configs.llama(1, 64, 2, 2, 128, 105, 1024, None)


def with_method(method, config=LLAMA, **knobs):
    return configs.with_method(config, method, **knobs)


RECIPES = {
    "induction": Recipe("softmax heads that copy: previous-token heads, then induction heads", INDUCTION,
                        lambda args: tasks.Induction(), 2400, 3e-3, every=100, kind="induction"),
    "records-infini": Recipe("Infini-attention that remembers records over 16 segments",
                             with_method("infini", RECORDS, segment=32), lambda args: tasks.Records(), 3600, 8e-3, GATES,
                             every=100, kind="records"),
    "records-softmax": Recipe("records with full attention: the control", RECORDS, lambda args: tasks.Records(), 3600,
                              3e-3, every=100, kind="records"),
    "records-overwritten-linear": Recipe("records whose names occur twice, the later one holds: linear rule, from records-infini",
                                         with_method("infini", RECORDS, segment=32),
                                         lambda args: tasks.Records(overwrite=True), 1500, 4e-3, GATES,
                                         start="records-infini", every=100, kind="overwritten records"),
    "records-overwritten-delta": Recipe("records whose names occur twice, the later one holds: delta rule, from records-infini",
                                        with_method("infini", RECORDS, segment=32, rule="delta"),
                                        lambda args: tasks.Records(overwrite=True), 1500, 4e-3, GATES,
                                        start="records-infini", every=100, kind="overwritten records"),
    "brackets-softmax": Recipe("classifier without causal mask, the letter that is most frequent between two brackets: softmax",
                               configs.without_mask(BRACKETS), lambda args: tasks.Brackets(), 1800, 3e-3, every=100,
                               kind="brackets"),
    "brackets-taylorshift": Recipe(
        "classifier without causal mask, the letter that is most frequent between two brackets: TaylorShift",
        configs.without_mask(with_method("taylorshift", BRACKETS, temperature=5)), lambda args: tasks.Brackets(), 1800, 3e-3,
        TAU, every=100, kind="brackets"),
    "stories-softmax": Recipe("exact attention at the tokens of the others: the control", LLAMA, short, STEPS, 3e-3),
    "stories-taylorshift": Recipe("TaylorShift from scratch, tau from 5 with a rate of its own",
                                  with_method("taylorshift", temperature=5), short, STEPS, 3e-3, TAU),
    "stories-memoryformer": Recipe("MemoryFormer from scratch, tables of 16 rows",
                                   with_method("memoryformer", **TABLES), short, STEPS, 9e-3),
    "stories-dijiang-converted": Recipe("DiJiang, normalised, fine-tuned from stories-softmax",
                                        with_method("dijiang", **NORMALISED), short, FINE_TUNING, 1e-3,
                                        start="stories-softmax", every=32),
    "stories-softmax-continued": Recipe("stories-softmax trained on for the same tokens: the control of the conversions",
                                        LLAMA, short, FINE_TUNING, 1e-3, start="stories-softmax", every=32),
    "stories-dijiang": Recipe("DiJiang, the released code's layer, from scratch", with_method("dijiang", **OFFICIAL),
                              short, STEPS, 3e-3),
    "stories-dijiang-normalised": Recipe("DiJiang, normalised, from scratch", with_method("dijiang", **NORMALISED), short,
                                         STEPS, 3e-3),
    "stories-infini": Recipe("Infini-attention from scratch, windows of 16 segments of 64",
                             with_method("infini", LONG, segment=64), long, STEPS, 3e-3, GATES, kind="long stories"),
    "stories-dijiang-official-converted": Recipe("DiJiang, the released code's layer, fine-tuned from stories-softmax",
                                                 with_method("dijiang", **OFFICIAL), short, FINE_TUNING, 1e-3,
                                                 start="stories-softmax", every=32),
    "stories-taylorshift-converted": Recipe("TaylorShift fine-tuned from stories-softmax",
                                            with_method("taylorshift", temperature=5), short, FINE_TUNING, 1e-3, TAU,
                                            start="stories-softmax", every=32),
    "stories-softmax-64": Recipe("exact attention and dense layers, half as wide", LLAMA_64, short, STEPS, 3e-3),
    "stories-softmax-40": Recipe("exact attention and dense layers, 40 wide", LLAMA_40, short, STEPS, 3e-3),
    "stories-memoryformer-64": Recipe("MemoryFormer half as wide", with_method("memoryformer", LLAMA_64, **TABLES), short,
                                      STEPS, 9e-3),
}
