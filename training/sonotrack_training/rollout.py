"""Follows a clip with the tracker's own predictions fed back, in training as on the device.

Legend: B batch, T frames, S frame px, M mask grid px, N channels (0 background), R reference slots,
C = R+1 sources (the frame before, then the references).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .anchors import Guide, guides
from .models.deaot import DeAot, Propagation
from .models.warp import warp
from .precision import mixed


@dataclass(frozen=True)
class Course:
    """How a clip is followed.

    ``start`` is the frame whose masks are fed first: 0 as on the device; later ones stand for a
    later moment of a long clip, the reference being frame 0 as ever, and until then flow alone
    follows it. ``second`` is a frame whose true masks become the second reference (a corrective
    click), from the next frame on; None for none.
    """

    start: int = 0
    second: int | None = None


def carry(masks: list[Tensor], guide: Guide) -> Tensor:
    """The masks f32[B, N, M, M] of every source -> f32[B, C, N, M, M] on the present frame; 0 where
    the source is not known. ``guide`` holds batched maps."""
    carried = [
        warp(m, guide.flows[:, i]) * guide.known[:, i, None, None, None]
        for i, m in enumerate(masks)
    ]
    return torch.stack(carried, 1)


def follow(
    model: DeAot,
    images: Tensor,
    reference_masks: Tensor,
    start_masks: Tensor,
    active: Tensor,
    course: Course = Course(),
    second_masks: Tensor | None = None,
    autocast: bool = False,
) -> Iterator[tuple[int, Propagation, Tensor]]:
    """Yields (frame index, propagation, the masks carried from every source f32[B, C, N, M, M])
    from frame ``course.start + 1`` on.

    ``images`` u8[B, T, S, S]; ``reference_masks`` f32[B, N, M, M] of frame 0; ``start_masks``
    f32[B, N, M, M] of frame ``course.start``; ``active`` f32[B, N]; ``second_masks`` f32[B, N, M,
    M] of frame ``course.second``. Masks that are fed back carry no gradient.
    """
    batch, frames = images.shape[:2]
    clips = [guides(clip, course.second) for clip in images.cpu().numpy()]
    used = sorted({0, *range(course.start, frames)})
    with mixed(images.device, autocast):
        encoded = model.encode(images[:, used].flatten(0, 1)[:, None])
    features = [part.unflatten(0, (batch, len(used))) for part in encoded]

    def of(t: int) -> tuple[Tensor, Tensor, Tensor]:
        at = used.index(t)
        return features[0][:, at], features[1][:, at], features[2][:, at]

    with mixed(images.device, autocast):
        first = model.memorize(of(0)[0], reference_masks)
        second = (
            first if course.second is None else model.memorize(of(course.second)[0], second_masks)
        )
    references = torch.stack([first, second], 1)  # [B, R, T, D]
    other_masks = reference_masks if second_masks is None else second_masks
    previous_masks = start_masks
    for t in range(course.start + 1, frames):
        parts = zip(*(clip[t - 1] for clip in clips), strict=True)
        guide = Guide(*(torch.stack(maps).to(images.device) for maps in parts))
        carried = carry([previous_masks, reference_masks, other_masks], guide)
        with mixed(images.device, autocast):
            memory = model.memorize(of(t - 1)[0], previous_masks)
            result = model.propagate(
                images[:, t, None],
                carried,
                guide.evidence,
                guide.known,
                of(t),
                references,
                memory,
                active,
            )
        previous_masks = result.masks.detach().float()
        yield t, result, carried
