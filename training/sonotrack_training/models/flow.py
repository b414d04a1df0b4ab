"""Dense optical flow as plain tensor operations, so that training and the exported graph share one
source of truth.

A coarse-to-fine combination of a local and a global method (Lucas-Kanade windows inside a
Horn-Schunck smoothness term: Bruhn, Weickert & Schnoerr 2005), with the mean-normalised windows of
dense inverse search (Kroeger et al. 2016): a change of gain between two frames then is no motion.
Every loop has a fixed length and every operation exports to ONNX.

Legend: B batch, H/W px. A flow is f32[B, 2, H, W] in px of its own grid, x first; it lies on the
present frame and points to where the same tissue was in the frame before: ``present(p) = before(p +
flow(p))``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LONGEST_STEP = 2.0  # px of a level's grid, that one linearisation may move


@dataclass(frozen=True)
class FlowOptions:
    """Settings of :class:`DenseFlow`; gray values are 0-1."""

    levels: int = 4  # halvings of the grid plus one; the coarsest of a 128 grid is 16
    warps: tuple[int, ...] = (1, 1, 1, 1)  # linearisations per level, coarsest first
    sweeps: tuple[int, ...] = (
        20,
        20,
        20,
        20,
    )  # Jacobi sweeps per linearisation of a level, coarsest first
    window: int = 7  # px, side of the box window of the data term
    smoothness: float = 6.0  # weight of the smoothness term against the normalised data term
    noise: float = 0.015  # gray level below which a residual counts as noise


def pixel_grid(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Returns pixel indices f32[1, 2, H, W], x first."""
    y = (
        torch.arange(height, dtype=torch.float32, device=device)
        .view(1, 1, height, 1)
        .expand(1, 1, height, width)
    )
    x = (
        torch.arange(width, dtype=torch.float32, device=device)
        .view(1, 1, 1, width)
        .expand(1, 1, height, width)
    )
    return torch.cat([x, y], 1)


def warp(source: Tensor, flow: Tensor) -> Tensor:
    """Carries ``source`` f32[B, C, H, W] (on the frame before) to the present frame by ``flow``
    f32[B, 2, H, W].

    Bilinear; outside of the image the border value is read.
    """
    height, width = source.shape[-2:]
    at = pixel_grid(height, width, source.device) + flow
    # pixel index i has its centre at i + 0.5; grid_sample wants [-1, 1] over the outer edges
    size = torch.tensor([width, height], dtype=torch.float32, device=source.device).view(1, 2, 1, 1)
    grid = ((2 * at + 1) / size - 1).permute(0, 2, 3, 1)  # [B, H, W, 2]
    return F.grid_sample(source, grid, mode="bilinear", padding_mode="border", align_corners=False)


class BoxMean(nn.Module):
    """Mean over a ``side`` x ``side`` window (odd), only over pixels inside of the image.

    Two products with banded matrices: ONNX Runtime's CPU provider runs them several times faster
    than average pooling. A module, so that its nodes have names that quantisation can leave alone.
    """

    @staticmethod
    def window(length: int, side: int, like: Tensor) -> Tensor:
        """f32[length, length]; row i averages the window about pixel i."""
        at = torch.arange(length, device=like.device)
        inside = ((at[:, None] - at[None]).abs() <= side // 2).to(torch.float32)
        return inside / inside.sum(1, keepdim=True)

    def forward(self, x: Tensor, side: int) -> Tensor:
        height, width = x.shape[-2:]
        with torch.autocast(x.device.type, enabled=False):  # bf16 would blur the differences
            columns = x.float() @ self.window(width, side, x).T
            return self.window(height, side, x) @ columns


class DenseFlow(nn.Module):
    """Flow from the present frame into the one before; no parameters."""

    def __init__(self, options: FlowOptions = FlowOptions()) -> None:
        super().__init__()
        self.options = options
        self.box = BoxMean()
        blur = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer(
            "blur", (blur[:, None] * blur[None] / 16).view(1, 1, 3, 3), persistent=False
        )
        # Scharr derivatives, x then y: rotation-invariant to a good approximation
        side = torch.tensor([3.0, 10.0, 3.0]) / 32
        step = torch.tensor([-1.0, 0.0, 1.0])
        kernels = torch.stack([side[:, None] * step[None], step[:, None] * side[None]])
        self.register_buffer("derive", kernels.view(2, 1, 3, 3), persistent=False)

    def _smooth(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), self.blur)

    def _pyramid(self, image: Tensor) -> list[Tensor]:
        """Returns the levels, finest first; the finest is left as it is, for its speckle carries
        motion."""
        levels = [image]
        for _ in range(self.options.levels - 1):
            levels.append(F.avg_pool2d(self._smooth(levels[-1]), 2))
        return levels

    def _step(self, present: Tensor, before: Tensor, flow: Tensor, sweeps: int) -> Tensor:
        """One linearisation about ``flow``: data tensor by windows, then sweeps of the smoothness
        term."""
        o = self.options
        warped = warp(before, flow)
        mean = (warped + present) / 2
        gradient = F.conv2d(
            F.pad(mean, (1, 1, 1, 1), mode="replicate"), self.derive
        )  # [B, 2, H, W]
        gx, gy, gt = gradient[:, :1], gradient[:, 1:], warped - present
        # window sums of products, less the product of the window's means (mean-normalised patches)
        parts = torch.cat([gx, gy, gt], 1)
        means = self.box(parts, o.window)
        mx, my, mt = means[:, :1], means[:, 1:2], means[:, 2:]
        products = torch.cat([gx * gx, gx * gy, gy * gy, gx * gt, gy * gt, gt * gt], 1)
        centred = self.box(products, o.window) - torch.cat(
            [mx * mx, mx * my, my * my, mx * mt, my * mt, mt * mt], 1
        )
        # a robust weight: windows that do not match (decorrelated speckle) say less; scale-free in
        # the gray level
        weight = torch.rsqrt(centred[:, 5:].clamp_min(0) + o.noise**2) / o.noise
        jxx, jxy, jyy, jxt, jyt = (centred[:, i : i + 1] * weight for i in range(5))
        # the 2 x 2 system of a pixel, inverted once; every sweep solves it exactly for the present
        # mean of the
        # 3 x 3 px about it
        a = o.smoothness
        axx, ayy = jxx + a, jyy + a
        inverse = 1 / (axx * ayy - jxy * jxy)
        own = torch.cat([ayy, axx], 1) * (a * inverse)
        cross = -jxy * (a * inverse)
        data = torch.cat([jxt, jyt], 1) / a + flow
        total = flow
        for _ in range(sweeps):
            rest = self.box(total, 3) - data
            total = flow + rest * own + rest.flip(1) * cross
        return flow + (total - flow).clamp(-LONGEST_STEP, LONGEST_STEP)

    def forward(self, present: Tensor, before: Tensor) -> Tensor:
        """``present``, ``before`` f32[B, 1, H, W] gray 0-1 -> flow f32[B, 2, H, W]."""
        levels_present, levels_before = self._pyramid(present), self._pyramid(before)
        flow = torch.zeros_like(levels_present[-1]).repeat(1, 2, 1, 1)
        for level in range(self.options.levels - 1, -1, -1):
            p, b = levels_present[level], levels_before[level]
            if flow.shape[-1] != p.shape[-1]:
                flow = 2 * F.interpolate(
                    flow, size=p.shape[-2:], mode="bilinear", align_corners=False
                )
            rank = self.options.levels - 1 - level
            for _ in range(self.options.warps[rank]):
                flow = self._step(p, b, flow, self.options.sweeps[rank])
        return flow
