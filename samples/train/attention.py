# SPDX-License-Identifier: GPL-3.0-or-later
"""The attention layer of the samples, and exact softmax attention; the other methods stand in files of their own.

q is [batch, heads, time, d], k and v are [batch, key heads, time, d], all before rotary positions; query head h reads key
head h // (heads / key heads). A method is a module called with (q, k, v, x, turn): x is the normed input of the layer
[batch, time, width], turn(rows) applies the rotary positions 0, 1, … It returns the mixed rows, heads side by side.
"""
import torch
from torch import nn
from torch.nn import functional as F

QUERY_BLOCK = 64  # queries per attention block: each block meets keys 0..its own end only, so less is computed and masked


def rotate(x, cos, sin):
    """RoPE, rotate-half form: x is [..., time, head_dim], cos and sin are [time, head_dim / 2]."""
    low, high = x.chunk(2, -1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), -1)


def turning(theta, dim, time, past, dtype):
    """turn(rows) of `time` positions that begin at `past`; a shorter input takes the first of them."""
    rate = theta ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    angle = torch.arange(past, past + time, dtype=torch.float64)[:, None] * rate
    cos, sin = angle.cos().to(dtype), angle.sin().to(dtype)
    return lambda x: rotate(x, cos[:x.shape[-2]], sin[:x.shape[-2]])


def merged(rows):
    """[batch, heads, time, d] as [batch, time, heads * d]."""
    return rows.transpose(1, 2).flatten(2)


def attend(q, k, v, weigh, causal=True):
    """o_i = sum_j w_ij v_j, [batch, heads, time, d], the queries being the last of the keys.

    weigh(s, first, past) turns the products s = q k^T of the queries first.. [batch, key heads, group, rows, keys] into
    weights; query row r stands at key past + first + r. Without a causal mask every query stands behind all keys.
    """
    batch, heads, time, dim = q.shape
    kv_heads, past = k.shape[1], k.shape[2] - time
    grouped = q.view(batch, kv_heads, heads // kv_heads, time, dim)
    out = []
    for first in range(0, time, QUERY_BLOCK):
        end = min(first + QUERY_BLOCK, time)
        rows, keys = end - first, past + end if causal else k.shape[2]
        block = grouped[:, :, :, first:end].reshape(batch, kv_heads, -1, dim)
        s = (block @ k[:, :, :keys].transpose(2, 3)).view(batch, kv_heads, -1, rows, keys)
        mixed = weigh(s, first if causal else keys, past).flatten(2, 3) @ v[:, :, :keys]
        out.append(mixed.view(batch, heads, rows, -1))
    return torch.cat(out, 2)


def is_causal(config):
    return config.get("subquad", {}).get("causal", True)


def causal(s, first, past):
    """1 where a query may see a key, else 0: [rows, keys]."""
    return torch.ones(s.shape[-2:], dtype=s.dtype).tril(past + first)


def softmax_weights(s, first, past):
    future = torch.full(s.shape[-2:], float("-inf"), dtype=s.dtype).triu(past + first + 1)
    return (s + future).softmax(-1)


class Softmax(nn.Module):
    """softmax(Q K^T / sqrt(d)) V (Vaswani et al. 2017)."""

    def __init__(self, config, knobs):
        super().__init__()
        self.causal = is_causal(config)

    def forward(self, q, k, v, x, turn, cache=None):
        q, k = turn(q) * q.shape[-1] ** -0.5, turn(k)
        if cache is not None:
            k, v = cache.append(self, k, v)
        return merged(attend(q, k, v, softmax_weights, self.causal))


class Attention(nn.Module):
    def __init__(self, c, mix):
        super().__init__()
        self.heads, self.kv_heads = c["num_attention_heads"], c["num_key_value_heads"]
        self.dim = c.get("head_dim", c["hidden_size"] // self.heads)
        self.q_proj = nn.Linear(c["hidden_size"], self.heads * self.dim, bias=False)
        self.k_proj = nn.Linear(c["hidden_size"], self.kv_heads * self.dim, bias=False)
        self.v_proj = nn.Linear(c["hidden_size"], self.kv_heads * self.dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.dim, c["hidden_size"], bias=False)
        self.mix = mix

    def forward(self, x, turn, cache=None):
        batch, time, _ = x.shape
        # one product for the three projections is faster than three
        qkv = F.linear(x, torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight)))
        qkv = qkv.view(batch, time, self.heads + 2 * self.kv_heads, self.dim).transpose(1, 2)
        q, k, v = qkv.split((self.heads, self.kv_heads, self.kv_heads), 1)
        rest = () if cache is None else (cache,)
        return self.o_proj(self.mix(q, k, v, x, turn, *rest))


class Cache:
    """The keys and values of the tokens read so far, per module; of exact attention alone."""

    def __init__(self):
        self.kv, self.length = {}, 0

    def append(self, module, k, v):
        if module in self.kv:
            k, v = (torch.cat(pair, 2) for pair in zip(self.kv[module], (k, v)))
        self.kv[module] = (k, v)
        return k, v

    def keep(self, rows):
        self.kv = {module: (k[rows], v[rows]) for module, (k, v) in self.kv.items()}
