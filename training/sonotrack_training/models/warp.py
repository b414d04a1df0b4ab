"""Carrying masks by a flow, as the runtime does (native/core/warp.h)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def warp(source: Tensor, flow: Tensor) -> Tensor:
    """``source`` f32[B, C, H, W] of an earlier frame, ``flow`` f32[B, 2, H, W] px, x first, from
    the present frame into that one -> f32[B, C, H, W] on the present frame.

    Bilinear; outside of the image the border value is read.
    """
    height, width = source.shape[-2:]
    x = torch.arange(width, dtype=torch.float32, device=source.device).view(1, 1, width)
    y = torch.arange(height, dtype=torch.float32, device=source.device).view(1, height, 1)
    # pixel index i has its centre at i + 0.5; grid_sample wants [-1, 1] over the outer edges
    at_x = (2 * (x + flow[:, 0]) + 1) / width - 1
    at_y = (2 * (y + flow[:, 1]) + 1) / height - 1
    grid = torch.stack([at_x, at_y], -1)  # [B, H, W, 2]
    return F.grid_sample(source, grid, mode="bilinear", padding_mode="border", align_corners=False)
