"""Synthetic pictures beside real ones: `python -m sonotrack_training.picture_page --data DIR --out ../docs/images/synthetic.jpg`.

Left of the line the generator's scenes with their labels, every other one with speckle borrowed from a training picture,
right of it training pictures under the same augmentation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from .data import augment
from .data.prompted import Mix, Sampler, focus_of
from .data.samples import load_samples

TILE, GAP = 192, 8
COLOURS = [(255, 176, 0), (77, 210, 255), (61, 220, 132), (255, 77, 109), (200, 140, 255)]  # RGB
# Sets whose licences allow to publish pictures (CC BY 4.0, CC0 or Apache-2.0).
REAL = ["hc18", "bus_bra", "usgra_seg", "dltrack_apo"]


def outlined(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """u8 [S,S] picture and labels → u8 [S,S,3] with a contour around every label."""
    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    for value in np.unique(labels[labels > 0]):
        mask = (labels == value).astype(np.uint8)
        edges = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(picture, edges, -1, COLOURS[(int(value) - 1) % len(COLOURS)], 1)
    return picture


def write_page(out: Path, page: np.ndarray) -> None:
    """Writes u8 [H,W,3] RGB, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"partial-{out.name}")
    cv2.imwrite(str(partial), cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    partial.replace(out)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--rows", type=int, default=4)
    p.add_argument("--columns", type=int, default=4, help="on each side")
    p.add_argument("--seed", type=int, default=3)
    args = p.parse_args()
    rng = np.random.default_rng(args.seed)
    samples = load_samples(args.data, "train", REAL)
    by_set = [[s for s in samples if s.set == name] for name in REAL]
    makers = [Sampler(samples, Mix(borrowed=share), args.seed) for share in (0.0, 1.0)]
    rows = []
    for _ in range(args.rows):
        made, real = [], []
        for column in range(args.columns):
            image, labels = makers[column % 2].made(rng, TILE)
            made.append(outlined(augment.intensity(rng, image), labels))
            own = by_set[column % len(by_set)]
            sample = own[rng.integers(len(own))]
            focus = focus_of(rng, sample.labels)
            matrix = augment.random_view(rng, *sample.image.shape, TILE, focus)
            image, labels = augment.warp(rng, sample.image, sample.labels, matrix, TILE)
            real.append(outlined(augment.intensity(rng, image), labels))
        line = np.full((TILE, GAP, 3), 255, np.uint8)
        rows.append(np.hstack([*made, line, *real]))
    write_page(args.out, np.vstack(rows))


if __name__ == "__main__":
    main()
