"""DeAOT-T (Yang & Yang 2022) guided by dense optical flow: the tracker of all objects at once.

Flow carries the previous masks and the references' masks to the present frame; one gated
propagation layer proposes masks from what the memories look like; a gate per pixel decides whom to
trust. Object identities are slots of one embedding, so ten objects cost what one costs. The state
belongs to the caller (see docs/reference/graphs.md).

Legend: B batch, S input px, M = S/2 mask grid px, T = (S/16)² tokens, K object slots, N = K+1
channels (0 background), R reference slots, D width of a memory token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .deaot_decoder import Fusion, PyramidDecoder, QualityHead, likeness
from .flow import BoxMean, DenseFlow, warp
from .gated_propagation import EXCLUDED, GatedPropagation
from .mobilenet_v2 import CHANNELS4, CHANNELS8, CHANNELS16, MobileNetV2

PATCH = 8  # mask grid px per token side


@dataclass(frozen=True)
class DeAotOptions:
    """Sizes of :class:`DeAot`."""

    size: int = 256  # px, S
    objects: int = 10  # K
    references: int = 2  # R
    width: int = 256  # channels of each branch
    key_width: int = 128  # channels of the attention keys
    radius: int = 4  # tokens, half side of the short-term window


class Propagation(NamedTuple):
    """What `DeAot.propagate` returns."""

    masks: Tensor  # f32[B, N, M, M] probabilities
    quality: Tensor  # f32[B, N] estimated DSC
    proposal: Tensor  # f32[B, N, M, M] probabilities of the network's own proposal
    carried: Tensor  # f32[B, N, M, M] the previous masks carried by flow
    gates: Tensor  # f32[B, R+2, M, M] trust in: previous frame, references, proposal


class DeAot(nn.Module):
    """The three graphs `encode`, `memorize` and `propagate` over one set of weights."""

    def __init__(self, options: DeAotOptions = DeAotOptions()) -> None:
        super().__init__()
        self.options = options
        o, side = options, options.size // 16
        self.side, self.channels = side, options.objects + 1
        self.backbone = MobileNetV2()
        self.enter = nn.Conv2d(CHANNELS16, o.width, 1)
        self.position = nn.Parameter(torch.zeros(1, o.width, side, side))
        # one slot's kernel turns its part of an 8 x 8 patch of masks into an identity
        self.identify = nn.Conv2d(self.channels, o.width, PATCH, PATCH)
        self.carried_identity = nn.Linear(o.width, o.width)
        self.layer = GatedPropagation(o.width, o.key_width, side, o.radius)
        self.decoder = PyramidDecoder(o.width, CHANNELS8, CHANNELS4, self.channels, o.references)
        self.fusion = Fusion(o.references, 48)
        self.quality = QualityHead(o.references)
        self.flow = DenseFlow()
        self.box = BoxMean()
        nn.init.trunc_normal_(self.position, std=0.02)
        nn.init.orthogonal_(self.identify.weight.view(o.width, -1).T, gain=o.width**-0.5 * 4)

    @property
    def memory_parts(self) -> list[int]:
        """Widths of a memory token's parts: key, visual value, identity value, gray patch, mask
        patches."""
        o = self.options
        return [o.key_width, o.width, o.width, PATCH * PATCH, self.channels * PATCH * PATCH]

    def gray(self, image: Tensor) -> Tensor:
        """``image`` u8 or f32[B, 1, S, S] 0-255 -> f32[B, 1, M, M] 0-1."""
        return F.avg_pool2d(image.to(torch.float32) / 255, 2)

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``image`` u8 or f32[B, 1, S, S] 0-255 -> features f32[B, 256+64, S/16, S/16] (visual,
        then the gray patch of the mask grid), f32[B, 32, S/8, S/8], f32[B, 24, S/4, S/4]."""
        features4, features8 = self.backbone.low(image.to(torch.float32))
        visual = self.enter(self.backbone.high(features8)) + self.position
        return (
            torch.cat([visual, F.pixel_unshuffle(self.gray(image), PATCH)], 1),
            features8,
            features4,
        )

    def _tokens(self, grid: Tensor) -> Tensor:
        return grid.flatten(2).transpose(1, 2)  # [B, C, side, side] -> [B, T, C]

    def _grid(self, tokens: Tensor) -> Tensor:
        return tokens.transpose(1, 2).reshape(
            tokens.shape[0], tokens.shape[2], self.side, self.side
        )

    def _mean_masks(self, patches: Tensor) -> Tensor:
        """Mask patches f32[..., T, N·64] -> their means f32[..., T, N]."""
        return patches.detach().unflatten(-1, (self.channels, PATCH * PATCH)).mean(-1)

    def memorize(self, features16: Tensor, masks: Tensor) -> Tensor:
        """``features16`` of the frame that ``masks`` f32[B, N, M, M] belong to -> memory f32[B, T,
        D]."""
        visual, patches = features16.split([self.options.width, PATCH * PATCH], 1)
        parts = self.layer.remember(self._tokens(visual), self._tokens(self.identify(masks)))
        return torch.cat(
            [*parts, self._tokens(patches), self._tokens(F.pixel_unshuffle(masks, PATCH))], -1
        )

    def flows(self, image: Tensor, previous_image: Tensor, references: Tensor) -> Tensor:
        """Flow from the frame into the one before and into each reference: f32[B, 1+R, 2, M, M], px
        of the mask grid."""
        present, slots = self.gray(image), references.shape[1]
        patches = references.split(self.memory_parts, -1)[3].flatten(0, 1)  # [B·R, T, 64]
        grays = F.pixel_shuffle(self._grid(patches), PATCH).unflatten(
            0, (-1, slots)
        )  # [B, R, 1, M, M]
        before = torch.cat([self.gray(previous_image)[:, None], grays], 1)  # [B, 1+R, 1, M, M]
        flow = self.flow(
            present[:, None].expand(-1, slots + 1, -1, -1, -1).flatten(0, 1), before.flatten(0, 1)
        )
        return flow.unflatten(0, (-1, slots + 1))

    def propagate(
        self,
        image: Tensor,
        previous_image: Tensor,
        previous_masks: Tensor,
        features: tuple[Tensor, Tensor, Tensor],
        references: Tensor,
        reference_valid: Tensor,
        previous_memory: Tensor,
        active: Tensor,
        flows: Tensor | None = None,
    ) -> Propagation:
        """One frame on. ``image``, ``previous_image`` u8 or f32[B, 1, S, S]; ``previous_masks``
        f32[B, N, M, M]; ``features`` as of `encode`; ``references`` f32[B, R, T, D];
        ``reference_valid`` f32[B, R]; ``previous_memory`` f32[B, T, D]; ``active`` f32[B, N];
        ``flows`` as of `flows`, computed here where absent."""
        slots = references.shape[1]
        if flows is None:
            flows = self.flows(image, previous_image, references)
        features16, features8, features4 = features
        visual, _ = features16.split([self.options.width, PATCH * PATCH], 1)
        key, value, identity_value, patches, mask_patches = references.split(self.memory_parts, -1)

        # candidates by flow: grays and masks side by side through one warp
        present = self.gray(image)
        pictures = torch.cat([patches, mask_patches], -1).detach()  # no weight lies behind them
        side_by_side = self._grid(pictures.flatten(0, 1))  # [B·R, 64+64N, side, side]
        kept = F.pixel_shuffle(side_by_side, PATCH).unflatten(0, (-1, slots))  # [B, R, 1+N, M, M]
        before = torch.cat([self.gray(previous_image), previous_masks], 1)[:, None]
        warped = warp(torch.cat([before, kept], 1).flatten(0, 1), flows.flatten(0, 1)).unflatten(
            0, (-1, slots + 1)
        )
        grays, carried = warped[:, :, :1], warped[:, :, 1:]  # [B, 1+R, 1 or N, M, M]
        carried = carried * active[:, None, :, None, None]
        carried = (carried + 1e-6) / (carried.sum(2, keepdim=True) + 1e-6 * self.channels)

        identity = self.carried_identity(self._tokens(self.identify(carried[:, 0])))
        bias = (1 - reference_valid) * EXCLUDED  # [B, R]
        memory = tuple(part.flatten(1, 2) for part in (key, value, identity_value))  # [B, R·T, ...]
        previous = previous_memory.split(self.memory_parts, -1)
        token_bias = (
            bias[:, None, :, None].expand(-1, 1, -1, self.side**2).flatten(2)
        )  # [B, 1, R·T]
        visual, identity, far, near = self.layer(
            self._tokens(visual), identity, memory, token_bias, previous[:3]
        )
        copied = torch.stack(
            [
                self._grid(far @ self._mean_masks(mask_patches).flatten(1, 2)),
                self._grid(near @ self._mean_masks(previous[4])),
            ],
            1,
        )  # [B, 2, N, side, side]
        known = torch.cat([torch.ones_like(reference_valid[:, :1]), reference_valid], 1)  # [B, 1+R]
        tokens = self._grid(torch.cat([visual, identity], -1))
        decoded, logits = self.decoder(
            tokens, features8, features4, present, carried * known[:, :, None, None, None], copied
        )
        exclude = (1 - active) * EXCLUDED
        proposal = torch.softmax(logits + exclude[:, :, None, None], 1)

        residual, correlation = likeness(
            present[:, None].expand(-1, slots + 1, -1, -1, -1).flatten(0, 1),
            grays.flatten(0, 1),
            self.box,
        )
        length = torch.log1p(flows.flatten(0, 1).square().sum(1, keepdim=True))
        evidence = torch.cat([4 * residual, correlation, length], 1).unflatten(0, (-1, slots + 1))
        evidence = evidence * known[:, :, None, None, None]
        candidates = torch.cat([carried, proposal[:, None]], 1)  # [B, R+2, N, M, M]
        valid = torch.cat([known, torch.ones_like(known[:, :1])], 1)  # [B, R+2]
        gates = self.fusion(
            candidates * valid[:, :, None, None, None],
            evidence.flatten(1, 2),
            decoded,
            ((1 - valid) * EXCLUDED)[:, :, None, None],
        )
        masks = (candidates * gates[:, :, None]).sum(1) * active[:, :, None, None]
        masks = masks / masks.sum(1, keepdim=True).clamp_min(1e-6)
        quality = self.quality(masks.detach(), candidates.detach(), valid, evidence[:, 0, :2])
        return Propagation(masks, quality * active, proposal, carried[:, 0], gates)
