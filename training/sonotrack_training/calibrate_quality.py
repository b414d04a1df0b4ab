"""Fits the tracker's estimate of its own DSC to the gate that it ships with:
``python -m sonotrack_training.calibrate_quality --weights X --data DIR --out Y``.

The estimate is trained along with the gate; once `calibrate_gate` has turned the gate, what the
estimate reads (how the masks agree with the candidates, above all) means something else. Only its
small head is fitted here, on clips of patients that neither model was trained on: even cines, cines
with skipped frames, single large jumps, jumps to frames that hardly look alike (from end-diastole to
end-systole a heart matches itself worse than any still image that was only moved), and synthetic
hearts that contract in one step. Half of those patients fit, the other half judges.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from .data.beating_heart import beating_heart
from .data.clips import Clip, ClipGenerator, ClipOptions
from .data.samples import Sample, load_samples
from .models.deaot import DeAot
from .models.deaot_decoder import QualityHead
from .rollout import Course, follow
from .tracking_losses import dice
from .tracking_objective import stack
from .weights import load_weights, save_weights

ASK_BELOW = 0.9
STEPS, RATE, DECAY = 4000, 2e-3, 1e-2
# The quantile that is estimated: in doubt it asks, as long as two of three questions on the judging half are due. A bad mask
# that is passed over costs more than a question.
QUANTILE = 0.35
JUDGING_CLIPS = 300
CINE, SKIPPING, JUMP = 10, 6, 2  # frames
KINDS = ("cine", "skipping", "jump", "foreign", "heart")  # of clips, as `draw` gives them in turn


class Rows(NamedTuple):
    """What the head reads, f32[n, features], the true DSC, the estimate, and the weight, f32[n]. A clip has the same weight
    however long it is: a jump is one row where a cine is nine."""

    inputs: Tensor
    truths: Tensor
    estimates: Tensor
    weights: Tensor


def draw(samples: Sequence[Sample], count: int, seed: int) -> Iterator[tuple[Clip, Course]]:
    """Even cines, cines with skipped frames, jumps, jumps to frames that hardly look alike, and contractions, in turn; now and
    then with a correction."""
    options = {
        "cine": ClipOptions(frames=CINE),
        "skipping": ClipOptions(frames=SKIPPING),
        "jump": ClipOptions(frames=JUMP),
        "foreign": ClipOptions(frames=JUMP, most_foreign=1.0),
    }
    generators = {kind: ClipGenerator(samples, o) for kind, o in options.items()}
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        kind = KINDS[i % len(KINDS)]
        if kind == "heart":
            yield beating_heart(rng), Course()
            continue
        frames = options[kind].frames
        steps = {"cine": rng.uniform(0.02, 0.1), "skipping": None}.get(kind, rng.uniform(0.05, 0.6))
        phases = None if steps is None else rng.random() + np.arange(frames) * steps
        second = int(rng.integers(1, frames - 1)) if frames > 3 and rng.random() < 0.25 else None
        yield generators[kind].draw(rng, phases=phases), Course(second=second)


@torch.no_grad()
def collect(model: DeAot, clips: Iterator[tuple[Clip, Course]]) -> Rows:
    """One row for each object on each tracked frame."""
    read: list[Tensor] = []
    hook = model.quality.layers.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    inputs, truths, estimates, weights = [], [], [], []
    try:
        for clip, course in clips:
            images, masks, active = stack([clip], "cpu")
            second = None if course.second is None else masks[:, course.second]
            objects = active[0].bool()
            objects[0] = False
            steps = follow(model, images, masks[:, 0], masks[:, 0], active, course, second)
            for t, result, _ in steps:
                inputs.append(read.pop()[0, objects])
                truths.append(dice(result.masks, masks[:, t])[0, objects])
                estimates.append(result.quality[0, objects])
                weights.append(torch.full_like(estimates[-1], 1 / (images.shape[1] - 1)))
    finally:
        hook.remove()
    return Rows(*(torch.cat(parts) for parts in (inputs, truths, estimates, weights)))


def fit(head: QualityHead, rows: Rows, seed: int = 0) -> None:
    """By the pinball loss of `QUANTILE`."""
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        drawn = torch.multinomial(rows.weights, 512, replacement=True)
        short = rows.truths[drawn] - torch.sigmoid(head.layers(rows.inputs[drawn]))[:, 0]
        loss = torch.maximum(QUANTILE * short, (QUANTILE - 1) * short).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()


def figures(estimates: Tensor, truths: Tensor, weights: Tensor) -> dict[str, float]:
    """Mean error, and how well asking below 0.90 finds the masks that are below 0.90."""

    def share(of: Tensor, among: Tensor) -> float:
        whole = (weights * among).sum().item()
        return round((weights * of * among).sum().item() / whole, 4) if whole else 0.0

    asks, bad = estimates < ASK_BELOW, truths < ASK_BELOW
    return {
        "rows": len(truths),
        "error": share((estimates - truths).abs(), torch.ones_like(weights)),
        "recall": share(asks, bad),
        "precision": share(bad, asks),
    }


def halves(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """By patient, so that no patient both fits and judges."""
    fitting = set(sorted({(s.set, s.group) for s in samples})[::2])
    split: tuple[list[Sample], list[Sample]] = ([], [])
    for sample in samples:
        split[(sample.set, sample.group) not in fitting].append(sample)
    return split


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, required=True, help="safetensors, after calibrate_gate")
    parser.add_argument("--out", type=Path, required=True, help="safetensors with the fitted head")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--clips", type=int, default=3600, help="to fit")
    parser.add_argument("--threads", type=int, default=1)
    a = parser.parse_args(argv)
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(a.threads)
    model = DeAot().eval()
    metadata = load_weights(a.weights, model)
    fitting, judging = halves(load_samples(a.data, "validation"))
    rows = collect(model, draw(fitting, a.clips, 60))
    held = collect(model, draw(judging, min(a.clips, JUDGING_CLIPS), 61))
    fit(model.quality, rows)
    with torch.no_grad():
        after = torch.sigmoid(model.quality.layers(held.inputs))[:, 0]
    tensors = load_file(a.weights)
    head = {f"quality.{name}": t for name, t in model.quality.state_dict().items()}
    save_weights(a.out, {**tensors, **head}, metadata)
    estimates = {"before": held.estimates, "after": after}
    found = {name: figures(e, held.truths, held.weights) for name, e in estimates.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
