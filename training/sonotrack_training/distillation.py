"""Distillation (paper §2.2): L = (1 − α)·L_mask + α·KL, where the teacher's best candidate is the target."""

from __future__ import annotations

import torch
from torch import Tensor, nn
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


class Teacher:
    """A frozen model that sees the same pictures in another input size, as they are and mirrored, and averages."""

    def __init__(self, model: nn.Module, size: int):
        self.model, self.size = model.eval().requires_grad_(False), size

    @torch.no_grad()
    def look(self, images: Tensor, times: int) -> list[dict[str, Tensor]]:
        """images u8[B,1,S,S] → features of both views, each row repeated `times` times."""
        resized = F.interpolate(
            images.float(), size=(self.size, self.size), mode="bilinear", antialias=True
        )
        views = [self.model.encoder(resized), self.model.encoder(resized.flip(3))]
        return [{n: f.repeat_interleave(times, 0) for n, f in view.items()} for view in views]

    @torch.no_grad()
    def answer(
        self,
        views: list[dict[str, Tensor]],
        points: Tensor,
        box: Tensor,
        previous: Tensor,
        target: Tensor,
    ) -> Tensor:
        """Prompts on M × M cells of 2 px, as the student got them → the logits f32[R,1,M,M] of the mask, of the
        teacher's four, that agrees best with the target f32[R,1,M,M]."""
        cells = target.shape[-1]
        scale = self.size / (2 * cells)
        before = F.interpolate(previous, size=self.size // 2, mode="bilinear", antialias=True)
        total = torch.zeros_like(target).repeat(1, 4, 1, 1)
        for view, mirror in zip(views, (False, True), strict=True):
            at, around, mask = points.clone(), box * scale, before
            at[:, :, :2] *= scale
            if mirror:
                at[:, :, 0] = self.size - at[:, :, 0]
                has_box = around[:, 2:3] > around[:, 0:1]
                flipped = self.size - around[:, [2, 1, 0, 3]]
                flipped[:, [1, 3]] = around[:, [1, 3]]
                around, mask = torch.where(has_box, flipped, around), before.flip(3)
            logits, _ = self.model.decoder(view, at, around, mask)
            logits = logits.float().flip(3) if mirror else logits.float()
            total += F.interpolate(logits, size=cells, mode="bilinear", antialias=True) / len(views)
        best = iou(total, target).argmax(1)
        return total[torch.arange(len(total)), best][:, None]
