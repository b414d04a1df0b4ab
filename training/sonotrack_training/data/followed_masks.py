"""Masks as a tracker leaves them: the object's own shape, moved, swollen and bent a little.

A corrective click during tracking comes with such a mask and with none of the clicks that it grew from. A model that
only ever saw its own answers as the mask before would draw the whole object anew (Sofiiuk et al. 2022 and Liu et al. 2022
train on foreign masks for the same reason).
"""

from __future__ import annotations

import cv2
import numpy as np

from ..dice import dice
from .motion import smooth_field

WORST_DSC, BEST_DSC = 0.6, 0.96
BISECTIONS = 6


def _field(rng: np.random.Generator, target: np.ndarray) -> np.ndarray:
    """A random field f32[M, M, 2] of about one px: a shift, a swelling and bends of several lengths."""
    side = target.shape[0]
    ys, xs = np.nonzero(target)
    radius = max(2.0, float(np.sqrt(len(xs) / np.pi)))
    axis = np.arange(side, dtype=np.float32)
    outwards = np.stack(
        np.broadcast_arrays((axis[None] - xs.mean()) / radius, (axis[:, None] - ys.mean()) / radius), -1
    )
    field = smooth_field(rng, side, int(rng.integers(2, 10)), 1.0)
    field += rng.normal(0, 0.7) * outwards
    return (field + rng.normal(0, 0.7, 2)).astype(np.float32)


def _moved(target: np.ndarray, field: np.ndarray, times: float) -> np.ndarray:
    side = target.shape[0]
    y, x = np.mgrid[:side, :side].astype(np.float32)
    read = cv2.remap(
        target.astype(np.float32), x + times * field[..., 0], y + times * field[..., 1], cv2.INTER_LINEAR
    )
    return (read > 0.5).astype(np.uint8)


def followed(rng: np.random.Generator, target: np.ndarray) -> np.ndarray:
    """A mask u8 0/1 [M, M] of `target` u8 0/1 [M, M] as a tracker might leave it: its DSC with the target is spread over
    0.6 to 0.96 as far as the cells of the grid allow, and it is not empty."""
    wanted = rng.uniform(WORST_DSC, BEST_DSC)
    field = _field(rng, target)
    least, most = 0.0, float(target.shape[0]) / 4
    for _ in range(BISECTIONS):
        middle = (least + most) / 2
        if dice(target, _moved(target, field, middle)) > wanted:
            least = middle
        else:
            most = middle
    found = _moved(target, field, least)
    return found if found.any() else target
