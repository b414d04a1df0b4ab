"""Layers that the encoder and the decoder share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def zero_pad(x: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    """Zeros around f32[B,C,H,W] (left, right, top, bottom). The value is said, though it is the default: an export without
    it keeps ONNX Runtime from taking the padding into the convolution behind."""
    return F.pad(x, sides, value=0.0)


class LayerNorm2d(nn.Module):
    """Layer norm over the channels of f32[B,C,H,W]."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        # [B,C,H,W] → [B,H,W,C] → [B,C,H,W]
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int, outputs: int | None = None):
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width if outputs is None else outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x)))


class Attention(nn.Module):
    """Multi-head attention; `inner` below `width` is SAM's attention_downsample_rate."""

    def __init__(self, width: int, heads: int, inner: int | None = None):
        super().__init__()
        inner = inner or width
        self.heads = heads
        self.query = nn.Linear(width, inner)
        self.key = nn.Linear(width, inner)
        self.value = nn.Linear(width, inner)
        self.project = nn.Linear(inner, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, key_bias: Tensor | None = None) -> Tensor:
        """q f32[B,N,W], k and v f32[B,M,W], key_bias f32[B,1,1,M] added to the scores → f32[B,N,W]."""
        b, n, _ = q.shape
        m = k.shape[1]
        # [B,N,inner] → [B,heads,N,inner/heads]
        q = self.query(q).reshape(b, n, self.heads, -1).transpose(1, 2)
        k = self.key(k).reshape(b, m, self.heads, -1).transpose(1, 2)
        v = self.value(v).reshape(b, m, self.heads, -1).transpose(1, 2)
        # spelled out: on CPUs the fused kernel's backward pass takes two to six times as long
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        if key_bias is not None:
            scores = scores + key_bias
        x = scores.softmax(-1) @ v
        return self.project(x.transpose(1, 2).reshape(b, n, -1))


class ResidualConv(nn.Module):
    """Two 3×3 convolutions around a sum; the second starts at zero, so a new block changes nothing."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(F.relu(x))))


def grid_encoding(height: int, width: int, channels: int) -> Tensor:
    """Sine-cosine position of each cell of a grid, f32[1, height·width, channels].

    Positions are fractions of the side, so another input size keeps the meaning of a position.
    """
    quarter = channels // 4
    frequency = math.pi * 2.0 ** torch.linspace(0, 5, quarter)
    y = (torch.arange(height) + 0.5) / height
    x = (torch.arange(width) + 0.5) / width
    wave_y = y[:, None] * frequency  # [H, C/4]
    wave_x = x[:, None] * frequency
    rows = torch.cat([wave_y.sin(), wave_y.cos()], 1)[:, None].expand(-1, width, -1)
    columns = torch.cat([wave_x.sin(), wave_x.cos()], 1)[None].expand(height, -1, -1)
    return torch.cat([rows, columns], 2).reshape(1, height * width, channels)
