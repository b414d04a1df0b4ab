"""Trains SonoSAMLite: `python -m sonotrack_training.train_sonosam --data DIR --minutes 60`.

Encoder once a picture, several decoder passes: the first prompt, then clicks on the model's own errors (paper §3.3).
Of the passes only the first and the last carry gradients; those between only move the prompts on. Some batches come in
another input size, so that one set of weights serves every size that a bundle may be exported for.
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
from .data.followed_masks import followed
from .data.prompted import Mix, Sampler, validation_views
from .data.prompts import loose_box, point_in
from .data.samples import load_samples
from .distillation import ALPHA, best_of, binary_kl
from .losses import click_loss, dsc_of_iou, iou, mask_loss
from .models.efficientnet_lite import imagenet_file, load_imagenet
from .models.several_looks import SeveralLooks
from .models.sonosam import SonoSamLite
from .models.sonosam_teacher import SonoSam
from .precision import mixed
from .run_log import RunLog, save_checkpoint
from .trained import load_sonosam
from .weights import load_weights
from .workers import Workers, run

# The paper's recipe (§2.2) and the one found better here.
RECIPES = {
    "paper": {"rate": 1e-4, "stem_rate": 1e-4, "decay": 0.0, "schedule": "halve"},
    "default": {"rate": 5e-4, "stem_rate": 1.5e-4, "decay": 0.02, "schedule": "cosine"},
}
FURTHER_CLICKS, FURTHER_SHARE = (1, 2, 3, 5), (0.35, 0.3, 0.2, 0.15)
EMA_DECAY = 0.998
WARMUP = 0.1  # of the training time
CLOCKS = {"wall": time.monotonic, "cpu": time.process_time}
CHECKPOINT_SECONDS = 180
VALIDATION_SECONDS = 1200
CLIP_NORM = 1.0
CLICK_WEIGHT = 0.1
CLICK_SHARE = 0.85  # of the further passes; the others look again without a new click
OTHER_SIZES = (0.75, 1.25, 1.5)  # of the input size
SYNC_STEPS = 8
ALONE = Workers()


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--checkpoint", type=Path, default=Path("checkpoints/local/sonosam.pt"))
    p.add_argument("--init", type=Path, help="start from these weights (safetensors)")
    p.add_argument(
        "--sam", type=Path, help="train SonoSAM itself from SAM's public ViT-B checkpoint"
    )
    p.add_argument("--teacher", type=Path, help="distil from this SonoSAMLite (safetensors)")
    p.add_argument("--teacher-size", type=int, default=384, help="its input size, px")
    p.add_argument("--log", type=Path, default=Path("runs/sonosam.jsonl"))
    p.add_argument(
        "--minutes", type=float, default=60.0, help="training time in all, resumes included"
    )
    p.add_argument(
        "--clock",
        choices=list(CLOCKS),
        default="wall",
        help="what --minutes counts; cpu, of one process, compares runs beside other work",
    )
    p.add_argument("--steps", type=int, default=None, help="or this many steps in all: repeatable")
    p.add_argument("--recipe", choices=list(RECIPES), default="default")
    p.add_argument("--size", type=int, default=256, help="input size, px")
    p.add_argument(
        "--other-sizes", type=float, default=0.25, help="share of batches in another size"
    )
    p.add_argument("--images", type=int, default=8)
    p.add_argument("--objects", type=int, default=2, help="objects an image")
    p.add_argument("--box-share", type=float, default=0.3)
    p.add_argument(
        "--followed-share",
        type=float,
        default=0.0,
        help="share of objects that begin with a mask as a tracker leaves it, and a click on its error",
    )
    p.add_argument(
        "--decoder-only", action="store_true", help="leave the encoder, and all that is encoded, as it is"
    )
    p.add_argument("--depth", type=int, default=12, help="ViT blocks")
    p.add_argument(
        "--stem-from", type=float, default=0.0, help="share of the training with the stem frozen first"
    )
    p.add_argument("--no-skips", action="store_true", help="leave out the skips (ablation)")
    p.add_argument("--leave-out", nargs="*", default=[], help="training sets that only validate")
    p.add_argument("--per-set", type=int, default=20, help="objects of each set that validate")
    p.add_argument("--synthetic", type=float, default=Mix.synthetic)
    p.add_argument("--region", type=float, default=Mix.region)
    p.add_argument("--wall", type=float, default=Mix.wall)
    p.add_argument(
        "--borrowed", type=float, default=Mix.borrowed, help="share of the synthetic with real speckle"
    )
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--workers", type=int, default=1, help="processes that share the work")
    p.add_argument("--threads", type=int, default=2, help="of each process")
    p.add_argument("--device", default="cpu")
    p.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    return p.parse_args(argv)


def rate_at(schedule: str, progress: float) -> float:
    """The share of the full learning rate; `progress` runs from 0 to 1 over the training time."""
    if schedule == "halve":  # the paper halves every 25 of its epochs; here four times in all
        return 0.5 ** int(4 * progress)
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return min(1, 0.01 + progress / WARMUP) * (0.02 + 0.98 * cosine)


def repeat_rows(features: dict[str, Tensor], times: int) -> dict[str, Tensor]:
    return {name: f.repeat_interleave(times, 0) for name, f in features.items()}


def pass_loss(
    logits: Tensor,
    scores: Tensor,
    target: Tensor,
    points: Tensor,
    ambiguous: Tensor,
    taught: Tensor | None = None,
) -> Tensor:
    """The single mask always; of the candidates the best, most where the prompt is ambiguous; the predicted IoU.

    `taught` are the teacher's logits f32[R,1,M,M]; without them nothing is distilled.
    """
    loss = mask_loss(logits, target)
    if taught is not None:
        loss = (1 - ALPHA) * loss + ALPHA * binary_kl(logits, taught)
    loss = loss + CLICK_WEIGHT * click_loss(logits, points)
    best = loss[:, 1:].min(1).values
    candidates = torch.where(ambiguous, best, 0.1 * best)
    calibration = (scores - iou(logits.detach(), target)).square().mean(1)
    return (loss[:, 0] + candidates + calibration).mean()


def train_step(
    model: SonoSamLite | SonoSam,
    sampler: Sampler,
    step: int,
    args: argparse.Namespace,
    workers: Workers = ALONE,
    teacher: SeveralLooks | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """One batch: forward passes and their loss, not yet differentiated."""
    # size and clicks are the same for all workers, so that none waits for another
    shared = np.random.default_rng([args.seed, step, 1])
    size = args.size
    if shared.random() < args.other_sizes:
        size = 32 * round(args.size * shared.choice(OTHER_SIZES) / 32)
    further = int(shared.choice(FURTHER_CLICKS, p=FURTHER_SHARE))
    number = step * workers.count + workers.rank
    rng = np.random.default_rng([args.seed, number, 2])
    batch = sampler.batch(number, args.images, args.objects, size)
    target = torch.from_numpy(batch.targets).to(args.device)
    images = torch.from_numpy(batch.images).to(args.device)
    prompts = Prompts(batch.targets, size, rng)
    prompts.start(args.box_share, args.followed_share)
    with mixed(args.device):
        with torch.set_grad_enabled(not args.decoder_only):
            features = repeat_rows(model.encoder(images), args.objects)
        if teacher:
            with torch.no_grad():
                known = repeat_rows(teacher.encoder(images), args.objects)
        total, dice = torch.zeros((), device=args.device), {}
        for click in range(further + 1):
            learn = click in (0, further)
            given = prompts.tensors(args.device)
            ambiguous = ambiguous_rows(*given)
            with torch.set_grad_enabled(learn):
                logits, scores = model.decoder(features, *given)
            logits, scores = logits.float(), scores.float()
            if learn:
                points = given[0] / torch.tensor([size, size, 1.0], device=args.device)
                taught = None
                if teacher:
                    with torch.no_grad():
                        taught = best_of(teacher.decoder(known, *given)[0].float(), target)
                total = total + pass_loss(logits, scores, target, points, ambiguous, taught)
            answer = answer_of(logits, scores, ambiguous).detach()
            dice["first" if click == 0 else "last"] = float(dsc_of_iou(iou(answer, target)).mean())
            if click < further:
                prompts.follow(answer, click_share=CLICK_SHARE)
                if rng.random() < 0.1:  # a click may also come without the mask before it
                    prompts.previous = torch.zeros_like(prompts.previous)
    return total / 2, dice


@torch.no_grad()
def validate(
    model: SonoSamLite | SonoSam, views: list, size: int, clicks: int = 5
) -> dict[str, dict[str, list[float] | float]]:
    """Mean DSC per set: `box` from the exact box, `dsc` after 1..clicks, `followed` of a mask as a tracker leaves it and after
    1..clicks corrections of that, `expected` the DSC that the model itself expects after each of these."""
    model.eval()
    curves: dict[str, list[list[float]]] = {}
    for at in range(0, len(views), 16):
        part = views[at : at + 16]
        targets = np.stack([v[2] for v in part])[:, None]
        boxed, clicked, corrected = (
            Prompts(targets, size, np.random.default_rng(seed)) for seed in (0, 0, at)
        )
        target = torch.from_numpy(targets)
        for row, mask in enumerate(clicked.truth):  # the innermost cell first
            boxed.box[row] = torch.from_numpy(loose_box(boxed.rng, mask, jitter=0) * boxed.cell)
            clicked.add_point(row, *point_in(clicked.rng, mask, exact=1.0), 1.0)
            corrected.correct(row, followed(corrected.rng, mask), exact=1.0)

        def dsc_of(answer: Tensor, target: Tensor = target) -> list[float]:
            return dsc_of_iou(iou(answer, target)[:, 0]).tolist()

        found, expected = [], []
        left = dsc_of(corrected.previous * 2 - 1)
        with mixed("cpu"):
            features = model.encoder(torch.from_numpy(np.stack([v[1] for v in part])[:, None]))
            for prompts in [boxed] + clicks * [clicked] + clicks * [corrected]:
                given = prompts.tensors("cpu")
                logits, scores = model.decoder(features, *given)
                answer = answer_of(logits.float(), scores.float(), ambiguous_rows(*given))
                found.append(dsc_of(answer))
                if prompts is corrected:  # answered by the single mask
                    expected.append(dsc_of_iou(scores[:, 0].float()).tolist())
                prompts.follow(answer, exact=1.0)
        for view, row in zip(part, zip(*found, *expected, left, strict=True), strict=True):
            curves.setdefault(view[0], []).append(list(row))
    model.train()
    means = {name: np.mean(rows, 0).round(4).tolist() for name, rows in sorted(curves.items())}
    return {
        "dsc": {name: mean[1 : 1 + clicks] for name, mean in means.items()},
        "box": {name: mean[0] for name, mean in means.items()},
        "followed": {
            name: [mean[-1], *mean[1 + clicks : 1 + 2 * clicks]] for name, mean in means.items()
        },
        "expected": {name: mean[1 + 2 * clicks : -1] for name, mean in means.items()},
    }


def starting_model(args: argparse.Namespace) -> SonoSamLite | SonoSam:
    if args.sam:
        sonosam = SonoSam()
        sonosam.load_sam(args.sam)
        return sonosam.to(args.device)
    model = SonoSamLite(args.depth, not args.no_skips).to(args.device, memory_format=torch.channels_last)
    if args.init:  # blocks that the weights do not have start as identities
        load_weights(args.init, model, may_lack="encoder.blocks.")
    else:
        load_imagenet(model.encoder.stem, imagenet_file())
    model.encoder.stem.freeze_to_stride_4()
    if args.decoder_only:
        model.encoder.requires_grad_(False)
    return model


def parameter_groups(model: SonoSamLite | SonoSam, recipe: dict, stem_from: float) -> list[dict]:
    """What learns, with the base rate of each group and the progress (0–1) from which it learns."""
    stem = model.encoder.stem.parameters() if isinstance(model, SonoSamLite) else []
    pretrained = [p for p in stem if p.requires_grad]
    known = {id(p) for p in pretrained}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
    groups = [
        {"params": pretrained, "base": recipe["stem_rate"], "from": stem_from},
        {"params": rest, "base": recipe["rate"], "from": 0.0},
    ]
    return [group for group in groups if group["params"]]


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    run(args.workers, train, args)


def train(workers: Workers, args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    recipe = RECIPES[args.recipe]
    model = starting_model(args)
    average = copy.deepcopy(model).requires_grad_(False)
    groups = parameter_groups(model, recipe, args.stem_from)
    optimiser = torch.optim.AdamW(groups, lr=recipe["rate"], weight_decay=recipe["decay"])
    teacher = None
    if args.teacher:
        teacher = SeveralLooks(load_sonosam(args.teacher)[0], args.teacher_size)
        teacher.to(args.device).requires_grad_(False)

    step, spent = 0, 0.0
    if args.checkpoint.exists() and not args.fresh:
        state = torch.load(args.checkpoint, map_location=args.device, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    mix = Mix(args.synthetic, args.region, args.wall, args.borrowed)
    learnt = [s for s in load_samples(args.data, "train") if s.set not in args.leave_out]
    sampler = Sampler(learnt, mix, args.seed)
    views: list = []
    log = RunLog(args.log)
    if workers.first:
        held_out = load_samples(args.data, "validation")
        if args.leave_out:
            held_out += load_samples(args.data, "train", args.leave_out)
        views = validation_views(held_out, args.size, args.per_set)
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
    clock = CLOCKS[args.clock]
    began, before = clock(), spent
    saved = validated = time.monotonic()
    bar = tqdm(
        total=round(limit),
        initial=round(spent),
        unit="s",
        desc="sonosam",
        mininterval=10,
        disable=not workers.first,
    )
    learning = [p for p in model.parameters() if p.requires_grad]
    while step < args.steps if args.steps else spent < limit:
        progress = step / args.steps if args.steps else spent / limit
        factor = rate_at(recipe["schedule"], progress)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
            for p in group["params"]:
                p.requires_grad_(progress >= group["from"])
        loss, dice = train_step(model, sampler, step, args, workers, teacher)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(learning, CLIP_NORM)
        if torch.isfinite(norm):
            optimiser.step()
        step += 1
        if step % SYNC_STEPS and step != args.steps:
            continue
        workers.average(learning)
        decay = min(EMA_DECAY**SYNC_STEPS, step / (step + 10 * SYNC_STEPS))
        with torch.no_grad():
            for a, b in zip(average.parameters(), model.parameters(), strict=True):
                a.lerp_(b, 1 - decay)
        spent = before + workers.mean(clock() - began)  # all must stop at the same step
        if not workers.first:
            continue
        bar.n = round(spent)
        bar.set_postfix(
            step=step, loss=f"{loss.item():.3f}", **{k: f"{v:.2f}" for k, v in dice.items()}
        )
        log.write(step=step, spent=round(spent), loss=round(loss.item(), 4), rate=factor, **dice)
        now = time.monotonic()
        if now - saved > CHECKPOINT_SECONDS:
            save()
            saved = now
        if now - validated > VALIDATION_SECONDS:
            log.write(event="validation", step=step, **validate(average, views, args.size))
            validated = time.monotonic()
    if workers.first:
        save()
        log.write(event="end", step=step, **validate(average, views, args.size))


if __name__ == "__main__":
    main()
