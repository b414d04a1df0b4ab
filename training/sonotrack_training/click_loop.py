"""The iterative prompts of training and validation: who clicks where, given what the model answered."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .data import prompts
from .data.followed_masks import followed

MAX_POINTS = 32
UNUSED = -1.0


class Prompts:
    """Prompts of a batch of objects, in input px. `targets` f32 [R,1,M,M] coverage; cells are S/M px wide."""

    def __init__(self, targets: np.ndarray, size: int, rng: np.random.Generator):
        self.truth = (targets[:, 0] > 0.5).astype(np.uint8)
        for i, mask in enumerate(self.truth):  # an object thinner than a cell: its best cells
            if not mask.any():
                self.truth[i] = targets[i, 0] >= targets[i, 0].max()
        self.cell = size / targets.shape[-1]
        self.rng = rng
        rows = len(targets)
        self.points = torch.zeros(rows, MAX_POINTS, 3)
        self.points[:, :, 2] = UNUSED
        self.used = np.zeros(rows, int)
        self.box = torch.zeros(rows, 4)
        self.previous = torch.zeros(rows, 1, *self.truth.shape[1:])

    def add_point(self, row: int, x: float, y: float, label: float) -> None:
        """x, y in cells."""
        at = min(self.used[row], MAX_POINTS - 1)
        self.points[row, at] = torch.tensor([x * self.cell, y * self.cell, label])
        self.used[row] += 1

    def start(self, box_share: float, followed_share: float = 0.0) -> None:
        """The first prompt of each row: with probability `followed_share` a mask as a tracker leaves it and a click on its
        error; of the others a box with probability `box_share`, else a foreground point."""
        for row, mask in enumerate(self.truth):
            if followed_share and self.rng.random() < followed_share:
                self.correct(row, followed(self.rng, mask))
            elif self.rng.random() < box_share:
                self.box[row] = torch.from_numpy(prompts.loose_box(self.rng, mask) * self.cell)
            else:
                self.add_point(row, *prompts.first_point(self.rng, mask), 1.0)

    def correct(self, row: int, mask: np.ndarray, exact: float = 0.7) -> None:
        """Begins with `mask` u8 0/1 [M,M] as the previous mask and a click where it errs most."""
        self.previous[row, 0] = torch.from_numpy(mask)
        click = prompts.next_point(self.rng, self.truth[row], mask, exact)
        if click is not None:
            self.add_point(row, *click)

    def follow(self, logits: Tensor, exact: float = 0.7, click_share: float = 1.0) -> None:
        """Takes the answer f32[R,1,M,M] as the previous mask and clicks where it errs most.

        Rows beyond `click_share` get no click: the same prompts with their own answer, a second look.
        """
        answer = (logits > 0).cpu()
        self.previous = answer.float()
        for row, mask in enumerate(answer[:, 0].numpy().astype(np.uint8)):
            if click_share < 1 and self.rng.random() > click_share:
                continue
            click = prompts.next_point(self.rng, self.truth[row], mask, exact)
            if click is not None:
                self.add_point(row, *click)

    def tensors(self, device: torch.device | str) -> tuple[Tensor, Tensor, Tensor]:
        """points f32[R,N,3] cut to the rows in use, box f32[R,4], previous f32[R,1,M,M]."""
        most = max(1, min(int(self.used.max()), MAX_POINTS))
        return (
            self.points[:, :most].to(device),
            self.box.to(device),
            self.previous.to(device),
        )


def answer_of(logits: Tensor, scores: Tensor, ambiguous: Tensor) -> Tensor:
    """The mask that the exported graph would give: the best candidate where the prompt is ambiguous. f32[R,1,M,M]."""
    best = 1 + scores[:, 1:].argmax(1)
    chosen = torch.where(ambiguous, best, torch.zeros_like(best))
    return logits[torch.arange(len(logits)), chosen][:, None]


def ambiguous_rows(points: Tensor, box: Tensor, previous: Tensor) -> Tensor:
    """One point, no box, no previous mask: bool[R].

    A box alone is answered better by the single mask: .898 against .892 over the validation sets
    (runs/sonosam-2026-11-23-2100.jsonl, `box_single` and `box`).
    """
    one = (points[:, :, 2] >= 0).sum(1) == 1
    return one & (box[:, 2] <= box[:, 0]) & (previous.flatten(1).amax(1) == 0)
