"""Measures what the search after a jump is worth: ``python -m sonotrack_training.measure_jumps --data DIR``.

Steps between the frames of the clips that `calibrate_quality` draws (cines, cines with skipped frames, jumps, jumps to
frames that hardly look alike, contractions of synthetic hearts), from held-out patients, by the mean match of their tissue: the
DSC of the true masks carried by one sharp search, and by the search from blurred to sharp frames that `AnchoredFlow` turns to
below its `jump_match` (native/core/anchored_flow.h). Prints a JSON line for each kind and range of matches.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from .calibrate_quality import draw
from .data.samples import load_samples
from .dice import dice
from .native_flow import NativeAnchors

KINDS = ("cine", "skipping", "jump", "foreign", "heart")
EDGES = (0.0, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 1.0)
DARK = 8  # gray level, as in AnchoredFlow


def carried(mask: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Coverage f32[M, M] read along `flow` f32[S, S, 2] px of twice its size → u8 0/1 [M, M]."""
    side = mask.shape[0]
    halved = cv2.resize(flow, (side, side), interpolation=cv2.INTER_AREA) / 2
    y, x = np.mgrid[:side, :side].astype(np.float32)
    moved = cv2.remap(mask, x + halved[..., 0], y + halved[..., 1], cv2.INTER_LINEAR)
    return (moved > 0.5).astype(np.uint8)


def step(before: np.ndarray, present: np.ndarray, jump_match: float) -> tuple[np.ndarray, float]:
    """The flow of a step, and the mean match of its tissue, in a stream of two frames u8[S, S]."""
    anchors = NativeAnchors(before.shape[0], jump_match=jump_match)
    anchors.start(before)
    found = anchors.follow(present)[0]
    assert found is not None
    return found.flow, float(found.match[present > DARK].mean())


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--clips", type=int, default=250)
    parser.add_argument("--seed", type=int, default=81)
    a = parser.parse_args(argv)
    cv2.setNumThreads(1)
    rows: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for i, (clip, _) in enumerate(draw(load_samples(a.data, "validation"), a.clips, a.seed)):
        for t in range(1, len(clip.images)):
            sharp, match = step(clip.images[t - 1], clip.images[t], jump_match=-1)
            blurred, _ = step(clip.images[t - 1], clip.images[t], jump_match=2)
            at = int(np.searchsorted(EDGES, max(match, 0.0), side="right")) - 1
            for slot in np.nonzero(clip.active)[0][1:]:
                known, truth = clip.masks[t - 1, slot], (clip.masks[t, slot] > 0.5).astype(np.uint8)
                if known.max() > 0.5 and truth.any():
                    found = [dice(truth, carried(known, flow)) for flow in (sharp, blurred)]
                    rows[KINDS[i % len(KINDS)], at].append((found[0], found[1]))
    for (kind, at), found in sorted(rows.items()):
        one, jump = np.mean(found, axis=0)
        row = {"kind": kind, "match": EDGES[at : at + 2], "masks": len(found)}
        print(json.dumps({**row, "sharp": round(float(one), 4), "jump": round(float(jump), 4)}))


if __name__ == "__main__":
    main()
