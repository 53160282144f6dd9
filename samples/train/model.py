# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Llama (RMSNorm, rotate-half RoPE, grouped-query attention, SwiGLU, tied embedding) and safetensors files.

The modules are named so that `state_dict()` has the tensor names of a Hugging Face LlamaForCausalLM.
"""
import json
import struct

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

QUERY_BLOCK = 64  # queries per attention block: each block meets keys 0..its own end only, so less is computed and masked


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x, cos, sin):
    """RoPE, rotate-half form: x is [..., time, head_dim], cos and sin are [time, head_dim / 2]."""
    low, high = x.chunk(2, -1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), -1)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads = c["num_attention_heads"], c["num_key_value_heads"]
        self.dim = c.get("head_dim", c["hidden_size"] // self.heads)
        self.q_proj = nn.Linear(c["hidden_size"], self.heads * self.dim, bias=False)
        self.k_proj = nn.Linear(c["hidden_size"], self.kv_heads * self.dim, bias=False)
        self.v_proj = nn.Linear(c["hidden_size"], self.kv_heads * self.dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.dim, c["hidden_size"], bias=False)

    def forward(self, x, cos, sin, cache):
        batch, time, _ = x.shape
        groups = self.heads // self.kv_heads  # query heads that share one key/value head
        # one product for the three projections is faster than three
        qkv = F.linear(x, torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight)))
        qkv = qkv.view(batch, time, self.heads + 2 * self.kv_heads, self.dim).transpose(1, 2)
        qk, v = qkv.split((self.heads + self.kv_heads, self.kv_heads), 1)
        q, k = rotate(qk, cos, sin).split((self.heads, self.kv_heads), 1)
        q = (q * self.dim ** -0.5).view(batch, self.kv_heads, groups, time, self.dim)
        if cache is not None:
            k, v = cache.append(self, k, v)
        past = k.shape[2] - time
        out = []
        for begin in range(0, time, QUERY_BLOCK):
            end = min(begin + QUERY_BLOCK, time)
            rows, keys = end - begin, past + end
            block = q[:, :, :, begin:end].reshape(batch, self.kv_heads, groups * rows, self.dim)
            scores = block @ k[:, :, :keys].transpose(2, 3)
            if rows > 1:
                future = torch.full((rows, keys), float("-inf"), dtype=x.dtype).triu(past + begin + 1)
                scores += future.repeat(groups, 1)
            mixed = scores.softmax(-1) @ v[:, :, :keys]
            out.append(mixed.view(batch, self.heads, rows, self.dim))
        return self.o_proj(torch.cat(out, 2).transpose(1, 2).reshape(batch, time, -1))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.up_proj = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.down_proj = nn.Linear(c["intermediate_size"], c["hidden_size"], bias=False)

    def forward(self, x):
        gate, up = F.linear(x, torch.cat((self.gate_proj.weight, self.up_proj.weight))).chunk(2, -1)
        return self.down_proj(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        self.mlp = MLP(c)

    def forward(self, x, cos, sin, cache):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Cache:
    """The keys and values of the tokens read so far, per attention module."""

    def __init__(self):
        self.kv, self.length = {}, 0

    def append(self, module, k, v):
        if module in self.kv:
            k, v = (torch.cat(pair, 2) for pair in zip(self.kv[module], (k, v)))
        self.kv[module] = (k, v)
        return k, v

    def keep(self, rows):
        self.kv = {module: (k[rows], v[rows]) for module, (k, v) in self.kv.items()}


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.model.layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.model.norm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02)
        for layer in self.model.layers:  # what is added to the residual stream starts smaller
            for p in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight):
                nn.init.normal_(p, std=0.02 / (2 * config["num_hidden_layers"]) ** 0.5)

    def forward(self, ids, cache=None):
        """Logits [batch, time, vocabulary] for ids [batch, time]."""
        x = self.model.embed_tokens(ids)
        past = cache.length if cache is not None else 0
        attention = self.model.layers[0].self_attn
        rate = self.config["rope_theta"] ** (-torch.arange(0, attention.dim, 2, dtype=torch.float64) / attention.dim)
        angle = torch.arange(past, past + ids.shape[1], dtype=torch.float64)[:, None] * rate
        cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        for layer in self.model.layers:
            x = layer(x, cos, sin, cache)
        if cache is not None:
            cache.length += ids.shape[1]
        return self.model.norm(x) @ self.model.embed_tokens.weight.T


def pick(logits, temperature, top, generator=None):
    """One sampled id per row of logits [batch, vocabulary]; temperature 0 takes the largest."""
    if temperature == 0:
        return logits.argmax(-1)
    value, index = logits.topk(top)
    choice = torch.multinomial((value / temperature).softmax(-1), 1, generator=generator)
    return index.gather(1, choice)[:, 0]


@torch.no_grad()
def generate(model, prompt, count, temperature=0.8, top=40, generator=None, stop=None):
    """The ids that follow the list `prompt`."""
    cache, ids, out = Cache(), torch.tensor([prompt]), []
    while len(out) < count:
        token = pick(model(ids, cache)[:, -1], temperature, top, generator)
        if token.item() == stop:
            break
        out.append(token.item())
        ids = token[:, None]
    return out


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            assert entry["dtype"] == "F32", name
            begin, end = entry["data_offsets"]
            tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy())
    return tensors


def write_safetensors(path, tensors, metadata):
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensor data begin at a multiple of 8 bytes
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.detach().numpy().astype("<f4").tobytes())


def load(folder):
    with open(f"{folder}/config.json") as file:
        model = Llama(json.load(file))
    tensors = read_safetensors(f"{folder}/model.safetensors")
    if "lm_head.weight" in tensors:  # tied, stored under its other name
        tensors["model.embed_tokens.weight"] = tensors.pop("lm_head.weight")
    model.load_state_dict(tensors)
    return model.eval()
