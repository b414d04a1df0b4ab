"""Reads the training sets: folders of `images/ID.png` (8-bit gray) and `masks/ID.png` (label map)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zlib import crc32

import numpy as np
from PIL import Image

Split = Literal["train", "validation"]

# A validation share that gives every larger set some patients; by group, so no patient is in both.
VALIDATION_SHARE = 0.08
# DL_Track numbers are not patients; neighbours are near-duplicates, hence blocks of this many.
BLOCK = 30


@dataclass(frozen=True)
class Sample:
    """One annotated picture. `image` u8 [H, W]; `labels` u8 [H, W], 0 background, 1..K objects."""

    set: str
    id: str
    group: str
    image: np.ndarray
    labels: np.ndarray


def group_of(set_name: str, sample_id: str) -> str:
    """The patient (or the block of near-duplicates) that a picture belongs to."""
    if set_name in ("hc18", "bus_bra"):
        return re.split(r"[_-]", sample_id)[0]
    if set_name == "dltrack_apo":
        return f"block{int(re.sub(r'[^0-9]', '', sample_id)) // BLOCK}"
    if set_name == "ccaus":
        return sample_id.split("_slice_")[0]
    return sample_id


def is_validation(set_name: str, group: str) -> bool:
    """Whether a group is held out: by a hash of its name, so that it never moves."""
    return crc32(f"{set_name}/{group}".encode()) % 1000 < VALIDATION_SHARE * 1000


def load_samples(root: Path, split: Split, sets: list[str] | None = None) -> list[Sample]:
    """All pictures of one split under `root` (the folder that holds the sets), in a fixed order.

    Raises FileNotFoundError when there is no set, ValueError when a picture and its mask differ in size.
    """
    folders = sorted(f for f in root.iterdir() if (f / "images").is_dir())
    if sets is not None:
        folders = [f for f in folders if f.name in sets]
    if not folders:
        raise FileNotFoundError(f"expected data sets with an images/ folder in {root}")
    samples = []
    for folder in folders:
        for path in sorted((folder / "images").glob("*.png")):
            group = group_of(folder.name, path.stem)
            if is_validation(folder.name, group) != (split == "validation"):
                continue
            image = np.asarray(Image.open(path).convert("L"))
            labels = np.asarray(Image.open(folder / "masks" / path.name))
            if image.shape != labels.shape:
                raise ValueError(f"{path}: image {image.shape} but mask {labels.shape}")
            samples.append(Sample(folder.name, path.stem, group, image, labels))
    return samples
