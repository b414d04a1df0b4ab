"""Real inputs for every graph, made by running the FP32 graphs on training pictures through the true preprocessing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from .click_loop import MAX_POINTS, UNUSED, Prompts
from .data.clips import ClipOptions, validation_clips
from .data.prompted import validation_views
from .data.samples import Sample
from .onnx_tracker import OnnxTracker
from .quantise import Feed

FEATURES = ("embedding", "skip8", "skip4", "skip2")


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    return ort.InferenceSession(str(path), options)


def sonosam_encoder_feeds(samples: list[Sample], size: int, per_set: int = 8) -> Iterator[Feed]:
    for _, image, _ in validation_views(samples, size, per_set):
        yield {"image": image[None, None]}


def sonosam_decoder_feeds(
    folder: Path, samples: list[Sample], size: int, per_set: int = 8, clicks: int = 4
) -> Iterator[Feed]:
    """The first prompt (a box one time in four) and further clicks of every view."""
    encoder = session(folder / "sonosam-encoder.onnx")
    decoder = session(folder / "sonosam-decoder.onnx")
    rng = np.random.default_rng(11)
    for _, image, coverage in validation_views(samples, size, per_set):
        features = dict(zip(FEATURES, encoder.run(FEATURES, {"image": image[None, None]}), strict=True))
        prompts = Prompts(coverage[None, None], size, rng)
        prompts.start(box_share=0.25)
        for _ in range(clicks):
            feed = {**features, **prompt_feed(prompts)}
            yield feed
            prompts.follow(torch.from_numpy(decoder.run(["mask"], feed)[0]))


def prompt_feed(prompts: Prompts) -> Feed:
    """The decoder graph's prompt inputs of a batch of one."""
    points = np.zeros((1, MAX_POINTS, 3), np.float32)
    points[:, :, 2] = UNUSED
    given, box, previous = prompts.tensors("cpu")
    points[:, : given.shape[1]] = given.numpy()
    return {
        "points": points,
        "box": box.numpy(),
        "previous": np.round(previous.numpy() * 255).astype(np.uint8),
    }


def deaot_feeds(
    folder: Path, samples: list[Sample], clips: int = 12
) -> Iterator[tuple[str, Feed]]:
    """(graph name, inputs) of every call that tracking synthetic clips makes, the model's own masks fed back."""
    calls: list[tuple[str, Feed]] = []
    tracker = OnnxTracker(folder, threads=2, watch=lambda name, feed: calls.append((name, feed)))
    for clip in validation_clips(samples, clips, ClipOptions()):
        tracker.start(clip.images[0], clip.masks[0], clip.active)
        for image in clip.images[1:]:
            tracker.track(image)
        yield from calls
        calls.clear()
