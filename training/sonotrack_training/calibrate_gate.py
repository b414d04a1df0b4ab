"""Sets how far the tracker trusts its anchors before it looks at the evidence:
``python -m sonotrack_training.calibrate_gate --checkpoint X --out Y``.

Training shows many clips on which flow fails, for there is something to learn from them; on most
clips of a device it does not fail. So the gate's bias of the references is chosen on even synthetic
cines of held-out patients, over more frames than training follows; all other weights stay. A large
shift is the anchored flow alone: the network has to earn its say, so the largest shift is chosen of
those that are about as good as the best.
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

BIAS = "fusion.gate.bias"  # of the previous frame, the references, the proposal

EARNED = 0.0005  # Dice by which a smaller shift must be better


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
        for t, result, _ in follow(model, images, masks[:, 0], masks[:, 0], active):
            scores.append(dice(result.masks, masks[:, t])[:, 1:][objects].mean().item())
    return float(np.mean(scores))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="of train_deaot")
    parser.add_argument("--out", type=Path, required=True, help="the checkpoint with its new bias")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--shifts", default="0,2,4,8", help="logits to try on top of the trained")
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--frames", type=int, default=21)
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
        model.fusion.gate.bias.data[1:-1] += shift
        scores[shift] = round(mean_dice(model, clips), 4)
    good = max(scores.values()) - EARNED
    best = max(shift for shift, score in scores.items() if score >= good)
    kept["ema"][BIAS][1:-1] = trained[1:-1] + best
    save_checkpoint(a.out, {"ema": kept["ema"], "step": kept["step"], "gate_shift": best})
    print(json.dumps({"mean_dice_by_shift": scores, "chosen": best}))


if __name__ == "__main__":
    main()
