"""Arithmetic on grids of masks, written so that inference runtimes do it fast.

Each function equals a plain operator up to rounding; what is slow about that operator on a CPU stands with it. Legend:
B batch, N channels, H/W grid.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def halve(x: Tensor) -> Tensor:
    """Means of 2 x 2 cells, f32[B, N, H, W] -> f32[B, N, H/2, W/2]: bilinear samples in their middles. ONNX Runtime's average
    pooling takes three times as long."""
    return F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False)


def double(x: Tensor) -> Tensor:
    """Doubles the grid, bilinear, half-pixel centres."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def channel_sum(x: Tensor) -> Tensor:
    """f32[B, N, H, W] -> f32[B, 1, H, W]: a product with ones, because reductions over any axis but the last are slow."""
    ones = torch.ones(1, 1, x.shape[1], dtype=x.dtype, device=x.device)
    return (ones @ x.flatten(2)).unflatten(2, x.shape[2:])


def channel_softmax(x: Tensor) -> Tensor:
    """Softmax over the channels of f32[B, N, H, W]: spelled out, because softmax over any axis but the last is transposed."""
    raised = torch.exp(x - x.amax(1, keepdim=True))
    return raised / channel_sum(raised)
