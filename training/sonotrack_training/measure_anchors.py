"""Measures anchored flow on synthetic cines: ``python -m sonotrack_training.measure_anchors --data DIR``.

Two cycles of 20 frames from still pictures of held-out patients (`data/clips.py`), the first masks carried by flow alone. Prints
the mean Dice coefficient over objects of all frames, of those about half a cycle (where, in half of the clips, little of the first
frame's speckle is left) and of the last ones, for the flow chained from frame to frame and for anchored flow with each
setting of its three variances.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from .anchors import halve
from .data.clips import Clip, ClipGenerator, ClipOptions
from .data.samples import load_samples
from .models.warp import warp
from .native_flow import NativeAnchors
from .tracking_losses import dice

CYCLE = 20  # frames
LAST = slice(-4, None)


def cines(data: Path, count: int) -> list[Clip]:
    """The same on every call."""
    generator = ClipGenerator(
        load_samples(data, "validation"), ClipOptions(frames=2 * CYCLE + 1)
    )
    phases = np.arange(2 * CYCLE + 1) / CYCLE
    return [generator.draw(np.random.default_rng([40, i]), phases) for i in range(count)]


def flows(clip: Clip, variances: tuple[float, float, float], source: int) -> Iterator[torch.Tensor]:
    """Of frames 1..T-1 into source 0 (the frame before) or 1 (the first frame): f32[1, 2, M, M]."""
    anchors = NativeAnchors(clip.images.shape[1], variances)
    anchors.start(clip.images[0])
    for image in clip.images[1:]:
        found = anchors.follow(image)[source]
        assert found is not None  # both are there from the start
        yield halve(found.flow)[None] / 2


def scores(clip: Clip, carried: Iterator[torch.Tensor]) -> list[float]:
    """Mean Dice coefficient over the objects of every frame."""
    objects = torch.from_numpy(clip.active[1:]).bool()
    truths = torch.from_numpy(clip.masks[1:, None])
    return [
        dice(m, t)[0, 1:][objects].mean().item() for m, t in zip(carried, truths, strict=True)
    ]


def chained(clip: Clip, variances: tuple[float, float, float]) -> Iterator[torch.Tensor]:
    masks = torch.from_numpy(clip.masks[:1])
    for flow in flows(clip, variances, 0):
        masks = warp(masks, flow)
        yield masks


def anchored(clip: Clip, variances: tuple[float, float, float]) -> Iterator[torch.Tensor]:
    first = torch.from_numpy(clip.masks[:1])
    return (warp(first, flow) for flow in flows(clip, variances, 1))


def main(argv: list[str] | None = None) -> None:
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--cines", type=int, default=12)
    p.add_argument(
        "--variances",
        nargs="+",
        default=["0.005,0.05,16"],
        help="of a step, of a mismatch, of a measurement into the anchor; each a setting",
    )
    a = p.parse_args(argv)
    clips = cines(a.data, a.cines)
    settings = {s: tuple(float(v) for v in s.split(",")) for s in a.variances}
    rows = {"chained": [scores(c, chained(c, next(iter(settings.values())))) for c in clips]}
    for name, variances in settings.items():
        rows[name] = [scores(c, anchored(c, variances)) for c in clips]
    for name, of_clips in rows.items():
        mean = np.mean(of_clips, 0)
        parts = {"all": mean, "half a cycle": mean[max(CYCLE // 2 - 2, 0) : CYCLE // 2 + 2], "last": mean[LAST]}
        print(json.dumps({"flow": name, **{k: round(float(v.mean()), 4) for k, v in parts.items()}}))


if __name__ == "__main__":
    main()
