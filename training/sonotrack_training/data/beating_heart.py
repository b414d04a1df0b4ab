"""A synthetic heart at end-diastole and at end-systole: one step over a whole contraction.

The scene of `synthetic.heart` is deformed as hearts are (fractions by textbook: the cavity narrows by a quarter to a half, its
wall thickens, the mitral ring comes towards the apex by a tenth to a quarter of the length while the atrium's roof stays) and
rendered anew: the same anatomy and settings of the device, none of the speckle.
"""

from __future__ import annotations

import cv2
import numpy as np

from .clips import Clip
from .motion import smooth_field
from .sector import Sector, render_sector
from .synthetic import heart

VENTRICLE, ATRIUM, OBJECTS = 1, 3, 4


def contraction(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """Where the end-systolic frame reads the end-diastolic one: displacements f32[S, S, 2] in px (x, y)."""
    size = labels.shape[0]
    ys, xs = np.nonzero(labels == VENTRICLE)
    points = np.stack([xs, ys], 1).astype(np.float32)
    centre = points.mean(0)
    along = np.linalg.eigh(np.cov((points - centre).T))[1][:, 1]
    rest = np.argwhere(labels == ATRIUM)
    below = (rest.mean(0)[::-1] - centre) if len(rest) else np.array([0.0, 1.0])
    along = along if along @ below > 0 else -along
    reach = (points - centre) @ along
    apex, length = centre + reach.min() * along, float(np.ptp(reach))
    half = len(points) / (2 * length)
    across = np.array([-along[1], along[0]])

    y, x = np.mgrid[:size, :size].astype(np.float32)
    s = ((x - apex[0]) * along[0] + (y - apex[1]) * along[1]) / length  # 0 apex, 1 mitral ring
    c = (x - apex[0]) * across[0] + (y - apex[1]) * across[1]
    narrowing, shortening = rng.uniform(0.15, 0.45), rng.uniform(0.08, 0.25)
    ring = 1 - shortening
    # along: stretched linearly up to the ring, then the shift dies away towards the atrium's roof
    shift = np.where(s < ring, np.maximum(s, 0) * shortening / ring, shortening * np.clip(1 - (s - ring) / 0.9, 0, 1))
    # across: a quartic fall-off, so that the inner border moves more than the outer one
    inside = np.exp(-((c / (1.05 * half)) ** 4)) * np.exp(-np.maximum(np.abs(s - 0.5) - 0.45, 0) ** 2 / 0.02)
    widen = (1 / (1 - narrowing) - 1) * inside * c
    field = shift[..., None] * length * along + widen[..., None] * across
    field += smooth_field(rng, size, int(rng.integers(3, 6)), rng.uniform(0.5, 3) * size / 256)
    field += rng.normal(0, 4 * size / 256, 2)
    return field.astype(np.float32)


def beating_heart(rng: np.random.Generator, size: int = 256, slots: int = 10) -> Clip:
    """Two frames with their masks, ventricle, wall, atrium and (sometimes) the right ventricle."""
    while True:
        echo, labels = heart(rng, size)
        sector = Sector.random(rng)
        if (labels == VENTRICLE).any():
            break
    field = contraction(rng, labels)
    axis = np.arange(size, dtype=np.float32)
    map_x, map_y = field[..., 0] + axis[None], field[..., 1] + axis[:, None]
    later = cv2.remap(echo, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    later = later * np.exp(rng.uniform(0.05, 0.35) * smooth_field(rng, size, 6, 1.0)[..., 0])
    covered = sector.covers(size)
    settings = int(rng.integers(2**32))
    images = [
        render_sector(np.random.default_rng(settings), e.astype(np.float32), sector, grain=rng)
        for e in (echo, later)
    ]
    order = 1 + rng.permutation(slots)[:OBJECTS]
    masks = np.zeros((2, slots + 1, size // 2, size // 2), np.float32)
    active = np.zeros(slots + 1, np.float32)
    active[0] = 1
    for label, slot in enumerate(order, 1):
        seen = ((labels == label) & covered).astype(np.float32)
        if not seen.any():
            continue
        moved = cv2.remap(seen, map_x, map_y, cv2.INTER_LINEAR) * covered
        for t, mask in enumerate((seen, moved)):
            masks[t, slot] = cv2.resize(mask, (size // 2, size // 2), interpolation=cv2.INTER_AREA)
        active[slot] = 1
    masks[:, 0] = 1 - masks[:, 1:].sum(1)
    return Clip(np.stack(images), np.clip(masks, 0, 1), active)
