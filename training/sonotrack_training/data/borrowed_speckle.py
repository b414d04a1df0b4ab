"""Synthetic anatomy over the speckle of a real picture.

Gray levels are log-compressed, so what a structure reflects adds to them: a scene's echogenicity in decibels is laid over
the fine texture of a training picture. The shapes and their borders are exact; grain, noise floor and clutter are a real
device's, whose anatomy stays only as a faint ghost.
"""

from __future__ import annotations

import cv2
import numpy as np

from .augment import smooth_field

MOST_BLACK = 0.15  # of the texture; more is the margin of a screen
BLACK = 6  # gray levels


def texture(rng: np.random.Generator, image: np.ndarray, size: int) -> np.ndarray | None:
    """A random square of a picture (u8 [H, W]) without most of its anatomy, f32 [size, size] about zero; or None.

    None where the square shows too much black, which holds no speckle.
    """
    side = int(min(image.shape) * rng.uniform(0.4, 1.0))
    top, left = (int(rng.integers(0, n - side + 1)) for n in image.shape)
    square = image[top : top + side, left : left + side]
    if rng.random() < 0.5:
        square = square[:, ::-1]
    if (square <= BLACK).mean() > MOST_BLACK:
        return None
    gray = cv2.resize(square.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.015, 0.06) * size)
    return gray - coarse + rng.uniform(0.0, 0.4) * (coarse - coarse.mean())


def lay_over(rng: np.random.Generator, echo: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Echogenicity f32 [S, S] over a `texture` f32 [S, S] → picture u8 [S, S]."""
    size = echo.shape[0]
    decibels = 20 * np.log10(np.maximum(echo, 0) / (np.median(echo) + 1e-6) + 1e-2)
    decibels = cv2.GaussianBlur(decibels.astype(np.float32), (0, 0), rng.uniform(0.4, 2.0) * size / 256)
    levels = 255 / rng.uniform(45, 90)  # gray levels a decibel
    decibels += rng.uniform(0, 6) * smooth_field(rng, size, 5)  # where contact or the angle of a wall is poor
    depth = (np.arange(size, dtype=np.float32) / size)[:, None]
    x = rng.uniform(50, 130) + levels * decibels + rng.uniform(0.7, 1.6) * texture
    x = x - rng.uniform(-20, 60) * depth
    return np.clip(x, 0, 255).astype(np.uint8)
