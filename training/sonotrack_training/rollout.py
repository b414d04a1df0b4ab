"""Follows a clip with the tracker's own predictions fed back, in training as on the device.

Legend: B batch, T frames, S frame px, M mask grid px, N channels (0 background), R reference slots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .models.deaot import DeAot, Propagation
from .precision import mixed


@dataclass(frozen=True)
class Course:
    """How a clip is followed.

    ``start`` is the frame whose masks are fed first: 0 as on the device; 1 to stand for a later
    moment of a long clip, the reference being frame 0 as ever. ``second`` is a frame whose true
    masks become the second reference (a corrective click), from the next frame on; None for none.
    """

    start: int = 0
    second: int | None = None


def follow(
    model: DeAot,
    images: Tensor,
    reference_masks: Tensor,
    start_masks: Tensor,
    active: Tensor,
    course: Course = Course(),
    second_masks: Tensor | None = None,
    autocast: bool = False,
) -> Iterator[tuple[int, Propagation]]:
    """Yields (frame index, propagation) from frame ``course.start + 1`` on.

    ``images`` u8[B, T, S, S]; ``reference_masks`` f32[B, N, M, M] of frame 0; ``start_masks``
    f32[B, N, M, M] of frame ``course.start``; ``active`` f32[B, N]; ``second_masks`` f32[B, N, M,
    M] of frame ``course.second``. Masks that are fed back carry no gradient; the caller may
    backpropagate at every yield only when it keeps the graph of the encoder.
    """
    batch, frames = images.shape[:2]

    with mixed(images.device, autocast):
        encoded = model.encode(images.flatten(0, 1)[:, None])
    features = [part.unflatten(0, (batch, frames)) for part in encoded]

    def of(t: int) -> tuple[Tensor, Tensor, Tensor]:
        return features[0][:, t], features[1][:, t], features[2][:, t]

    with mixed(images.device, autocast):
        first = model.memorize(of(0)[0], reference_masks)
        second = (
            first if course.second is None else model.memorize(of(course.second)[0], second_masks)
        )
    references = torch.stack([first, second], 1)  # [B, R, T, D]
    previous_masks = start_masks
    for t in range(course.start + 1, frames):
        known = course.second is not None and t > course.second
        valid = torch.tensor([[1.0, float(known)]], device=images.device).expand(batch, -1)
        present, before = images[:, t, None], images[:, t - 1, None]
        with torch.no_grad():
            used = references if known else references[:, :1]
            flows = model.flows(present, before, used)
            if not known:  # the empty slot is excluded by `valid`: spare its flow
                flows = torch.cat([flows, torch.zeros_like(flows[:, :1])], 1)
        with mixed(images.device, autocast):
            memory = model.memorize(of(t - 1)[0], previous_masks)
            result = model.propagate(
                present, before, previous_masks, of(t), references, valid, memory, active, flows
            )
        previous_masks = result.masks.detach().float()
        yield t, result
