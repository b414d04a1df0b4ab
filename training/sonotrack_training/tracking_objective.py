"""What the tracker is trained for, and how it is judged while it trains.

Legend: B batch, T frames, S frame px, M mask grid px, N channels (0 background).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .data.clips import Clip, disturb
from .models.deaot import DeAot
from .rollout import Course, follow
from .tracking_losses import bootstrapped_cross_entropy, dice, soft_jaccard

PROPOSAL_WEIGHT = (
    0.4  # of the loss on the network's own proposal, which has to stand on its own feet
)
QUALITY_WEIGHT = 0.5  # of the error of the estimated Dice coefficient


def stack(clips: list[Clip], device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Clips -> images u8[B, T, S, S], masks f32[B, T, N, M, M], active f32[B, N]."""
    arrays = (np.stack([getattr(c, name) for c in clips]) for name in ("images", "masks", "active"))
    images, masks, active = (torch.from_numpy(a).to(device) for a in arrays)
    return images, masks, active


def random_course(rng: np.random.Generator, frames: int, lead: int) -> Course:
    """Over ``frames`` frames, from the first one or from a moment up to ``lead`` frames later, now
    and then with a correction under way."""
    start = int(rng.integers(1, lead + 1)) if lead and rng.random() < 0.5 else 0
    second = int(rng.integers(start, start + frames - 1)) if rng.random() < 0.2 else None
    return Course(start, second or None)  # frame 0 is the first reference already


def training_loss(
    model: DeAot,
    clips: list[Clip],
    course: Course,
    rng: np.random.Generator,
    device: str,
    bf16: bool,
) -> tuple[Tensor, dict[str, float]]:
    """Follows the clips and returns the loss with its parts and mean Dice coefficients."""
    images, masks, active = stack(clips, device)
    reference = masks[:, 0]
    if rng.random() < 0.2:  # a hand that draws is not exact
        reference = disturbed(rng, reference, 0.6)
    start = reference if course.start == 0 else masks[:, course.start]
    if course.start and rng.random() < 0.8:
        # what tracking for long has done to them: mostly little, now and then a lot. Were it much
        # every time, the gate would lean on the reference where the previous frame knows better
        start = disturbed(rng, start, float(0.1 + 1.5 * rng.random() ** 3))
    second = masks[:, course.second] if course.second is not None else None
    losses, quality_losses, scores = [], [], []
    for t, result, _ in follow(model, images, reference, start, active, course, second, bf16):
        truth = masks[:, t]
        out, proposal = result.masks.float(), result.proposal.float()
        loss = bootstrapped_cross_entropy(out, truth) + soft_jaccard(out, truth, active)
        loss = loss + PROPOSAL_WEIGHT * (
            bootstrapped_cross_entropy(proposal, truth) + soft_jaccard(proposal, truth, active)
        )
        score = dice(out, truth)
        losses.append(loss)
        quality_losses.append(
            ((result.quality.float() - score).abs() * active).sum() / active.sum()
        )
        objects = active[:, 1:].bool()
        scores.append(score[:, 1:][objects].mean().item())
    quality = torch.stack(quality_losses).mean()
    total = torch.stack(losses).mean() + QUALITY_WEIGHT * quality
    parts = {
        "loss": total.item(),
        "quality_error": quality.item(),
        "dice": float(np.mean(scores)),
    }
    return total, parts


def disturbed(rng: np.random.Generator, masks: Tensor, amplitude_px: float) -> Tensor:
    bent = [disturb(rng, m, amplitude_px) for m in masks.cpu().numpy()]
    return torch.from_numpy(np.stack(bent).astype(np.float32)).to(masks.device)


@torch.no_grad()
def validate(model: DeAot, clips: list[Clip], device: str) -> dict[str, float]:
    """Mean Dice coefficient over objects and frames of the tracker, of its proposal, of the first
    masks carried by anchored flow alone, and of still masks; the mean error of `quality`."""
    names = ("tracker", "anchored", "still", "proposal", "quality_error")
    sums: dict[str, list[float]] = {name: [] for name in names}
    for clip in clips:
        images, masks, active = stack([clip], device)
        objects = active[:, 1:].bool()
        for t, result, carried in follow(model, images, masks[:, 0], masks[:, 0], active):
            truth = masks[:, t]
            named = {
                "tracker": result.masks,
                "anchored": carried[:, 1],
                "still": masks[:, 0],
                "proposal": result.proposal,
            }
            for name, value in named.items():
                sums[name].append(dice(value, truth)[:, 1:][objects].mean().item())
            error = (result.quality - dice(result.masks, truth)).abs()
            sums["quality_error"].append(error[:, 1:][objects].mean().item())
    return {name: float(np.mean(values)) for name, values in sums.items()}
