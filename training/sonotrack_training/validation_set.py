"""Writes the validation split as `sonotrack eval` reads it: `python -m sonotrack_training.validation_set --data DIR --out DIR`.

Held-out patients of every training set, and synthetic hearts: what settings of the runtime (zoom, quantisation) are chosen
on, so that the evaluation sets only measure. `--hard-hearts` adds hearts with haze, drop-outs and a grain that no training
picture has: on these the model errs as it does on devices that it never saw.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from .data import synthetic
from .data.samples import load_samples
from .data.sector import Sector, render_sector

HEARTS, HEART_PX = 24, 448
HEART_LABELS = {"1": "left ventricle", "2": "myocardium", "3": "left atrium"}


def write(folder: Path, name: str, image: np.ndarray, labels: np.ndarray) -> None:
    for sub, pixels in (("images", image), ("masks", labels)):
        (folder / sub).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / sub / f"{name}.png")


def write_hearts(folder: Path, rng: np.random.Generator, count: int, disturb: bool) -> None:
    for i in range(count):
        echo, labels = synthetic.heart(rng, HEART_PX)
        sector = Sector.random(rng)
        labels = labels * sector.covers(HEART_PX)
        image = render_sector(rng, echo, sector)
        if disturb:
            image = disturbed(rng, image)
        write(folder, f"{i:03}", image, np.where(labels > 3, 0, labels))
    (folder / "meta.json").write_text(json.dumps({"objects": HEART_LABELS}))


def disturbed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """`image` u8 [P, P] with grain of one to three px, haze, and drop-outs where sound does not reach."""

    def field(sigma_px: float) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.normal(size=image.shape).astype(np.float32), (0, 0), sigma_px)
        return noise / noise.std()

    reached = np.clip(1.6 - field(25), 0.1, 1)
    grain = 25 * rng.uniform(0.5, 1.3) * field(rng.uniform(1.2, 3))
    haze = 15 * rng.uniform(0, 1) * field(40)
    return np.clip(image * reached + (grain + haze) * (image > 0), 0, 255).astype(np.uint8)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--hard-hearts", type=int, default=0, help="how many; written to hard_heart/")
    args = p.parse_args()
    for sample in load_samples(args.data, "validation"):
        write(args.out / sample.set, sample.id, sample.image, sample.labels)
    rng = np.random.default_rng(7)
    write_hearts(args.out / "synthetic_heart", rng, HEARTS, disturb=False)
    if args.hard_hearts:
        hard = np.random.default_rng(99)
        write_hearts(args.out / "hard_heart", hard, args.hard_hearts, disturb=True)


if __name__ == "__main__":
    main()
