# SPDX-License-Identifier: GPL-3.0-or-later
"""TaylorShift (Nauen, Palacio, Dengel 2024, arXiv 2403.02920), in the direct form, causal or not.

    Y = W V,  W_ij = p(x_ij) / sum_j p(x_ij),  p(x) = 1 + x + x^2/2,  x_ij = tau q_i.k_j / (|q_i| |k_j|)

tau is learned, one per head. Rotary positions keep the lengths of q and k, so their place before or after the
normalisation is the same.
"""
import torch
from torch import nn
from torch.nn import functional as F

from attention import attend, causal, is_causal, merged

PARAMETERS = {"temperature": "temperature"}  # the engine's name of a parameter: the attribute here


def weights(x, first, past):
    p = (1 + x + 0.5 * x * x) * causal(x, first, past)
    return p / p.sum(-1, keepdim=True)


class TaylorShift(nn.Module):
    """Knob `temperature`: where tau starts."""

    def __init__(self, config, knobs):
        super().__init__()
        self.causal = is_causal(config)
        self.temperature = nn.Parameter(torch.full((config["num_attention_heads"],), float(knobs["temperature"])))

    def forward(self, q, k, v, x, turn):
        tau = self.temperature[:, None, None]
        q, k = tau * F.normalize(turn(q), dim=-1), F.normalize(turn(k), dim=-1)
        return merged(attend(q, k, v, weights, self.causal))
