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
import torch

from .anchors import halve
from .calibrate_quality import KINDS, draw
from .data.samples import load_samples
from .measure_flow import DARK
from .models.warp import warp
from .native_flow import NativeAnchors
from .tracking_losses import dice

EDGES = (0.0, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 1.0)


def step(before: np.ndarray, present: np.ndarray, jump_match: float) -> tuple[torch.Tensor, float]:
    """The flow of a step f32[1, 2, M, M] in cells, and the mean match of its tissue, in a stream of two frames u8[S, S]."""
    anchors = NativeAnchors(before.shape[0], jump_match=jump_match)
    anchors.start(before)
    found = anchors.follow(present)[0]
    assert found is not None
    return halve(found.flow)[None] / 2, float(found.match[present > DARK].mean())


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
            known, truth = (torch.from_numpy(clip.masks[k, None]) for k in (t - 1, t))
            there = ((known > 0.5).flatten(2).any(2) & (truth > 0.5).flatten(2).any(2))[0]
            objects = there & torch.from_numpy(clip.active).bool()
            objects[0] = False
            found = [dice(warp(known, flow), truth)[0, objects].tolist() for flow in (sharp, blurred)]
            rows[KINDS[i % len(KINDS)], at] += zip(*found, strict=True)
    for (kind, at), pairs in sorted(rows.items()):
        if not pairs:
            continue
        one, jump = np.mean(pairs, axis=0)
        row = {"kind": kind, "match": EDGES[at : at + 2], "masks": len(pairs)}
        print(json.dumps({**row, "sharp": round(float(one), 4), "jump": round(float(jump), 4)}))


if __name__ == "__main__":
    main()
