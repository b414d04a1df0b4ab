"""Distillation (paper §2.2): L = (1 − α)·L_mask + α·KL, where the teacher's best candidate is the target."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from .losses import iou

ALPHA = 0.1  # the paper's
MARGIN = 1e-4  # probabilities are kept this far from 0 and 1


def binary_kl(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(student ‖ teacher) of the masks' probabilities, mean over cells: logits f32[B,K,M,M] each → f32[B,K]."""
    p = student.sigmoid()
    q = teacher.sigmoid().clamp(MARGIN, 1 - MARGIN)
    inside = p * (F.logsigmoid(student) - q.log())
    outside = (1 - p) * (F.logsigmoid(-student) - (1 - q).log())
    return (inside + outside).flatten(2).mean(-1)


def best_of(logits: Tensor, target: Tensor) -> Tensor:
    """Of a teacher's masks f32[R,4,M,M] the one that agrees best with the target f32[R,1,M,M]; f32[R,1,M,M]."""
    best = iou(logits, target).argmax(1)
    return logits[torch.arange(len(logits)), best][:, None]
