"""Simulated prompts (paper §3.3): the first on the object, the next where the prediction errs most."""

from __future__ import annotations

import cv2
import numpy as np


def depth(mask: np.ndarray) -> np.ndarray:
    """Distance to the outside in px, f32; what lies beyond the picture counts as outside."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]


def point_in(rng: np.random.Generator, mask: np.ndarray, exact: float) -> tuple[float, float]:
    """A point (x, y) of `mask` (cells): with probability `exact` the innermost, else any of the inner half."""
    inside = depth(mask)
    if rng.random() < exact:
        y, x = np.unravel_index(int(inside.argmax()), inside.shape)
    else:
        inner = np.argwhere(inside > rng.uniform(0.05, 0.6) * inside.max())
        y, x = inner[rng.integers(len(inner))]
    return x + 0.5, y + 0.5


def first_point(rng: np.random.Generator, target: np.ndarray) -> tuple[float, float]:
    """The object's innermost cell, the cell nearest to its centroid, or any inner cell. target u8 0/1 [M, M]."""
    if rng.random() < 0.25:
        cells = np.argwhere(target)
        nearest = np.square(cells - cells.mean(0)).sum(1).argmin()
        y, x = cells[nearest]
        return x + 0.5, y + 0.5
    count, parts, stats, _ = cv2.connectedComponentsWithStats(target, connectivity=8)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else 0
    return point_in(rng, (parts == largest).astype(np.uint8), exact=0.5)


def next_point(
    rng: np.random.Generator, target: np.ndarray, predicted: np.ndarray, exact: float = 0.7
) -> tuple[float, float, float] | None:
    """(x, y, label) in the largest 8-connected error component, or None where nothing is wrong."""
    error = (target != predicted).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(error, connectivity=8)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y = point_in(rng, (parts == largest).astype(np.uint8), exact)
    return x, y, float(target[int(y), int(x)])


def loose_box(rng: np.random.Generator, target: np.ndarray, jitter: float = 0.2) -> np.ndarray:
    """The box of `target` (cells): exact one time in two, else each edge moved by up to ± `jitter` of its side, more
    often outwards."""
    rows, columns = np.flatnonzero(target.any(1)), np.flatnonzero(target.any(0))
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    amount = 0.0 if rng.random() < 0.5 else rng.uniform(0, jitter)
    move = rng.uniform(-0.5, 1.0, 4) * amount * np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
    box = np.array([x0 - move[0], y0 - move[1], x1 + move[2], y1 + move[3]])
    return np.clip(box, 0, target.shape[0]).astype(np.float32)
