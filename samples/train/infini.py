# SPDX-License-Identifier: GPL-3.0-or-later
"""Infini-attention (Munkhdalai, Faruqui, Gopal 2024, arXiv 2404.07143).

The text is cut into segments. With sigma = ELU + 1 of queries and keys without positions, for segment s:

    A_mem = sigma(Q) M_{s-1} / (sigma(Q) z_{s-1})                                            (3)
    A_dot = softmax(Q K^T / sqrt(d)) V, causal, rotary positions that restart in the segment
    A = g A_mem + (1 - g) A_dot,  g = sigmoid(beta), one beta per query head                 (6)
    M_s = M_{s-1} + sigma(K)^T V                                                 linear      (4)
    M_s = M_{s-1} + sigma(K)^T (V - sigma(K) M_{s-1} / (sigma(K) z_{s-1}))       delta       (5)
    z_s = z_{s-1} + sum sigma(k)

While the memory is empty the output is A_dot (the paper does not say; the engine's choice B).
"""
import torch
from torch import nn
from torch.nn import functional as F

from attention import attend, merged, softmax_weights

PARAMETERS = {"gate": "gate"}
LEAST = 1e-6  # denominators are raised to this


def read(features, memory, z):
    """(F M) / (F z), zero where the memory is empty."""
    return (features @ memory) / (features @ z[..., None]).clamp(min=LEAST)


def memories(features, v, delta):
    """M and z before each segment; features and v are [batch, key heads, segments, n, d]."""
    if not delta:  # sums of what stands before: all segments at once
        written, keys = features.transpose(-1, -2) @ v, features.sum(-2)
        return written.cumsum(2) - written, keys.cumsum(2) - keys
    batch, heads, segments, _, dim = features.shape
    memory, z = v.new_zeros(batch, heads, dim, v.shape[-1]), v.new_zeros(batch, heads, dim)
    all_memory, all_z = [], []
    for s in range(segments):
        all_memory.append(memory)
        all_z.append(z)
        sigma = features[:, :, s]
        memory = memory + sigma.transpose(-1, -2) @ (v[:, :, s] - read(sigma, memory, z))
        z = z + sigma.sum(-2)
    return torch.stack(all_memory, 2), torch.stack(all_z, 2)


class Infini(nn.Module):
    """Knobs: `segment`, `rule` (linear or delta), `gate` (where beta starts)."""

    def __init__(self, config, knobs):
        super().__init__()
        self.segment, self.delta = knobs["segment"], knobs.get("rule", "linear") == "delta"
        self.gate = nn.Parameter(torch.full((config["num_attention_heads"],), float(knobs.get("gate", 0))))
        self.memory = "on"  # off: g = 0; zeroed: it returns nothing; shuffled: read with the query's features reversed

    def forward(self, q, k, v, x, turn):
        time, n = q.shape[2], self.segment
        # the last segment is filled up with zeros; nothing reads what they write
        q, k, v = (F.pad(each, (0, 0, 0, -time % n)).unflatten(2, (-1, n)) for each in (q, k, v))
        local = self.local(q, k, v, turn)
        memory, z = memories(F.elu(k) + 1, v, self.delta)
        groups = q.shape[1] // k.shape[1]
        sigma = F.elu(q) + 1
        if self.memory == "shuffled":
            sigma = sigma.flip(-1)
        read_out = read(sigma.unflatten(1, (-1, groups)), memory[:, :, None], z[:, :, None]).flatten(1, 2)
        if self.memory == "zeroed":
            read_out = torch.zeros_like(read_out)
        g = torch.sigmoid(self.gate)[:, None, None, None] * (self.memory != "off")
        filled = torch.arange(q.shape[2])[:, None, None] > 0
        mixed = torch.where(filled, g * read_out + (1 - g) * local, local)
        return merged(mixed.flatten(2, 3)[:, :, :time])

    def local(self, q, k, v, turn):
        """A_dot: every segment as a sequence of its own."""
        segments, scale = q.shape[2], q.shape[-1] ** -0.5
        q, k, v = (each.transpose(1, 2).flatten(0, 1) for each in (turn(q) * scale, turn(k), v))
        return attend(q, k, v, softmax_weights).unflatten(0, (-1, segments)).transpose(1, 2)
