"""Trains the tracker on synthetic clips of still images: ``python -m
sonotrack_training.train_deaot``.

A run resumes from its checkpoint, writes one JSON line per report to its log, and ends after
``--steps`` or ``--minutes``, whichever comes first.
"""

from __future__ import annotations

import argparse
import math
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from .data.clips import ClipGenerator, ClipOptions, validation_clips
from .data.samples import load_samples
from .models.deaot import DeAot
from .models.mobilenet_v2 import load_imagenet
from .run_log import RunLog, save_checkpoint
from .tracking_objective import random_course, training_loss, validate
from .weights import load_weights

BACKBONE_RATE = 0.1  # learning rate of the pretrained stages against the rest
WARMUP = 60  # steps
CLIP_NORM = 1.0


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the training sets")
    parser.add_argument(
        "--weights", type=Path, help="ImageNet weights of the backbone (npz); random without"
    )
    parser.add_argument("--init", type=Path, help="start from these weights (safetensors)")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/local/deaot.pt"))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the logs")
    parser.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="end this run after so long"
    )
    parser.add_argument("--batch", type=int, default=2, help="clips a step")
    parser.add_argument("--frames", type=int, default=6, help="frames of a clip that are learnt from")
    parser.add_argument(
        "--lead", type=int, default=10, help="most frames that flow alone follows before those"
    )
    parser.add_argument("--rate", type=float, default=6e-4, help="highest learning rate")
    parser.add_argument(
        "--ema", type=float, default=0.995, help="decay of the averaged weights a step"
    )
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--report", type=int, default=25, help="steps between two lines of the log")
    parser.add_argument("--validate", type=int, default=250, help="steps between two validations")
    parser.add_argument("--validation-clips", type=int, default=16)
    parser.add_argument("--save-minutes", type=float, default=3.0)
    return parser.parse_args(argv)


class Averaged:
    """Exponential moving average of a model's weights, with a decay that grows from 0 so that early
    weights fade."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for k, v in model.state_dict().items():
            self.state[k].lerp_(v, 1 - decay)


def build(weights: Path | None, init: Path | None, device: str) -> DeAot:
    """A model filled from ``init``, or a fresh one whose backbone is filled from ``weights``."""
    model = DeAot().to(device)
    if init is not None:
        load_weights(init, model)
    elif weights is not None:
        load_imagenet(model.backbone, weights)
    else:
        tqdm.write("backbone: random weights, for no --weights were given")
    # edges and textures of ImageNet serve as they are; the stages after stride 8 adapt
    for module in (model.backbone.first, *model.backbone.stages[:3]):
        module.requires_grad_(False)
    return model


def rate_at(step: int, part: float) -> float:
    """Share of the highest learning rate: a linear warm-up by step, a cosine over the run (0-1)."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, part)))
    return min(1.0, (step + 1) / WARMUP) * (0.02 + 0.98 * cosine)


class Run:
    """One run of the training: the weights, their average, the optimiser, and where they are
    kept."""

    def __init__(self, a: argparse.Namespace) -> None:
        self.options, self.began = a, time.monotonic()
        self.samples = load_samples(a.data, "train")
        longer = ClipOptions(frames=a.frames + a.lead)
        self.held_out = validation_clips(
            load_samples(a.data, "validation"), a.validation_clips, longer
        )
        self.model = build(a.weights, a.init, a.device)
        self.average = Averaged(self.model, a.ema)
        pretrained = [p for p in self.model.backbone.parameters() if p.requires_grad]
        others = [p for n, p in self.model.named_parameters() if not n.startswith("backbone.")]
        self.trained = [*pretrained, *others]
        groups = [{"params": pretrained, "scale": BACKBONE_RATE}, {"params": others, "scale": 1.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=a.rate, weight_decay=0.02)
        self.step, self.best, self.before = 0, -1.0, 0.0
        if a.resume and a.checkpoint.is_file():
            self._resume()
        self.log = RunLog(a.runs / f"deaot-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.jsonl")

    def _resume(self) -> None:
        kept = torch.load(
            self.options.checkpoint, map_location=self.options.device, weights_only=True
        )
        self.model.load_state_dict(kept["model"])
        self.average.state = kept["ema"]
        self.optimizer.load_state_dict(kept["optimizer"])
        torch.set_rng_state(kept["rng"].cpu())
        self.step, self.best, self.before = kept["step"], kept["best"], kept["minutes"]
        tqdm.write(f"resumed {self.options.checkpoint} at step {self.step}")

    def minutes(self) -> float:
        """Minutes since this run began, earlier runs not counted."""
        return (time.monotonic() - self.began) / 60

    def keep(self) -> None:
        """Writes all that `_resume` needs."""
        save_checkpoint(
            self.options.checkpoint,
            {
                "model": self.model.state_dict(),
                "ema": self.average.state,
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "best": self.best,
                "minutes": self.before + self.minutes(),
                "rng": torch.get_rng_state(),
            },
        )

    def judge(self) -> None:
        """Validates the averaged weights and keeps them apart when they are the best so far."""
        live = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.state)
        scores = validate(self.model.eval(), self.held_out, self.options.device)
        self.log.write(step=self.step, validation=scores)
        figures = " ".join(f"{k} {v:.4f}" for k, v in scores.items())
        tqdm.write(f"step {self.step} validation {figures}")
        if scores["tracker"] > self.best:
            self.best = scores["tracker"]
            path = self.options.checkpoint
            state = {"ema": self.average.state, "step": self.step}
            save_checkpoint(path.with_name(f"{path.stem}-best.pt"), state)
        self.model.load_state_dict(live)
        self.model.train()

    def advance(self) -> dict[str, float]:
        """One step of the optimiser; returns what to log."""
        a = self.options
        # by seed and step, so that a resumed run sees the clips of an unbroken one
        rng = np.random.default_rng([a.seed, self.step])
        course = random_course(rng, a.frames, a.lead)
        generator = ClipGenerator(self.samples, ClipOptions(frames=course.start + a.frames))
        clips = [generator.draw(rng) for _ in range(a.batch)]
        part = max(self.step / a.steps, self.minutes() / a.minutes)
        rate = a.rate * rate_at(self.step, part)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        loss, parts = training_loss(self.model, clips, course, rng, a.device, a.bf16)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.trained, CLIP_NORM)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.step += 1
        self.average.update(self.model, self.step)
        return {**parts, "gradient": float(norm), "rate": rate}


def main(argv: list[str] | None = None) -> None:
    a = arguments(argv)
    torch.set_num_threads(a.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(a.seed)
    run = Run(a)
    options = {k: str(v) for k, v in vars(a).items() if k not in ("data", "weights")}
    run.log.write(event="start", step=run.step, options=options)
    history: list[dict[str, float]] = []
    saved = 0.0
    progress = tqdm(total=a.steps, initial=run.step, unit="step", mininterval=20)
    while run.step < a.steps and run.minutes() < a.minutes:
        if run.step % a.validate == 0:
            run.judge()
        history.append(run.advance())
        progress.update()
        if run.step % a.report == 0:
            means = {k: round(float(np.mean([h[k] for h in history])), 6) for k in history[0]}
            run.log.write(step=run.step, **means)
            progress.set_postfix({k: f"{v:.3f}" for k, v in means.items()}, refresh=False)
            history.clear()
        if run.minutes() - saved > a.save_minutes:
            saved = run.minutes()
            run.keep()
    progress.close()
    run.judge()
    run.keep()
    run.log.write(event="end", step=run.step)


if __name__ == "__main__":
    main()
