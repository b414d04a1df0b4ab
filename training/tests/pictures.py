"""Small pictures with a bright square, and sets of them on disk."""

from pathlib import Path

import numpy as np
from PIL import Image


def square(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture u8 [64, 64] and its labels."""
    labels = np.zeros((64, 64), np.uint8)
    labels[20:44, 16:40] = 1
    noise = np.random.default_rng(seed).integers(20, 80, labels.shape)
    return (noise + 100 * labels).astype(np.uint8), labels


def write_set(folder: Path, count: int, suffix: str = "") -> None:
    for sub in ("images", "masks"):
        (folder / sub).mkdir(parents=True)
    for i in range(count):
        image, labels = square(i)
        Image.fromarray(image).save(folder / "images" / f"{i:04}{suffix}.png")
        Image.fromarray(labels).save(folder / "masks" / f"{i:04}{suffix}.png")
