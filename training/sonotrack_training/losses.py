"""Mask losses (paper §2.2a: DiceFocal) on logits f32[B,K,M,M] against coverage f32[B,1,M,M]; results are f32[B,K]."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

FOCAL_WEIGHT = 20.0  # of the focal against the dice part, as SAM's
FOCAL_GAMMA = 2.0


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    p = logits.sigmoid()
    both = (p * target).flatten(2).sum(-1)
    either = p.flatten(2).sum(-1) + target.flatten(2).sum(-1)
    return 1 - (2 * both + 1) / (either + 1)


def focal_loss(logits: Tensor, target: Tensor) -> Tensor:
    target = target.expand_as(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    error = (logits.sigmoid() - target).abs()
    return (entropy * error**FOCAL_GAMMA).flatten(2).mean(-1)


def mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    return dice_loss(logits, target) + FOCAL_WEIGHT * focal_loss(logits, target)


def click_loss(logits: Tensor, points: Tensor) -> Tensor:
    """How far the logits f32[B,K,M,M] are from obeying the clicks f32[B,N,3] (x, y as shares of the side; label 1, 0, or
    -1 unused): hinge on a margin of 1 at the clicked cells, mean over the clicks; f32[B,K]."""
    # grid_sample wants x, y in -1..1: [B,N,1,2] → [B,K,N]
    places = (2 * points[:, :, None, :2] - 1).to(logits)
    there = F.grid_sample(logits, places, align_corners=False)[..., 0]
    used = (points[:, :, 2] >= 0).to(logits)[:, None]
    wrong = F.relu(1 - there * (2 * points[:, :, 2] - 1).to(logits)[:, None]) * used
    return wrong.sum(-1) / used.sum(-1).clamp(min=1)


def iou(logits: Tensor, target: Tensor) -> Tensor:
    """IoU of the thresholded masks, f32[B,K]; two empty masks agree."""
    a, b = logits > 0, (target > 0.5).expand_as(logits)
    union = (a | b).flatten(2).sum(-1)
    return torch.where(union > 0, (a & b).flatten(2).sum(-1) / union.clamp(min=1), 1.0)


def dsc_of_iou(j: Tensor) -> Tensor:
    return 2 * j / (1 + j)
