"""Losses of the tracker (DeAOT section 5: bootstrapped cross-entropy and soft Jaccard) and the Dice
coefficient.

Legend: B batch, N channels (0 background), M mask grid px.
"""

from __future__ import annotations

import torch
from torch import Tensor

HARDEST = 0.25  # share of the pixels that the bootstrapped cross-entropy looks at


def bootstrapped_cross_entropy(masks: Tensor, truth: Tensor, hardest: float = HARDEST) -> Tensor:
    """``masks`` probabilities and ``truth`` coverage f32[B, N, M, M] -> the mean over the hardest
    pixels f32[]."""
    loss = -(truth * torch.log(masks.clamp_min(1e-5))).sum(1).flatten(1)  # [B, M·M]
    return loss.topk(int(hardest * loss.shape[1]), dim=1, sorted=False).values.mean()


def soft_jaccard(masks: Tensor, truth: Tensor, active: Tensor) -> Tensor:
    """1 - soft intersection over union, mean over the active objects (background left out);
    ``active`` f32[B, N]."""
    both = torch.minimum(masks, truth).sum((2, 3))
    either = torch.maximum(masks, truth).sum((2, 3))
    score = (both + 1) / (either + 1)
    weight = active.clone()
    weight[:, 0] = 0
    return ((1 - score) * weight).sum() / weight.sum().clamp_min(1)


@torch.no_grad()
def dice(masks: Tensor, truth: Tensor) -> Tensor:
    """Dice coefficient per channel of the pixels' most probable channels, f32[B, N]; 1 where both
    are empty."""
    count = masks.shape[1]
    a = torch.nn.functional.one_hot(masks.argmax(1), count).flatten(1, 2).float()  # [B, M·M, N]
    b = torch.nn.functional.one_hot(truth.argmax(1), count).flatten(1, 2).float()
    total = a.sum(1) + b.sum(1)
    return torch.where(total > 0, 2 * (a * b).sum(1) / total.clamp_min(1), torch.ones_like(total))
