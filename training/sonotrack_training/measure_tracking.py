"""Measures tracking without correction: ``python -m sonotrack_training.measure_tracking --graphs
DIR --out FILE``.

Beside each other: the masks merely copied, dense inverse search flow (OpenCV) carrying them from
frame to frame, the runtime's anchored flow alone carrying the first ones, and the exported tracker. On the cine loops, the ED to ES
pairs and the thyroid clip, from the true first masks, frame by frame; the Dice coefficient is taken
on the frame's own pixels.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from tqdm import tqdm

from .anchors import Guidance
from .dice import dice
from .evaluation_clips import LabelledClip, add_arguments, clips_of, selection_of
from .letterbox import Letterbox
from .models.warp import warp
from .onnx_tracker import OnnxTracker

SIZE, GRID, CHANNELS = 256, 128, 11


class Tracker(Protocol):
    """Anything that carries masks on; images are u8[S, S], masks f32[N, m, m] of any side m."""

    def start(self, image: np.ndarray, masks: np.ndarray, active: np.ndarray) -> None: ...

    def track(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]: ...


class Copied:
    """The masks of the first frame on every frame."""

    def start(self, image: np.ndarray, masks: np.ndarray, active: np.ndarray) -> None:
        self._masks = masks

    def track(self, image: np.ndarray) -> tuple[np.ndarray, None]:
        return self._masks, None


class InverseSearch:
    """OpenCV's dense inverse search, medium preset, at S; masks are kept at S."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def start(self, image: np.ndarray, masks: np.ndarray, active: np.ndarray) -> None:
        self._image = image
        self._masks = np.stack(
            [cv2.resize(m, image.shape[::-1], interpolation=cv2.INTER_LINEAR) for m in masks]
        )

    def track(self, image: np.ndarray) -> tuple[np.ndarray, None]:
        flow = self._search.calc(image, self._image, None)
        y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
        self._masks = np.stack(
            [
                cv2.remap(
                    m,
                    x + flow[..., 0],
                    y + flow[..., 1],
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE,
                )
                for m in self._masks
            ]
        )
        self._image = image
        return self._masks, None


class Anchored:
    """The first masks carried by the runtime's anchored flow, without the network."""

    def start(self, image: np.ndarray, masks: np.ndarray, active: np.ndarray) -> None:
        self._guidance, self._masks = Guidance(image), torch.from_numpy(masks)[None]

    @torch.no_grad()
    def track(self, image: np.ndarray) -> tuple[np.ndarray, None]:
        flow = self._guidance.next(image).flows[None, 1]  # into the first frame
        return warp(self._masks, flow)[0].numpy(), None


def coverage(labels: np.ndarray, box: Letterbox) -> np.ndarray:
    """Label map u8[H, W] -> f32[N, M, M], sum 1 over the channels."""
    high, wide = box.content
    masks = np.zeros((CHANNELS, GRID, GRID), np.float32)
    for k in range(1, int(labels.max()) + 1):
        content = box.shrink((labels == k).astype(np.uint8) * 255)[:high, :wide]
        # a cell that the content fills by half holds what that half says
        even = np.pad(content, ((0, high % 2), (0, wide % 2)), mode="edge").astype(np.float32)
        cells = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2).mean((1, 3)) / 255
        masks[k, : cells.shape[0], : cells.shape[1]] = cells
    objects = masks[1:].sum(0)
    masks[1:] /= np.maximum(1, objects)
    masks[0] = 1 - masks[1:].sum(0)
    return masks


def follow_clip(
    tracker: Tracker, clip: LabelledClip
) -> tuple[list[dict[str, float]], list[float]]:
    """Tracks ``clip`` from the masks of its first frame.

    Returns a record per object and frame (label, frame, dice, quality or None) and the ms per
    frame.
    """
    box = Letterbox(*clip.frames[0].shape, SIZE)
    present = [int(k) for k in np.unique(clip.labels[0]) if k]
    active = np.zeros(CHANNELS, np.float32)
    active[[0, *present]] = 1
    tracker.start(box.shrink(clip.frames[0]), coverage(clip.labels[0], box), active)
    records, times = [], []
    for t, truth in enumerate(clip.labels[1:], 1):
        image = box.shrink(clip.frames[t])
        began = time.perf_counter()
        masks, quality = tracker.track(image)
        times.append((time.perf_counter() - began) * 1000)
        labels = box.grow(masks * active[:, None, None]).argmax(0)
        for k in present:
            estimate = None if quality is None else float(quality[k])
            records.append(
                {"label": k, "frame": t, "dice": dice(labels == k, truth == k), "quality": estimate}
            )
    return records, times


def summary(records: list[dict[str, float]], within: range | None = None) -> dict[str, float]:
    """Means by label and over all; with ``within``, of the frames of these numbers alone."""
    by_label: dict[str, list[float]] = defaultdict(list)
    for r in records:
        if within is None or r["frame"] in within:
            by_label[str(r["label"])].append(r["dice"])
    means = {k: round(float(np.mean(v)), 4) for k, v in sorted(by_label.items())}
    return {**means, "mean": round(float(np.mean(list(means.values()))), 4)}


def quality_summary(
    records: list[dict[str, float]], threshold: float = 0.9
) -> dict[str, float] | None:
    """How the estimate fits: mean error, bias, and precision and recall of "below the
    threshold"."""
    known = [(r["quality"], r["dice"]) for r in records if r["quality"] is not None]
    if not known:
        return None
    estimate, truth = np.array(known).T
    asked, needed = estimate < threshold, truth < threshold
    hits = int((asked & needed).sum())
    return {
        "error": round(float(np.abs(estimate - truth).mean()), 4),
        "bias": round(float((estimate - truth).mean()), 4),
        "precision": round(hits / max(1, int(asked.sum())), 3),
        "recall": round(hits / max(1, int(needed.sum())), 3),
        "needed": int(needed.sum()),
    }


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--graphs", type=Path, help="folder of the exported graphs; without, the baselines alone"
    )
    add_arguments(parser)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(a.threads)
    makers: dict[str, Callable[[], Tracker]] = {
        "copied": Copied,
        "inverse_search": InverseSearch,
        "anchored_flow": Anchored,
    }
    if a.graphs is not None:
        makers["tracker"] = lambda: OnnxTracker(a.graphs, a.threads)
    result: dict[str, dict] = {"options": {k: str(v) for k, v in vars(a).items() if k != "data"}}
    for part in a.parts.split(","):
        trackers = {name: make() for name, make in makers.items()}
        records: dict[str, list[dict[str, float]]] = {name: [] for name in makers}
        times: dict[str, list[float]] = {name: [] for name in makers}
        frames = 0
        for clip in tqdm(clips_of(part, a.data, selection_of(a)), desc=part, mininterval=5):
            frames = len(clip.frames)
            for name, tracker in trackers.items():
                of_clip, ms = follow_clip(tracker, clip)
                records[name] += of_clip
                times[name] += ms
        result[part] = {}
        for name in makers:
            entry = {"dice": summary(records[name]), "ms_p50": round(float(np.median(times[name])), 1)}
            if part == "long":
                cycle = frames // a.cycles  # all loops have the same length
                entry["first_cycle"] = summary(records[name], range(1, cycle))
                entry["last_cycle"] = summary(records[name], range(frames - cycle, frames))
            entry["quality"] = quality_summary(records[name])
            result[part][name] = entry
            tqdm.write(f"{part} {name} {json.dumps(entry)}")
    a.out.parent.mkdir(parents=True, exist_ok=True)
    a.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
