"""Sets how far the tracker trusts the previous frame before it looks at the evidence:
``python -m sonotrack_training.calibrate_gate --checkpoint X --out Y``.

Training follows a clip for a few frames, where pulling hard to the reference pays at once. Over a
long clip a gentle pull is enough, since it acts on every frame, and it lets less of the reference's
coarser flow through. So the gate's bias of the previous frame is chosen on long synthetic clips of
held-out patients; all other weights stay.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from .data.clips import Clip, ClipGenerator, ClipOptions
from .data.samples import load_samples
from .models.deaot import DeAot
from .rollout import follow
from .run_log import save_checkpoint
from .tracking_losses import dice
from .tracking_objective import stack

BIAS = "fusion.gate.bias"  # its first entry is the previous frame's


def long_clips(generator: ClipGenerator, count: int, step: float, seed: int = 7) -> list[Clip]:
    """``count`` even cines, ``step`` of a cycle between two frames; the same on every call."""
    clips = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        phases = rng.random() + np.arange(generator.options.frames) * step
        clips.append(generator.draw(rng, phases=phases))
    return clips


@torch.no_grad()
def mean_dice(model: DeAot, clips: list[Clip]) -> float:
    """Mean over objects and frames, from exact first masks and never corrected."""
    scores = []
    for clip in clips:
        images, masks, active = stack([clip], "cpu")
        objects = active[:, 1:].bool()
        for t, result in follow(model, images, masks[:, 0], masks[:, 0], active):
            scores.append(dice(result.masks, masks[:, t])[:, 1:][objects].mean().item())
    return float(np.mean(scores))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="of train_deaot")
    parser.add_argument("--out", type=Path, required=True, help="the checkpoint with its new bias")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--shifts", default="0,1,2,3", help="logits to try on top of the trained")
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--frames", type=int, default=31)
    parser.add_argument("--step", type=float, default=0.05, help="cycles between two frames")
    parser.add_argument("--threads", type=int, default=1)
    a = parser.parse_args(argv)
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(a.threads)
    kept = torch.load(a.checkpoint, map_location="cpu", weights_only=True)
    model = DeAot().eval()
    model.load_state_dict(kept["ema"])
    options = ClipOptions(frames=a.frames)
    clips = long_clips(ClipGenerator(load_samples(a.data, "validation"), options), a.clips, a.step)
    trained = kept["ema"][BIAS].clone()
    scores: dict[float, float] = {}
    for shift in tqdm([float(s) for s in a.shifts.split(",")], desc="shifts"):
        model.fusion.gate.bias.data.copy_(trained)
        model.fusion.gate.bias.data[0] += shift
        scores[shift] = round(mean_dice(model, clips), 4)
    best = max(scores, key=scores.__getitem__)
    kept["ema"][BIAS][0] = trained[0] + best
    save_checkpoint(a.out, {"ema": kept["ema"], "step": kept["step"], "gate_shift": best})
    print(json.dumps({"mean_dice_by_shift": scores, "chosen": best}))


if __name__ == "__main__":
    main()
