"""Writes the validation split as `sonotrack eval` reads it: `python -m sonotrack_training.validation_set --data DIR --out DIR`.

Held-out patients of every training set, and synthetic hearts: what settings of the runtime (zoom, quantisation) are chosen
on, so that the evaluation sets only measure.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

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


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    for sample in load_samples(args.data, "validation"):
        write(args.out / sample.set, sample.id, sample.image, sample.labels)
    rng = np.random.default_rng(7)
    hearts = args.out / "synthetic_heart"
    for i in range(HEARTS):
        echo, labels = synthetic.heart(rng, HEART_PX)
        sector = Sector.random(rng)
        labels = labels * sector.covers(HEART_PX)
        write(hearts, f"{i:03}", render_sector(rng, echo, sector), np.where(labels > 3, 0, labels))
    (hearts / "meta.json").write_text(json.dumps({"objects": HEART_LABELS}))


if __name__ == "__main__":
    main()
