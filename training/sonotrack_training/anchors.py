"""What the runtime's flow (native/core/anchored_flow.h) tells the tracker's network of a clip's frames.

Legend: T frames, S frame px, M = S/2 mask grid px, C sources (the frame before, then the references).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .native_flow import NativeAnchors

SOURCES = NativeAnchors.SOURCES


class Guide(NamedTuple):
    """Of one frame: ``flows`` f32[C, 2, M, M] px of the mask grid into every source; ``evidence``
    f32[C, 2, M, M], how well the source matches (-1 to 1) and the variance of the flow (px² of S);
    ``known`` f32[C], 0 for a source that is not there (its maps are 0)."""

    flows: Tensor
    evidence: Tensor
    known: Tensor


def halve(maps: np.ndarray) -> Tensor:
    """f32[S, S, n] -> the means of 2 x 2 px, f32[n, M, M]."""
    planes = torch.from_numpy(maps).permute(2, 0, 1)[None]
    return F.avg_pool2d(planes, 2)[0]


class Guidance:
    """Guides a tracker through one stream of frames u8[S, S]."""

    def __init__(self, first: np.ndarray) -> None:
        self.anchors = NativeAnchors(first.shape[0])
        self.anchors.start(first)
        self.side = first.shape[0] // 2

    def next(self, frame: np.ndarray) -> Guide:
        flows = torch.zeros(SOURCES, 2, self.side, self.side)
        evidence, known = torch.zeros_like(flows), torch.zeros(SOURCES)
        for i, found in enumerate(self.anchors.follow(frame)):
            if found is None:
                continue
            flows[i] = halve(found.flow) / 2
            evidence[i] = halve(np.stack([found.match, found.variance], -1))
            known[i] = 1
        return Guide(flows, evidence, known)

    def correct(self) -> None:
        """The frame last given becomes the second reference."""
        self.anchors.set_anchor(1)


def guides(images: np.ndarray, second: int | None = None) -> list[Guide]:
    """Of the frames 1..T-1 of a clip u8[T, S, S], whose first frame is the first reference and
    whose frame ``second``, if any, the second one from the next frame on."""
    guidance, found = Guidance(images[0]), []
    for t in range(1, len(images)):
        found.append(guidance.next(images[t]))
        if t == second:
            guidance.correct()
    return found
