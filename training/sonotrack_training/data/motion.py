"""Smooth motion for synthetic clips: probe motion, elastic tissue, and heart-like contraction.

A field f32[H, W, 2] holds, per px of a frame, the displacement (x, y) in px to where the still
image is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np


def smooth_field(
    rng: np.random.Generator, size: int, cells: int, amplitude_px: float
) -> np.ndarray:
    """A random field f32[size, size, 2] of ``cells`` x ``cells`` knots, standard deviation
    ``amplitude_px``."""
    knots = rng.standard_normal((cells, cells, 2)).astype(np.float32) * amplitude_px
    return cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)


@dataclass(frozen=True)
class Contraction:
    """Radial motion about (x, y) px: at phase 1 what lies inside of ``radius_px`` is shrunk by
    ``strength`` (0-1)."""

    x: float
    y: float
    radius_px: float
    strength: float


@dataclass
class Motion:
    """A periodic motion; `at` gives its field at a phase (one cycle is 1)."""

    size: int
    drift_px: np.ndarray  # f32[2] px of translation at phase 0.25
    turn: float  # rad
    zoom: float  # share
    elastic: np.ndarray  # f32[size, size, 2]
    contractions: list[Contraction] = field(default_factory=list)
    offset: float = 0.0  # of the probe's cycle against the heart's

    def at(self, phase: float) -> np.ndarray:
        """Field f32[size, size, 2] at ``phase`` in cycles."""
        beat = 0.5 - 0.5 * np.cos(2 * np.pi * phase)
        sway = np.sin(2 * np.pi * (0.5 * phase + self.offset))
        centre = (self.size - 1) / 2
        cos, sin = np.cos(self.turn * sway), np.sin(self.turn * sway)
        scale = 1 + self.zoom * sway
        axis = np.arange(self.size, dtype=np.float32) - centre
        x, y = axis[None, :], axis[:, None]
        out = np.empty((self.size, self.size, 2), np.float32)
        out[..., 0] = (scale * cos - 1) * x - scale * sin * y + self.drift_px[0] * sway
        out[..., 1] = scale * sin * x + (scale * cos - 1) * y + self.drift_px[1] * sway
        out += self.elastic * np.float32(np.sin(2 * np.pi * (phase + self.offset)))
        for c in self.contractions:
            dx, dy = x + centre - c.x, y + centre - c.y
            near = np.exp(-((dx * dx + dy * dy) / (2 * c.radius_px**2)))
            gain = np.float32(1 / (1 - c.strength * beat) - 1)
            out[..., 0] += gain * near * dx
            out[..., 1] += gain * near * dy
        return out


def random_motion(rng: np.random.Generator, labels: np.ndarray, strength: float) -> Motion:
    """A motion for the objects of ``labels`` u8[S, S]; ``strength`` 1 is that of a strong heart, 0
    stands still."""
    size = labels.shape[0]
    contractions = []
    for k in np.unique(labels)[1:]:
        if rng.random() < 0.3:
            continue
        ys, xs = np.nonzero(labels == k)
        radius = max(6.0, 1.1 * float(np.sqrt(len(xs) / np.pi))) * rng.uniform(0.8, 1.6)
        shrink = strength * rng.uniform(0.1, 0.42) * rng.choice([1, 1, 1, -0.6])
        contractions.append(Contraction(float(xs.mean()), float(ys.mean()), radius, float(shrink)))
        if len(contractions) == 3:
            break
    cells = int(rng.integers(4, 9))
    return Motion(
        size=size,
        drift_px=(rng.normal(0, 7, 2) * strength).astype(np.float32),
        turn=float(rng.normal(0, 0.07) * strength),
        zoom=float(rng.normal(0, 0.04) * strength),
        elastic=smooth_field(rng, size, cells, strength * rng.uniform(0.5, 14 / cells)),
        contractions=contractions,
        offset=float(rng.random()),
    )


def random_phases(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Phases f64[frames] in cycles: an even cine, a cine with skipped frames, or big jumps (as from
    ED to ES)."""
    start, kind = rng.random(), rng.random()
    if kind < 0.6:
        steps = np.full(frames - 1, rng.uniform(0.02, 0.08))
    elif kind < 0.8:
        steps = rng.uniform(0.02, 0.2, frames - 1)
    else:
        steps = rng.choice([0.05, 0.3, 0.5], frames - 1)
    steps[rng.random(frames - 1) < 0.06] = 0.0  # a frozen frame
    return start + np.concatenate([[0.0], np.cumsum(steps * rng.choice([-1, 1]))])
