# SPDX-License-Identifier: GPL-3.0-or-later
"""DiJiang: frequency domain kernelisation (Chen et al. 2024, arXiv 2403.19928), causal, in the quadratic form.

normalised: phi(x) = D * exp(T C x) (12), C the orthonormal DCT-II, T radii from the chi distribution of d degrees of freedom
    at stratified quantiles, D learned per key head; o_i = sum_j phi(q_i).phi(k_j) v_j / sum_j phi(q_i).phi(k_j) (4).
    q and k are multiplied by qk_scale first.
official: what the released code computes. phi(x) = softmax over the features of T C^T x, T from N(0, 1); a key that lies n
    tokens back counts gamma^n; no denominator; then GroupNorm with d groups, times SiLU(x W_G).
"""
import math
from statistics import NormalDist

import torch
from torch import nn
from torch.nn import functional as F

from attention import attend, causal, merged

EPS = 1e-5  # of the released code's GroupNorm


def dct(d):
    """The orthonormal DCT-II matrix C [d, d]."""
    j, k = torch.arange(d, dtype=torch.float64)[:, None], torch.arange(d, dtype=torch.float64)
    scale = torch.full((d, 1), math.sqrt(2 / d), dtype=torch.float64)
    scale[0] = math.sqrt(1 / d)
    return scale * torch.cos(math.pi * (2 * k + 1) * j / (2 * d))


def chi_quantiles(u, d):
    """Of the length of a Gaussian vector in d dimensions, from its density on a fine grid."""
    r = torch.linspace(0, math.sqrt(d) + 12, 200001, dtype=torch.float64)
    density = torch.exp((d - 1) * torch.log(r.clamp(min=1e-300)) - r * r / 2)
    share = density.cumsum(0) / density.sum()
    return r[torch.searchsorted(share, u)]


class Features(nn.Module):
    """log phi of queries and keys; `radius` is drawn once and stored with the model."""

    def __init__(self, config, official, scale):
        super().__init__()
        d = config["head_dim"]
        c = dct(d)
        self.register_buffer("c", (c.T if official else c).float().contiguous(), persistent=False)
        self.official, self.scale = official, scale
        if official:
            self.register_buffer("radius", torch.tensor([NormalDist().inv_cdf(u) for u in torch.rand(d).tolist()]))
        else:
            u = ((torch.arange(d) + 0.5) / d)[torch.randperm(d)].double()
            self.register_buffer("radius", chi_quantiles(u, d).float())
            self.weight = nn.Parameter(torch.ones(config["num_key_value_heads"], d))  # D

    def forward(self, x):
        """x is [batch, key heads, ..., time, d]."""
        log = self.radius * ((self.scale * x) @ self.c.to(x.dtype).T)
        if self.official:
            return log.log_softmax(-1)
        return log + self.weight.abs().log().view(1, -1, *[1] * (x.dim() - 3), x.shape[-1])


def normalised_weights(s, first, past):
    s = s * causal(s, first, past)
    return s / s.sum(-1, keepdim=True).clamp(min=1e-30)


class DiJiang(nn.Module):
    """Knobs: `preset` (normalised or official), `qk_scale`."""

    def __init__(self, config, knobs):
        super().__init__()
        self.official = knobs["preset"] == "official"
        self.features = Features(config, self.official, knobs.get("qk_scale", 1.0))
        if self.official:
            width, self.groups = config["num_attention_heads"] * config["head_dim"], config["head_dim"]
            self.norm = nn.GroupNorm(self.groups, width, EPS)
            self.gate = nn.Linear(config["hidden_size"], width, bias=False)
            kv_heads = config["num_key_value_heads"]
            place = torch.linspace(math.log(1 / 32), math.log(1 / 512), kv_heads, dtype=torch.float64)
            self.register_buffer("log_decay", torch.log1p(-place.exp()), persistent=False)  # of a key head

    @staticmethod
    def parameters_of(knobs):
        """The engine's name of each parameter, and the attribute here."""
        if knobs["preset"] == "official":
            return {"radius": "features.radius", "norm_weight": "norm.weight", "norm_bias": "norm.bias",
                    "gate": "gate.weight"}
        return {"radius": "features.radius", "weight": "features.weight"}

    def forward(self, q, k, v, x, turn):
        kv_heads = k.shape[1]
        b = self.features(turn(q).unflatten(1, (kv_heads, -1)))  # [batch, key heads, group, time, d]
        a = self.features(turn(k))
        if self.official:
            rows = merged(attend(b.exp().flatten(1, 2), a.exp(), v, self.decayed))
            rows = self.norm(rows.flatten(0, 1)).view(rows.shape)
            return F.silu(self.gate(x)) * rows
        # per feature the largest key, per query the largest feature: both cancel, no exponential overflows
        top = a.detach().amax(-2, keepdim=True)
        b = b + top[:, :, None]
        b = b - b.detach().amax(-1, keepdim=True)
        return merged(attend(b.exp().flatten(1, 2), (a - top).exp(), v, normalised_weights))

    def decayed(self, s, first, past):
        back = torch.arange(past + first, past + first + s.shape[-2])[:, None] - torch.arange(s.shape[-1])
        decay = torch.exp(self.log_decay[:, None, None, None] * back.clamp(min=0)).to(s.dtype)
        return s * (decay * causal(s, first, past))
