"""Measures the native dense flow: ``python -m sonotrack_training.measure_flow --data DIR``.

Draws pairs of frames with known motion from held-out training pictures, runs the native flow and
OpenCV's dense inverse search on them, and prints a JSON with the mean end-point errors in px
against the truth, the mean difference between the two, and the single-thread CPU times in ms per
pair (the median over pairs of the fastest repeat).

Three kinds of pairs: ``warp`` moves one picture smoothly and changes nothing else; ``speckle`` lays
speckle on anew in both frames and drifts the gain, as the training clips do; ``decorrelated`` keeps
little of the first frame's speckle.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from .data.clips import place, speckle
from .data.motion import random_motion, random_phases
from .data.samples import Sample, load_samples
from .native_flow import NativeFlow

SIZE = 256
DARK = 8  # gray level below which (blurred) there is no tissue to follow
PRESETS = {
    "opencv ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "opencv fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "opencv medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


@dataclass(frozen=True)
class Speckle:
    """How much of the speckle a pair renews."""

    lost: tuple[float, float]  # share of the picture's own speckle that is blurred away
    depth: tuple[float, float]  # of the speckle that is laid on, standard deviation of the gain
    kept: tuple[float, float]  # correlation of the laid-on speckle from frame to frame


KINDS = {
    "warp": None,
    "speckle": Speckle(lost=(0.0, 0.6), depth=(0.0, 0.3), kept=(0.5, 1.0)),
    "decorrelated": Speckle(lost=(0.6, 1.0), depth=(0.2, 0.35), kept=(0.0, 0.4)),
}


@dataclass(frozen=True)
class Pair:
    """``frames`` u8[2, S, S]; ``flow`` f32[S, S, 2] in px, x first, on the first frame, to where
    the tissue is in the second; ``known`` bool[S, S], where there is tissue that stays in view."""

    frames: np.ndarray
    flow: np.ndarray
    known: np.ndarray


def remap(image: np.ndarray, field: np.ndarray) -> np.ndarray:
    """``image`` read at every px + ``field`` f32[S, S, 2]; outside, the border repeats."""
    axis = np.arange(field.shape[0], dtype=np.float32)
    at = field[..., 0] + axis[None], field[..., 1] + axis[:, None]
    return cv2.remap(image, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def flow_between(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The flow from one frame to another, f32[S, S, 2], given the fields by which both read the
    same still picture: the q - p with q + second(q) = p + first(p), by fixed-point iteration; and
    bool[S, S], where it exists (a strong motion folds the picture)."""
    flow = first - second
    for _ in range(100):
        flow = flow + 0.5 * (first - remap(second, flow) - flow)
    missed = np.linalg.norm(first - remap(second, flow) - flow, axis=-1)
    return flow, missed < 0.05


def draw_pair(rng: np.random.Generator, sample: Sample, renew: Speckle | None) -> Pair:
    """One pair of frames of a moving picture."""
    state = rng.bit_generator.state
    image, labels = place(rng, sample, SIZE)
    again = np.random.default_rng()
    again.bit_generator.state = state
    inside, _ = place(again, replace(sample, image=np.full_like(sample.image, 255)), SIZE)
    motion = random_motion(rng, labels, float(rng.choice([0.3, 0.6, 1.0, 1.5])))
    fields = [motion.at(float(p)) for p in random_phases(rng, 2)]
    still = image.astype(np.float32)
    frames = [remap(still, f) for f in fields]
    if renew is not None:
        lost, depth, kept = (float(rng.uniform(*r)) for r in (renew.lost, renew.depth, renew.kept))
        smooth = cv2.GaussianBlur(still, (0, 0), float(rng.uniform(1, 2)))
        grain = float(rng.uniform(0.7, 1.6))
        bound = speckle(rng, SIZE, grain)
        for t, field in enumerate(fields):
            if t > 0:
                bound = kept * bound + np.sqrt(1 - kept**2) * speckle(rng, SIZE, grain)
            frame = remap(still + np.float32(lost) * (smooth - still), field)
            frame = frame * (1 + depth * remap(bound, field))
            frames[t] = frame * np.float32(np.exp(rng.normal(0, 0.04)))
    flow, exists = flow_between(*fields)
    axis = np.arange(SIZE, dtype=np.float32)
    x, y = axis[None] + flow[..., 0], axis[:, None] + flow[..., 1]
    known = (np.minimum(x, y) >= 0) & (np.maximum(x, y) <= SIZE - 1)
    known &= exists & (remap(inside, fields[0]) > 250)
    known &= cv2.GaussianBlur(frames[0], (0, 0), 4) > DARK
    return Pair(np.clip(np.stack(frames), 0, 255).astype(np.uint8), flow, known)


def draw_pairs(samples: list[Sample], count: int, kind: str, seed: int = 30) -> list[Pair]:
    """The same ``count`` pairs on every call, from all sets alike."""
    sets = sorted({s.set for s in samples})
    groups = [[s for s in samples if s.set == name] for name in sets]
    pairs: list[Pair] = []
    draws = 0
    while len(pairs) < count:
        rng = np.random.default_rng([seed, draws])
        group = groups[draws % len(groups)]
        draws += 1
        pair = draw_pair(rng, group[int(rng.integers(len(group)))], KINDS[kind])
        if pair.known.mean() > 0.1:
            pairs.append(pair)
    return pairs


def error(flow: np.ndarray, truth: np.ndarray, known: np.ndarray) -> float:
    """Mean end-point error in px where ``known``."""
    return float(np.linalg.norm(flow - truth, axis=-1)[known].mean())


Flow = Callable[[np.ndarray, np.ndarray, None], np.ndarray]


def timed_flows(flow: Flow, pairs: list[Pair], repeats: int) -> tuple[np.ndarray, float]:
    """Flows f32[n, S, S, 2], and the ms per pair."""
    flows, times = [], []
    for pair in pairs:
        best = np.inf
        for _ in range(repeats):
            began = time.process_time()
            found = flow(pair.frames[0], pair.frames[1], None)
            best = min(best, time.process_time() - began)
        flows.append(found)
        times.append(best * 1000)
    return np.stack(flows), float(np.median(times))


def measure(
    pairs: list[Pair], repeats: int, options: list[str]
) -> dict[str, dict[str, float]]:
    """Per method: mean ``epe`` in px, ``difference`` to the native flow in px, ``ms``."""
    native = NativeFlow(SIZE, SIZE, " ".join(options))
    flows = {"native": timed_flows(native, pairs, repeats)}
    for name, preset in PRESETS.items():
        flows[name] = timed_flows(cv2.DISOpticalFlow_create(preset).calc, pairs, repeats)
    still = np.zeros_like(flows["native"][0])
    table = {}
    for name, (flow, ms) in {**flows, "no flow": (still, 0.0)}.items():
        each = list(zip(flow, flows["native"][0], pairs))
        table[name] = {
            "epe": round(float(np.mean([error(f, p.flow, p.known) for f, _, p in each])), 4),
            "difference": round(float(np.mean([error(f, n, p.known) for f, n, p in each])), 4),
            "ms": round(ms, 3),
        }
    return table


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--split", choices=["train", "validation"], default="validation")
    p.add_argument("--pairs", type=int, default=48, help="of each kind")
    p.add_argument("--repeats", type=int, default=5, help="timed runs of each pair")
    p.add_argument("options", nargs="*", help="name=value, settings of the native flow")
    args = p.parse_args()
    cv2.setNumThreads(1)
    samples = load_samples(args.data, args.split)
    result = {
        kind: measure(draw_pairs(samples, args.pairs, kind), args.repeats, args.options)
        for kind in KINDS
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
