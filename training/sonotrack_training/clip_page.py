"""The clips that the tracker is judged on: `python -m sonotrack_training.clip_page --data DIR --out ../docs/images/clips.jpg`.

One row for each kind of clip that `calibrate_quality` draws; frames from left to right with their exact masks, a gap
before each new clip.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from .calibrate_quality import KINDS, draw
from .data.clips import Clip
from .data.samples import load_samples
from .picture_page import GAP, REAL, TILE, outlined, write_page

FRAMES = 6  # in a row


def labels_of(clip: Clip, frame: int) -> np.ndarray:
    """The label map u8 [S, S] of one frame."""
    return clip.masks[frame].argmax(0).astype(np.uint8).repeat(2, 0).repeat(2, 1)


def tile(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return cv2.resize(outlined(image, labels), (TILE, TILE), interpolation=cv2.INTER_AREA)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--seed", type=int, default=3)
    args = p.parse_args()
    rows: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    clips = draw(load_samples(args.data, "validation", REAL), len(KINDS) * FRAMES // 2, args.seed)
    for i, (clip, _) in enumerate(clips):
        row = rows[KINDS[i % len(KINDS)]]
        if len(row) >= FRAMES:
            continue
        shown = range(min(len(clip.images), FRAMES))
        pictures = [tile(clip.images[t], labels_of(clip, t)) for t in shown]
        pictures[0][:, :GAP] = 255
        row += pictures
    write_page(args.out, np.vstack([np.hstack(row) for row in rows.values()]))


if __name__ == "__main__":
    main()
