"""Objects that nobody drew: shapes that give a tracker more to hold than the annotated ones.

Walls around chambers, blobs, rings, bands and regions of like brightness; labels u8[S, S], 0
background, 1..K.
"""

from __future__ import annotations

import cv2
import numpy as np

LEAST_PX = 60  # a smaller object is no object


def _wall(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """A band around one object, often open at one side, as the myocardium around the ventricle."""
    present = np.unique(labels)[1:]
    if len(present) == 0:
        return np.zeros(labels.shape, bool)
    inner = (labels == rng.choice(present)).astype(np.uint8)
    side = 2 * int(rng.integers(3, 13)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    wall = cv2.dilate(inner, kernel).astype(bool) & (inner == 0)
    if rng.random() < 0.6:
        ys, xs = np.nonzero(inner)
        y, x = np.mgrid[: labels.shape[0], : labels.shape[1]]
        angle = rng.uniform(0, 2 * np.pi)
        depth = (x - xs.mean()) * np.cos(angle) + (y - ys.mean()) * np.sin(angle)
        wall &= depth < rng.uniform(0.2, 0.8) * np.sqrt(inner.sum() / np.pi)
    return wall


def _ellipse(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """A filled ellipse or an elliptic ring or arc."""
    size = labels.shape[0]
    canvas = np.zeros(labels.shape, np.uint8)
    centre = tuple(int(v) for v in rng.integers(size // 5, 4 * size // 5, 2))
    axes = tuple(int(v) for v in rng.integers(size // 20, size // 5, 2))
    end = 360 if rng.random() < 0.6 else int(rng.integers(150, 320))
    thickness = -1 if rng.random() < 0.6 else int(rng.integers(4, 14))
    turn = int(rng.integers(0, 360))
    cv2.ellipse(canvas, centre, axes, turn, 0, end if thickness > 0 else 360, 1, thickness)
    return canvas.astype(bool)


def _region(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """A connected region of like brightness in the smoothed image."""
    smooth = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(3, 7)))
    y, x = (int(v) for v in rng.integers(20, image.shape[0] - 20, 2))
    spread = int(rng.integers(8, 22))
    mask = np.zeros((image.shape[0] + 2, image.shape[1] + 2), np.uint8)
    cv2.floodFill(
        smooth,
        mask,
        (x, y),
        255,
        spread,
        spread,
        4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE,
    )
    region = mask[1:-1, 1:-1]
    return cv2.morphologyEx(region, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)).astype(bool)


def add_pseudo_objects(
    rng: np.random.Generator, image: np.ndarray, labels: np.ndarray, count: int
) -> np.ndarray:
    """Adds up to ``count`` objects to ``labels`` u8[S, S] of ``image`` u8[S, S]; annotated objects
    mostly stay on top.

    Returns new labels 1..K without gaps, each of at least `LEAST_PX` px.
    """
    out = labels.copy()
    for _ in range(count):
        kind = rng.random()
        if kind < 0.45:
            shape = _wall(rng, out)
        elif kind < 0.75:
            shape = _ellipse(rng, out)
        else:
            shape = _region(rng, image)
        # neither half of the frame nor a shape in the black beside the fan
        if shape.sum() > 0.3 * shape.size or not shape.any() or image[shape].mean() < 8:
            continue
        free = shape if rng.random() < 0.2 else shape & (out == 0)
        if free.sum() >= LEAST_PX:
            out[free] = out.max() + 1
    kept = np.zeros_like(out)
    for k in np.unique(out)[1:]:
        shape = out == k
        if shape.sum() >= LEAST_PX:
            kept[shape] = kept.max() + 1
    return kept
