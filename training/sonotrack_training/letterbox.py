"""The letterbox and the mask grid of docs/reference/graphs.md, for measuring the exported graphs as
the engines run them.

Legend: H/W frame px, S input px, M = S/2 mask grid px. Pixel i spans [i, i+1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Letterbox:
    """A frame of ``height`` x ``width`` px in the top left of a ``size`` x ``size`` square."""

    height: int
    width: int
    size: int

    @property
    def content(self) -> tuple[int, int]:
        """Height and width (px) that the frame takes up, halves rounded up."""
        scale = min(self.size / self.height, self.size / self.width)
        high = max(1, math.floor(self.height * scale + 0.5))
        wide = max(1, math.floor(self.width * scale + 0.5))
        return high, wide

    def shrink(self, frame: np.ndarray) -> np.ndarray:
        """``frame`` u8[H, W] -> u8[S, S]; shrinking averages areas, enlarging is bilinear, per
        axis."""
        high, wide = self.content
        out = frame.astype(np.float32)
        for axis, target in ((0, high), (1, wide)):
            size = (wide, out.shape[0]) if axis == 1 else (out.shape[1], high)
            how = cv2.INTER_AREA if target < frame.shape[axis] else cv2.INTER_LINEAR
            out = cv2.resize(out, size, interpolation=how)
        square = np.zeros((self.size, self.size), np.uint8)
        square[:high, :wide] = np.floor(out + 0.5).clip(0, 255)
        return square

    def grow(self, grid: np.ndarray) -> np.ndarray:
        """``grid`` f32[N, m, m] over the square (of any side m) -> f32[N, H, W], bilinear, clamped
        to the content."""
        side = grid.shape[-1]
        share = side / self.size
        high, wide = self.content
        y = (np.arange(self.height, dtype=np.float32) + 0.5) * (high / self.height * share) - 0.5
        x = (np.arange(self.width, dtype=np.float32) + 0.5) * (wide / self.width * share) - 0.5
        y = y.clip(0, math.ceil(high * share) - 1)
        x = x.clip(0, math.ceil(wide * share) - 1)
        map_x, map_y = np.meshgrid(x, y)
        return np.stack([cv2.remap(g, map_x, map_y, cv2.INTER_LINEAR) for g in grid])
