"""Augmentation of ultrasound pictures: geometry (picture and labels together), then what gain, probe and screen do."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

MAX_ZOOM = 6.0  # beyond the letterbox; more shows the screen's pixels rather than tissue


def letterbox_matrix(height: int, width: int, size: int) -> np.ndarray:
    """The 2×3 affine map of docs/reference/graphs.md: scaled to fit, in the top left corner."""
    scale = size / max(height, width)
    return np.array([[scale, 0, 0], [0, scale, 0]], np.float64)


@dataclass(frozen=True)
class Focus:
    """What a view may zoom in on: an object's centre (x, y) and the longer side of its box, in px of the picture."""

    x: float
    y: float
    side: float


def random_view(
    rng: np.random.Generator, height: int, width: int, size: int, focus: Focus | None
) -> np.ndarray:
    """A 2×3 map from the picture to a size × size view.

    Half of the views keep the letterbox's scale within ±25 %; of the others some zoom in on `focus` up to threefold, as a
    shallow depth setting would, and some frame its object, as the second pass of a zoomed prediction does.
    """
    base = letterbox_matrix(height, width, size)
    zoom, shift = np.exp(rng.uniform(-0.25, 0.22)), 0.05
    draw, close = rng.random(), False
    if focus is not None and draw < 0.5:
        close = True
        if draw < 0.2:
            zoom, shift = np.exp(rng.uniform(0.1, 1.1)), 0.2
        else:
            frame = focus.side * np.exp(rng.uniform(np.log(1.1), np.log(2.4)))
            zoom, shift = min(size / frame / base[0, 0], MAX_ZOOM), 0.06
    angle = np.deg2rad(rng.normal(0, 12))
    stretch = np.exp(rng.normal(0, 0.09))
    flip = -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, rng.normal(0, 0.05)], [0, 1]])
    linear = turn @ shear @ np.diag([flip * stretch, 1 / stretch]) * zoom * base[0, 0]
    if rng.random() < 0.03:
        linear = linear @ np.diag([1.0, -1.0])
    centre = np.array([width / 2, height / 2])
    if close and focus is not None:
        centre = np.array([focus.x, focus.y])
        target = np.full(2, size / 2) + np.clip(rng.normal(0, shift, 2), -0.3, 0.3) * size
    else:
        target = base[0, 0] * centre + rng.normal(0, shift, 2) * size
    return np.concatenate([linear, (target - linear @ centre)[:, None]], 1)


def warp(
    rng: np.random.Generator, image: np.ndarray, labels: np.ndarray, matrix: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both u8 [H, W] through `matrix`, one time in three with an elastic field on top → u8 [size, size]."""
    linear, shift = matrix[:, :2], matrix[:, 2]
    inverse = np.linalg.inv(linear)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) + 0.5
    if rng.random() < 0.33:
        coarse = rng.normal(0, rng.uniform(1, 5), (2, 6, 6)).astype(np.float32)
        x = x + cv2.resize(coarse[0], (size, size), interpolation=cv2.INTER_CUBIC)
        y = y + cv2.resize(coarse[1], (size, size), interpolation=cv2.INTER_CUBIC)
    x, y = x - np.float32(shift[0]), y - np.float32(shift[1])
    from_x = (inverse[0, 0] * x + inverse[0, 1] * y - 0.5).astype(np.float32)
    from_y = (inverse[1, 0] * x + inverse[1, 1] * y - 0.5).astype(np.float32)
    shrink = np.sqrt(abs(np.linalg.det(linear)))
    source = image
    if shrink < 0.8:  # what area averaging would remove
        source = cv2.GaussianBlur(image, (0, 0), 0.45 / shrink)
    return (
        cv2.remap(source, from_x, from_y, cv2.INTER_LINEAR, borderValue=0),
        cv2.remap(labels, from_x, from_y, cv2.INTER_NEAREST, borderValue=0),
    )


def smooth_field(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Smooth noise f32 [size, size] of about unit variance."""
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)


def speckle(rng: np.random.Generator, size: int, grain: float) -> np.ndarray:
    """Correlated noise of unit variance; `grain` is its standard deviation in px along the beam's normal."""
    noise = rng.standard_normal((size, size)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=grain * 1.5, sigmaY=grain)
    return noise / (noise.std() + 1e-6)


def intensity(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """u8 [S, S] → u8 [S, S] as another device, another gain or another patient would show it."""
    size = image.shape[0]
    x = image.astype(np.float32) / 255
    covered = image > 0
    if rng.random() < 0.4:
        x = x ** np.exp(rng.normal(0, 0.35))
    if rng.random() < 0.6:
        x = x * np.exp(rng.normal(0, 0.25)) + rng.normal(0, 0.04)
    if rng.random() < 0.35:  # time-gain compensation, and lateral loss of contact
        depth = cv2.resize(
            rng.normal(0, 0.3, (5, 1)).astype(np.float32), (1, size), interpolation=cv2.INTER_CUBIC
        )
        x = x * np.exp(depth)
    if rng.random() < 0.25:
        x = x * np.exp(0.35 * smooth_field(rng, size, 4))
    if rng.random() < 0.4:
        grain = rng.uniform(0.5, 1.8)
        x = x * (1 + rng.uniform(0.05, 0.35) * speckle(rng, size, grain))
    if rng.random() < 0.2:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.12:
        small = int(size * rng.uniform(0.4, 0.8))
        x = cv2.resize(cv2.resize(x, (small, small), interpolation=cv2.INTER_AREA), (size, size))
    if rng.random() < 0.15:
        x = x * shadow(rng, size)
    x = np.clip(x, 0, 1)
    if rng.random() < 0.3:
        x = x * covered
    if rng.random() < 0.12:
        x = x * fan(rng, size)
    out = (x * 255).astype(np.uint8)
    if rng.random() < 0.15:
        overlay_text(rng, out)
    return out


def shadow(rng: np.random.Generator, size: int) -> np.ndarray:
    """A soft dark wedge going down from a random depth."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    centre, width, start = rng.uniform(0.1, 0.9), rng.uniform(0.02, 0.1), rng.uniform(0.1, 0.7)
    centre = centre + rng.normal(0, 0.2) * (y - start)
    across = np.exp(-(((x - centre) / (width * (1 + y - start))) ** 2))
    below = 1 / (1 + np.exp(-(y - start) * 40))
    return 1 - rng.uniform(0.4, 0.95) * across * below


def fan(rng: np.random.Generator, size: int) -> np.ndarray:
    """The mask of a sector probe, 0 outside."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    apex_y = rng.uniform(-0.6, 0.02)
    half = rng.uniform(0.45, 0.8)
    angle = np.arctan2(np.abs(x - 0.5 + rng.normal(0, 0.03)), y - apex_y)
    radius = np.hypot(x - 0.5, y - apex_y)
    return ((angle < half) & (radius < rng.uniform(0.85, 1.0) - apex_y)).astype(np.float32)


def overlay_text(rng: np.random.Generator, image: np.ndarray) -> None:
    """Burns letters, callipers and ticks into the picture, as screens do."""
    size = image.shape[0]
    for _ in range(rng.integers(1, 4)):
        x, y = (int(v) for v in rng.integers(0, size, 2))
        text = "".join(rng.choice(list("ABCDEFGHKLMR0123456789.+x"), rng.integers(1, 7)))
        cv2.putText(
            image,
            text,
            (x, y),
            cv2.FONT_HERSHEY_PLAIN,
            rng.uniform(0.5, 1.0),
            int(rng.integers(150, 256)),
        )
