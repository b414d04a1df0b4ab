"""Trains SonoSAMLite: `python -m sonotrack_training.train_sonosam --data DIR --minutes 60`.

Encoder once a picture, several decoder passes: the first prompt, then clicks on the model's own errors (paper §3.3).
Of the passes only the first and the last carry gradients; those between only move the prompts on.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .click_loop import Prompts, ambiguous_rows, answer_of
from .data.prompted import Mix, Sampler, validation_views
from .data.prompts import point_in
from .data.samples import load_samples
from .losses import iou, mask_loss
from .models.efficientnet_lite import imagenet_file, load_imagenet
from .models.sonosam import SonoSamLite
from .run_log import RunLog, save_checkpoint
from .weights import load_weights

# The paper's recipe (§2.2) and the one found better here.
RECIPES = {
    "paper": {"rate": 1e-4, "stem_rate": 1e-4, "decay": 0.0, "schedule": "halve"},
    "default": {"rate": 5e-4, "stem_rate": 1.5e-4, "decay": 0.02, "schedule": "cosine"},
}
FURTHER_CLICKS, FURTHER_SHARE = (1, 2, 3, 5), (0.35, 0.3, 0.2, 0.15)
EMA_DECAY = 0.998
WARMUP_STEPS = 150
CHECKPOINT_SECONDS = 180
VALIDATION_SECONDS = 1200
CLIP_NORM = 1.0


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--checkpoint", type=Path, default=Path("checkpoints/local/sonosam.pt"))
    p.add_argument("--init", type=Path, help="start from these weights (safetensors)")
    p.add_argument("--log", type=Path, default=Path("runs/sonosam.jsonl"))
    p.add_argument("--minutes", type=float, default=60.0, help="training time in all, resumes included")
    p.add_argument("--steps", type=int, default=None, help="stop after this many steps in all")
    p.add_argument("--recipe", choices=list(RECIPES), default="default")
    p.add_argument("--size", type=int, default=256, help="input size, px")
    p.add_argument("--images", type=int, default=8)
    p.add_argument("--objects", type=int, default=2, help="objects an image")
    p.add_argument("--box-share", type=float, default=0.3)
    p.add_argument("--depth", type=int, default=6, help="ViT blocks")
    p.add_argument("--synthetic", type=float, default=Mix.synthetic)
    p.add_argument("--region", type=float, default=Mix.region)
    p.add_argument("--wall", type=float, default=Mix.wall)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--device", default="cpu")
    p.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    return p.parse_args(argv)


def rate_at(schedule: str, step: int, progress: float) -> float:
    """The share of the full learning rate; `progress` runs from 0 to 1 over the training time."""
    if schedule == "halve":  # the paper halves every 25 of its epochs; here four times in all
        return 0.5 ** int(4 * progress)
    return min(1, (step + 1) / WARMUP_STEPS) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def repeat_rows(features: dict[str, Tensor], times: int) -> dict[str, Tensor]:
    return {name: f.repeat_interleave(times, 0) for name, f in features.items()}


def pass_loss(logits: Tensor, scores: Tensor, target: Tensor, ambiguous: Tensor) -> Tensor:
    """The single mask always; of the candidates the best, most where the prompt is ambiguous; the predicted IoU."""
    loss = mask_loss(logits, target)
    best = loss[:, 1:].min(1).values
    candidates = torch.where(ambiguous, best, 0.1 * best)
    calibration = (scores - iou(logits.detach(), target)).square().mean(1)
    return (loss[:, 0] + candidates + calibration).mean()


def train_step(
    model: SonoSamLite, sampler: Sampler, step: int, args: argparse.Namespace
) -> tuple[Tensor, dict[str, float]]:
    """One batch: forward passes and their loss, not yet differentiated."""
    rng = np.random.default_rng([args.seed, step, 1])
    batch = sampler.batch(step, args.images, args.objects, args.size)
    target = torch.from_numpy(batch.targets).to(args.device)
    images = torch.from_numpy(batch.images).to(args.device)
    prompts = Prompts(batch.targets, args.size, rng)
    prompts.start(args.box_share)
    further = int(rng.choice(FURTHER_CLICKS, p=FURTHER_SHARE))
    with torch.autocast(args.device, torch.bfloat16):
        features = repeat_rows(model.encoder(images), args.objects)
        total, dice = torch.zeros((), device=args.device), {}
        for click in range(further + 1):
            learn = click in (0, further)
            given = prompts.tensors(args.device)
            ambiguous = ambiguous_rows(*given)
            with torch.set_grad_enabled(learn):
                logits, scores = model.decoder(features, *given)
            logits, scores = logits.float(), scores.float()
            if learn:
                total = total + pass_loss(logits, scores, target, ambiguous)
            answer = answer_of(logits, scores, ambiguous).detach()
            j = iou(answer, target)
            dice["first" if click == 0 else "last"] = float((2 * j / (1 + j)).mean())
            if click < further:
                prompts.follow(answer)
                if rng.random() < 0.1:  # a click may also come without the mask before it
                    prompts.previous = torch.zeros_like(prompts.previous)
    return total / 2, dice


@torch.no_grad()
def validate(model: SonoSamLite, views: list, size: int, clicks: int = 5) -> dict[str, list[float]]:
    """Mean DSC after 1..clicks, per set."""
    model.eval()
    curves: dict[str, list[list[float]]] = {}
    for at in range(0, len(views), 16):
        part = views[at : at + 16]
        targets = np.stack([v[2] for v in part])[:, None]
        prompts = Prompts(targets, size, np.random.default_rng(0))
        for row, mask in enumerate(prompts.truth):  # the innermost cell first
            prompts.add_point(row, *point_in(prompts.rng, mask, exact=1.0), 1.0)
        target = torch.from_numpy(targets)
        rows: list[list[float]] = [[] for _ in part]
        with torch.autocast("cpu", torch.bfloat16):
            features = model.encoder(torch.from_numpy(np.stack([v[1] for v in part])[:, None]))
            for _ in range(clicks):
                given = prompts.tensors("cpu")
                logits, scores = model.decoder(features, *given)
                answer = answer_of(logits.float(), scores.float(), ambiguous_rows(*given))
                j = iou(answer, target)[:, 0]
                for row, value in zip(rows, (2 * j / (1 + j)).tolist(), strict=True):
                    row.append(value)
                prompts.follow(answer, exact=1.0)
        for view, row in zip(part, rows, strict=True):
            curves.setdefault(view[0], []).append(row)
    model.train()
    return {name: np.mean(rows, 0).round(4).tolist() for name, rows in sorted(curves.items())}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    recipe = RECIPES[args.recipe]
    model = SonoSamLite(args.depth).to(args.device, memory_format=torch.channels_last)
    if args.init:
        load_weights(args.init, model)
    else:
        load_imagenet(model.encoder.stem, imagenet_file())
    model.encoder.stem.freeze_to_stride_4()
    average = copy.deepcopy(model).requires_grad_(False)
    stem = [p for p in model.encoder.stem.parameters() if p.requires_grad]
    known = {id(p) for p in model.encoder.stem.parameters()}
    rest = [p for p in model.parameters() if id(p) not in known]
    groups = [{"params": stem, "base": recipe["stem_rate"]}, {"params": rest, "base": recipe["rate"]}]
    optimiser = torch.optim.AdamW(groups, lr=recipe["rate"], weight_decay=recipe["decay"])

    step, spent = 0, 0.0
    if args.checkpoint.exists() and not args.fresh:
        state = torch.load(args.checkpoint, map_location=args.device, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    mix = Mix(args.synthetic, args.region, args.wall)
    sampler = Sampler(load_samples(args.data, "train"), mix, args.seed)
    views = validation_views(load_samples(args.data, "validation"), args.size, per_set=20)
    log = RunLog(args.log)
    arguments = {k: v.name if isinstance(v, Path) else v for k, v in vars(args).items()}
    log.write(event="start", step=step, spent=spent, arguments=arguments)

    def save() -> None:
        save_checkpoint(
            args.checkpoint,
            {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "spent": spent,
                "depth": args.depth,
                "size": args.size,
            },
        )

    limit = args.minutes * 60
    began = saved = validated = time.monotonic()
    before = spent
    bar = tqdm(total=round(limit), initial=round(spent), unit="s", desc="sonosam", mininterval=10)
    while spent < limit and (args.steps is None or step < args.steps):
        factor = rate_at(recipe["schedule"], step, spent / limit)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
        loss, dice = train_step(model, sampler, step, args)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        if torch.isfinite(norm):
            optimiser.step()
        decay = min(EMA_DECAY, (step + 1) / (step + 10))
        with torch.no_grad():
            for a, b in zip(average.parameters(), model.parameters(), strict=True):
                a.lerp_(b, 1 - decay)
        step += 1
        now = time.monotonic()
        spent = before + now - began
        bar.n = round(spent)
        bar.set_postfix(step=step, loss=f"{loss.item():.3f}", **{k: f"{v:.2f}" for k, v in dice.items()})
        if step % 10 == 0:
            log.write(step=step, spent=round(spent), loss=round(loss.item(), 4), rate=factor, **dice)
        if now - saved > CHECKPOINT_SECONDS:
            save()
            saved = now
        if now - validated > VALIDATION_SECONDS:
            log.write(event="validation", step=step, dsc=validate(average, views, args.size))
            validated = time.monotonic()
    save()
    log.write(event="end", step=step, dsc=validate(average, views, args.size))


if __name__ == "__main__":
    main()
