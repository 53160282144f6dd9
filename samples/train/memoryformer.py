# SPDX-License-Identifier: GPL-3.0-or-later
"""MemoryFormer (Ding et al. 2024, arXiv 2411.12992): table look-ups in the place of every projection of a block.

A Memory Layer cuts its input into chunks z_k of tau numbers; the signs of a chunk are the address of a row of table k:

    y = sum_k w(z_k) T_k[code(z_k)],  p(z) = prod_i 1 / (1 + e^(-2|z_i|)) (10),  w = |z|_1 p(z) (`l1p`, the released code) or p(z)

Through w the input has a gradient. Query, key and value read one hash. There is no output projection. The feed-forward
part is two Memory Layers with a LayerNorm between them; the second hashes tau + expand bits.
"""
import torch
from torch import nn
from torch.nn import functional as F

from attention import Softmax


def hashed(x, bits, kernel):
    """Addresses and weights [..., K] of x [..., K * bits]; the first entry of a chunk is the highest bit, 0 counts as positive."""
    z = x.unflatten(-1, (-1, bits))
    powers = 2 ** torch.arange(bits - 1, -1, -1)
    size = z.abs()
    weight = torch.exp(F.logsigmoid(2 * size).sum(-1))
    if kernel == "l1p":
        weight = weight * size.sum(-1)
    return ((z >= 0) * powers).sum(-1), weight


class MemoryLayer(nn.Module):
    """tables [K, 2^bits, out] and bias [out]."""

    def __init__(self, inputs, bits, out):
        super().__init__()
        self.bits = bits
        self.tables = nn.Parameter(0.02 * torch.randn(inputs // bits, 2 ** bits, out))
        self.bias = nn.Parameter(torch.zeros(out))


def look_up(x, layers, kernel):
    """The outputs of layers that read the same input, side by side."""
    codes, weight = hashed(x, layers[0].bits, kernel)
    tables = torch.cat([layer.tables for layer in layers], -1)
    count, rows, out = tables.shape
    places = (codes + rows * torch.arange(count)).flatten(0, -2)
    y = F.embedding_bag(places, tables.view(count * rows, out), mode="sum", per_sample_weights=weight.flatten(0, -2))
    return (y + torch.cat([layer.bias for layer in layers])).view(*x.shape[:-1], out)


class Attention(nn.Module):
    def __init__(self, c, knobs):
        super().__init__()
        self.heads, self.kv_heads, self.dim = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        self.kernel = knobs["kernel"]
        width, bits = c["hidden_size"], knobs["tau"]
        self.query = MemoryLayer(width, bits, self.heads * self.dim)
        self.key = MemoryLayer(width, bits, self.kv_heads * self.dim)
        self.value = MemoryLayer(width, bits, self.kv_heads * self.dim)
        self.mix = Softmax(c, {})

    def forward(self, x, turn, cache=None):
        rows = look_up(x, (self.query, self.key, self.value), self.kernel)
        rows = rows.unflatten(-1, (-1, self.dim)).transpose(1, 2)
        q, k, v = rows.split((self.heads, self.kv_heads, self.kv_heads), 1)
        return self.mix(q, k, v, x, turn, cache)


class FeedForward(nn.Module):
    def __init__(self, c, knobs):
        super().__init__()
        bits, width, inner = knobs["tau"], c["hidden_size"], c["intermediate_size"]
        self.kernel = knobs["kernel"]
        self.up = MemoryLayer(width, bits, inner)
        self.inner_norm = nn.LayerNorm(inner, c["subquad"]["inner_norm_eps"])
        self.down = MemoryLayer(inner, inner * bits // width, width)

    def forward(self, x):
        return look_up(self.inner_norm(look_up(x, (self.up,), self.kernel)), (self.down,), self.kernel)


PARAMETERS = {f"{name}.{part}": f"{place}.{name}.{part}" for part in ("tables", "bias") for name, place in
              (("query", "self_attn"), ("key", "self_attn"), ("value", "self_attn"), ("up", "mlp"), ("down", "mlp"))}
