"""Synthetic clips from still images, for training and validating the tracker.

A still image and its labels move (see `motion`); every frame gets speckle of its own, gain drift,
blur, shadows, and now and then new structures. The tissue's own speckle is blurred away in part and
laid on anew, so that it decorrelates from frame to frame as real speckle does and plain optical
flow does not simply read off the motion. In some clips the speckle also belongs to the phase, as in
a heart that moves through the plane: at half a cycle nothing of the first frame's is left, after a
whole one it is back.

Legend: T frames, S frame px, M = S/2 mask grid px, N = K+1 channels (0 background).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .motion import random_motion, random_phases, smooth_field
from .pseudo_objects import add_pseudo_objects
from .samples import Sample


@dataclass(frozen=True)
class ClipOptions:
    """Sizes and strengths of a clip."""

    size: int = 256  # px, S
    frames: int = 6  # T
    objects: int = 10  # K, slots
    most_objects: int = 5  # in one clip
    most_foreign: float = 0.0  # 0-1, how far later frames may be of another plane; at 1 they hardly look alike


@dataclass(frozen=True)
class Clip:
    """``images`` u8[T, S, S]; ``masks`` f32[T, N, M, M] coverage, sum 1 over N; ``active``
    f32[N]."""

    images: np.ndarray
    masks: np.ndarray
    active: np.ndarray


def place(rng: np.random.Generator, sample: Sample, size: int) -> tuple[np.ndarray, np.ndarray]:
    """One view of a sample, u8[S, S] image and labels: letterboxed, then turned, mirrored, scaled
    and moved at random."""
    height, width = sample.image.shape
    scale = size / max(height, width)
    if rng.random() < 0.6:
        scale *= rng.uniform(0.8, 1.7)
        angle, flip = rng.normal(0, 0.35), rng.choice([-1.0, 1.0])
        ys, xs = np.nonzero(sample.labels)
        target = rng.uniform(0.3, 0.7, 2) * size
        centre = (xs.mean(), ys.mean()) if len(xs) else (width / 2, height / 2)
        linear = scale * np.array(
            [[flip * np.cos(angle), -np.sin(angle)], [flip * np.sin(angle), np.cos(angle)]]
        )
        matrix = np.concatenate([linear, (target - linear @ np.array(centre))[:, None]], 1)
    else:
        # pixel centres lie at +0.5, OpenCV's at 0
        matrix = np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5]])
    image = sample.image
    if scale < 0.75:
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    image = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR)
    labels = cv2.warpAffine(sample.labels, matrix, (size, size), flags=cv2.INTER_NEAREST)
    return image, labels


def speckle(rng: np.random.Generator, size: int, grain_px: float) -> np.ndarray:
    """A smooth Gaussian field f32[S, S] of unit variance."""
    noise = rng.standard_normal((size, size), dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=1.4 * grain_px, sigmaY=grain_px)
    return noise / noise.std()


def _shadow(rng: np.random.Generator, size: int) -> np.ndarray:
    """Attenuation f32[S, S] of one wedge below a random depth, 0-1."""
    x = np.arange(size, dtype=np.float32)
    centre, half = rng.uniform(0, size), rng.uniform(4, 30)
    lean = rng.normal(0, 0.3)
    y = np.arange(size, dtype=np.float32)[:, None]
    across = np.abs(x[None] - centre - lean * y) / half
    below = 1 / (1 + np.exp(-(y - rng.uniform(0, 0.7) * size) / 6))
    return (1 - rng.uniform(0.3, 0.95) * np.exp(-(across**4)) * below).astype(np.float32)


def _gain(rng: np.random.Generator, size: int, strength: float) -> np.ndarray:
    """Slow gain over the frame f32[S, S]: overall, over depth (TGC) and smooth in both
    directions."""
    overall = np.exp(rng.normal(0, 0.1 * strength))
    depth = np.linspace(-1, 1, size, dtype=np.float32)[:, None] * rng.normal(0, 0.12 * strength)
    patches = smooth_field(rng, size, 4, 0.08 * strength)[..., 0]
    return (overall * np.exp(depth + patches)).astype(np.float32)


def renewed(phase: float, renewal: float) -> tuple[np.float32, np.float32]:
    """How much of the first frame's tissue, and how much of another one's, shows ``phase`` cycles
    later; the squares sum to 1. At half a cycle with ``renewal`` 1 nothing is left of the first."""
    away = renewal * (0.5 - 0.5 * np.cos(2 * np.pi * phase)) * np.pi / 2
    return np.float32(np.cos(away)), np.float32(np.sin(away))


class ClipGenerator:
    """Draws clips from samples; deterministic by the generator that `draw` is given."""

    def __init__(self, samples: Sequence[Sample], options: ClipOptions = ClipOptions()) -> None:
        if not samples:
            raise ValueError("expected at least one sample for `samples` but received [] (list)")
        self.options = options
        sets: dict[str, list[Sample]] = {}
        for sample in samples:
            sets.setdefault(sample.set, []).append(sample)
        self.sets = [sets[name] for name in sorted(sets)]
        # by the root of its size: small sets are seen, large ones do not drown them
        weights = np.sqrt([len(s) for s in self.sets])
        self.weights = weights / weights.sum()

    def _pick(self, rng: np.random.Generator) -> Sample:
        group = self.sets[int(rng.choice(len(self.sets), p=self.weights))]
        return group[int(rng.integers(len(group)))]

    def _scene(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A still image with at least one object."""
        o = self.options
        while True:
            image, labels = place(rng, self._pick(rng), o.size)
            labels = add_pseudo_objects(rng, image, labels, int(rng.integers(0, 5)))
            if labels.max() > 0:
                break
        keep = rng.permutation(np.arange(1, labels.max() + 1))[: o.most_objects]
        order = np.zeros(256, np.uint8)
        order[keep] = np.arange(1, len(keep) + 1)
        return image, order[labels]

    def draw(self, rng: np.random.Generator, phases: np.ndarray | None = None) -> Clip:
        """One clip. Objects lie in slots 1..k in random order; a slot without one is inactive.
        ``phases`` f64[T] in cycles are drawn by `random_phases` where absent.
        """
        o = self.options
        image, labels = self._scene(rng)
        foreign = float(rng.uniform(0, o.most_foreign)) if o.most_foreign else 0.0
        # what hardly looks alike lies far away in time
        motion = random_motion(rng, labels, max(2 * foreign, float(rng.choice([0.3, 0.6, 1.0, 1.5]))))
        if phases is None:
            phases = random_phases(rng, o.frames)
        count = int(labels.max())
        still = image.astype(np.float32)
        smooth = cv2.GaussianBlur(still, (0, 0), float(rng.uniform(1, 2)))
        lost = rng.uniform(0.0, 0.6)  # share of the still's own speckle that is blurred away
        grain, depth = float(rng.uniform(0.7, 1.6)), float(rng.uniform(0.0, 0.3)) + 0.4 * foreign
        memory = float(rng.uniform(0.3, 1.0))  # share of the speckle that moves with the tissue
        keeps = float(rng.uniform(0.7, 1.0))  # share of that which the next frame still has
        bound = speckle(rng, o.size, grain)
        # how much of all that is another tissue's at half a cycle: its speckle and its brightness
        renewal = max(foreign, float(rng.uniform(0.3, 1.0)) if rng.random() < 0.5 else 0.0)
        other_bound = speckle(rng, o.size, grain)
        other_gain = np.exp(smooth_field(rng, o.size, 7, float(rng.uniform(0.1, 0.35)))[..., 0])
        drift = float(rng.uniform(0, 1.5))
        other = None
        if rng.random() < 0.25 + 0.5 * foreign:
            other = place(rng, self._pick(rng), o.size)[0].astype(np.float32)
        leaving = int(rng.integers(1, count + 1)) if rng.random() < 0.06 else 0
        shadow = _shadow(rng, o.size) if rng.random() < 0.25 else None

        onehot = [(labels == k).astype(np.float32) for k in range(1, count + 1)]
        axis = np.arange(o.size, dtype=np.float32)
        images = np.empty((o.frames, o.size, o.size), np.uint8)
        masks = np.zeros((o.frames, o.objects + 1, o.size // 2, o.size // 2), np.float32)
        gain = _gain(rng, o.size, 1.0)
        for t, phase in enumerate(phases):
            to = motion.at(float(phase))
            map_x, map_y = to[..., 0] + axis[None], to[..., 1] + axis[:, None]
            if t > 0:
                bound = keeps * bound + np.sqrt(1 - keeps**2) * speckle(rng, o.size, grain)
            cos, sin = renewed(float(phase - phases[0]), renewal)
            base = still + (1 - (1 - np.float32(lost)) * cos) * (smooth - still)
            base = base * (cos**2 + sin**2 * other_gain)
            grains = cos * bound + sin * other_bound
            warped = [cv2.remap(s, map_x, map_y, cv2.INTER_LINEAR) for s in (base, grains, *onehot)]
            frame, own, objects = warped[0], warped[1], warped[2:]
            progress = t / max(1, o.frames - 1)
            if other is not None:  # the plane moves on: new structures enter
                frame = frame + (0.45 + 0.3 * foreign) * progress * (
                    cv2.remap(other, map_x, map_y, cv2.INTER_LINEAR) - frame
                )
            if leaving and t > o.frames // 2:
                gone = cv2.GaussianBlur(objects[leaving - 1], (0, 0), 3)
                frame = frame * (1 - gone) + gone * cv2.GaussianBlur(frame, (0, 0), 25)
                objects[leaving - 1] = np.zeros_like(objects[leaving - 1])
            fresh = speckle(rng, o.size, grain)
            frame = frame * (1 + depth * (memory * own + np.sqrt(1 - memory**2) * fresh))
            frame = frame * gain ** np.float32(drift * (progress - 0.5))
            if drift > 0.75:
                frame = frame * np.float32(np.exp(rng.normal(0, 0.06)))
            if shadow is not None:
                frame = frame * np.roll(shadow, int(60 * progress), axis=1)
            if rng.random() < 0.1:
                frame = cv2.GaussianBlur(frame, (0, 0), float(rng.uniform(0.5, 1.3)))
            images[t] = np.clip(frame, 0, 255)
            for k, mask in enumerate(objects):
                masks[t, k + 1] = cv2.resize(
                    mask, (o.size // 2, o.size // 2), interpolation=cv2.INTER_AREA
                )
        masks[:, 0] = 1 - masks[:, 1:].sum(1)
        active = (np.arange(o.objects + 1) <= count).astype(np.float32)
        slots = np.concatenate([[0], 1 + rng.permutation(o.objects)])
        return Clip(images, np.clip(masks[:, slots], 0, 1), active[slots])


def disturb(rng: np.random.Generator, masks: np.ndarray, amplitude_px: float) -> np.ndarray:
    """Masks f32[N, M, M] as they look after some drift: bent by a smooth field and a little grown
    or shrunk."""
    size = masks.shape[-1]
    bend = smooth_field(rng, size, int(rng.integers(4, 8)), amplitude_px)
    axis = np.arange(size, dtype=np.float32)
    map_x, map_y = bend[..., 0] + axis[None], bend[..., 1] + axis[:, None]
    out = np.stack([cv2.remap(m, map_x, map_y, cv2.INTER_LINEAR) for m in masks[1:]])
    weight = np.exp(rng.normal(0, 0.6)) if rng.random() < 0.4 else 1.0
    blurred = np.stack([cv2.GaussianBlur(m, (0, 0), 1.0) for m in out]) if weight != 1.0 else out
    objects = blurred * np.float32(weight)
    rest = np.clip(1 - blurred.sum(0), 0, 1)
    total = np.maximum(rest + objects.sum(0), 1e-6)
    return np.concatenate([rest[None], objects]) / total


def validation_clips(
    samples: Sequence[Sample], count: int, options: ClipOptions, seed: int = 20
) -> list[Clip]:
    """The same ``count`` clips on every call."""
    generator = ClipGenerator(samples, options)
    return [generator.draw(np.random.default_rng([seed, i])) for i in range(count)]
