# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Llama (RMSNorm, rotate-half RoPE, grouped-query attention, SwiGLU, tied embedding) and safetensors files.

The modules are named so that `state_dict()` has the tensor names of a Hugging Face LlamaForCausalLM. A model with a method
says so in its config under "subquad", in the form that the engine reads (engine/files/FORMATS.md); the same block makes the
modules here.
"""
import json
import struct

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import memoryformer
from attention import Attention, Cache, Softmax, turning
from dijiang import DiJiang
from infini import Infini
from taylorshift import TaylorShift

METHODS = {"softmax": Softmax, "taylorshift": TaylorShift, "dijiang": DiJiang, "infini": Infini}


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.up_proj = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.down_proj = nn.Linear(c["intermediate_size"], c["hidden_size"], bias=False)

    def forward(self, x):
        gate, up = F.linear(x, torch.cat((self.gate_proj.weight, self.up_proj.weight))).chunk(2, -1)
        return self.down_proj(F.silu(gate) * up)


def parts_of(config, layer):
    """The method of a layer's attention and of its projections, each with its knobs."""
    layers = config.get("subquad", {}).get("layers")
    block = layers[layer] if layers else {}
    exact = {"method": "softmax", "knobs": {}}
    return block.get("attention", exact), block.get("linear", exact)


class Layer(nn.Module):
    def __init__(self, c, number):
        super().__init__()
        attention, linear = parts_of(c, number)
        self.input_layernorm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        self.post_attention_layernorm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        if linear["method"] == "memoryformer":
            self.self_attn = memoryformer.Attention(c, linear["knobs"])
            self.mlp = memoryformer.FeedForward(c, linear["knobs"])
        else:
            self.self_attn = Attention(c, METHODS[attention["method"]](c, attention["knobs"]))
            self.mlp = MLP(c)

    def forward(self, x, turn, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), turn, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.model.layers = nn.ModuleList(Layer(config, number) for number in range(config["num_hidden_layers"]))
        self.model.norm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        for name, p in self.named_parameters():
            if p.dim() == 2 and not name.endswith("features.weight"):
                # what is added to the residual stream starts smaller
                added = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(p, std=0.02 / (2 * config["num_hidden_layers"]) ** 0.5 if added else 0.02)

    def forward(self, ids, cache=None, layers=None):
        """Logits [batch, time, vocabulary] for ids [batch, time]; the list `layers` gets the output of every layer."""
        x = self.model.embed_tokens(ids)
        past = cache.length if cache is not None else 0
        turn = turning(self.config["rope_theta"], self.config["hidden_size"] // self.config["num_attention_heads"]
                       if "head_dim" not in self.config else self.config["head_dim"], ids.shape[1], past, x.dtype)
        for layer in self.model.layers:
            x = layer(x, turn, cache)
            if layers is not None:
                layers.append(x)
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
    """The ids that follow the list `prompt`; of a softmax model, which can be fed token by token."""
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
    types = {"F32": "<f4", "F16": "<f2", "I32": "<i4"}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            numbers = np.frombuffer(data[begin:end], types[entry["dtype"]]).astype("<f4")
            tensors[name] = torch.from_numpy(numbers.reshape(entry["shape"]))
    return tensors


def write_safetensors(path, tensors, metadata, half=False):
    """With `half` what has two dimensions and more is stored as F16."""
    header, offset, parts = {"__metadata__": metadata}, 0, []
    for name, tensor in tensors.items():
        small = half and tensor.dim() > 1
        parts.append(tensor.detach().numpy().astype("<f2" if small else "<f4").tobytes())
        header[name] = {"dtype": "F16" if small else "F32", "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(parts[-1])]}
        offset += len(parts[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensor data begin at a multiple of 8 bytes
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load(folder):
    with open(f"{folder}/config.json") as file:
        model = Llama(json.load(file))
    tensors = read_safetensors(f"{folder}/model.safetensors")
    if "lm_head.weight" in tensors:  # tied, stored under its other name
        tensors["model.embed_tokens.weight"] = tensors.pop("lm_head.weight")
    model.load_state_dict(tensors)
    return model.eval()
