"""SonoSAMLite's prompt encoder: sparse tokens as SAM's, and click, box and mask maps at stride 4.

The maps make a click's place exact (tokens alone leave it to the attention), as SegNext and RITM found.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .sonosam_encoder import EMBEDDING

# Standard deviations of a click's bump, as a share of the input's side: a click's own place, and its neighbourhood.
NEAR, WIDE = 2.5 / 256, 12.0 / 256
FAR = 100.0  # squared distance of what is no such click, in sides of the input: its bump is 0
POINT_TYPES = 4  # background, foreground, box corner 0, box corner 1
MAP_CHANNELS = 6  # foreground near/wide, background near/wide, box, previous mask
UNUSED_BIAS = -1e4  # added to the attention score of an unused token


def pixel_grid(side: int, step: float) -> Tensor:
    """Centres of the cells in input px, f32[side, side, 2] as x, y."""
    at = (torch.arange(side) + 0.5) * step
    y, x = torch.meshgrid(at, at, indexing="ij")
    return torch.stack([x, y], -1)


def click_maps(points: Tensor, box: Tensor, previous: Tensor, size: int) -> Tensor:
    """points f32[B,N,3], box f32[B,4], previous f32[B,1,M,M] in 0–1 → maps f32[B,6,size/4,size/4]."""
    grid = pixel_grid(size // 4, 4.0).to(points)
    # squared distances along x and y, [B,w,N] and [B,h,N]: the clicks last, where a minimum is fastest
    away_x, away_y = (
        ((at[:, None] - points[:, None, :, axis]) / size).square()
        for axis, at in ((0, grid[0, :, 0]), (1, grid[:, 0, 1]))
    )
    maps = []
    for label in (1.0, 0.0):
        others = (points[:, None, :, 2] != label).to(points) * FAR
        # [B,h,1,N] + [B,1,w,N] → of the nearest click [B,1,h,w]
        squared = (away_y[:, :, None] + (away_x + others)[:, None]).amin(-1)[:, None]
        maps += [torch.exp(squared * (-0.5 / sigma**2)) for sigma in (NEAR, WIDE)]
    x, y = grid[..., 0], grid[..., 1]
    x0, y0, x1, y1 = (box[:, i, None, None] for i in range(4))
    inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    maps.append(inside.to(points)[:, None])
    maps.append(F.avg_pool2d(previous, 2))
    return torch.cat(maps, 1)


class PromptEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        # SAM's random Fourier features; fixed, so that a position means the same in every run
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("frequencies", torch.randn(2, EMBEDDING // 2, generator=generator))
        self.types = nn.Embedding(POINT_TYPES, EMBEDDING)
        self.map4 = nn.Conv2d(MAP_CHANNELS, 32, 3, padding=1)
        self.map8 = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.map16 = nn.Conv2d(64, EMBEDDING, 3, stride=2, padding=1)

    def position(self, xy: Tensor, size: int) -> Tensor:
        """xy f32[…,2] in px → f32[…,256] Fourier features."""
        wave = (2 * xy / size - 1) @ self.frequencies * (2 * math.pi)
        return torch.cat([wave.sin(), wave.cos()], -1)

    def tokens(self, points: Tensor, box: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """points f32[B,N,3], box f32[B,4] → tokens f32[B,N+2,256], bias f32[B,N+2] (0 or UNUSED_BIAS)."""
        corners = box.reshape(-1, 2, 2)
        has_box = (box[:, 2:3] > box[:, 0:1]).to(points).expand(-1, 2)
        label = points[:, :, 2:3]
        types = self.types.weight
        kinds = torch.where(label == 1, types[1], types[0])
        kinds = torch.cat([kinds, types[2:4].expand(points.shape[0], -1, -1)], 1)
        places = self.position(torch.cat([points[:, :, :2], corners], 1), size)
        used = torch.cat([(points[:, :, 2] >= 0).to(points), has_box], 1)
        return (places + kinds) * used[..., None], (1 - used) * UNUSED_BIAS

    def maps(self, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """maps f32[B,6,S/4,S/4] → features at strides 4, 8, 16 (32, 64, 256 channels)."""
        x4 = F.relu(self.map4(maps))
        x8 = F.relu(self.map8(x4))
        return x4, x8, self.map16(x8)
