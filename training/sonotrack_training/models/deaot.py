"""DeAOT-T (Yang & Yang 2022) guided by dense optical flow: the tracker of all objects at once.

The runtime's flow carries the previous masks and the references' masks to the present frame
(native/core/anchored_flow.h); one gated propagation layer proposes masks from what the memories
look like; a gate per pixel decides whom to trust. Object identities are slots of one embedding, so
ten objects cost what one costs. The state belongs to the caller (see docs/reference/graphs.md).

Legend: B batch, S input px, M = S/2 mask grid px, T = (S/16)² tokens, K object slots, N = K+1
channels (0 background), R reference slots, C = R+1 sources (the frame before, then the references),
D width of a memory token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .deaot_decoder import Fusion, PyramidDecoder, QualityHead
from .gated_propagation import EXCLUDED, GatedPropagation
from .grids import channel_softmax, channel_sum, halve
from .mobilenet_v2 import CHANNELS4, CHANNELS8, CHANNELS16, MobileNetV2

PATCH = 8  # mask grid px per token side, halved three times


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
    gates: Tensor  # f32[B, C+1, M, M] trust in: previous frame, references, proposal


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
        nn.init.trunc_normal_(self.position, std=0.02)
        nn.init.orthogonal_(self.identify.weight.view(o.width, -1).T, gain=o.width**-0.5 * 4)

    @property
    def memory_width(self) -> int:
        """Of a token: key, visual value, identity value, and the mean of each mask."""
        o = self.options
        return o.key_width + 2 * o.width + self.channels

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``image`` u8 or f32[B, 1, S, S] 0-255 -> features f32[B, 256, S/16, S/16], f32[B, 32,
        S/8, S/8], f32[B, 24, S/4, S/4]."""
        features4, features8 = self.backbone.low(image.to(torch.float32))
        visual = self.enter(self.backbone.high(features8)) + self.position
        return visual, features8, features4

    def _tokens(self, grid: Tensor) -> Tensor:
        return grid.flatten(2).transpose(1, 2)  # [B, C, side, side] -> [B, T, C]

    def _grid(self, tokens: Tensor) -> Tensor:
        return tokens.transpose(1, 2).reshape(
            tokens.shape[0], tokens.shape[2], self.side, self.side
        )

    def memorize(self, features16: Tensor, masks: Tensor) -> Tensor:
        """``features16`` of the frame that ``masks`` f32[B, N, M, M] belong to -> memory f32[B, T,
        D]."""
        parts = self.layer.remember(self._tokens(features16), self._tokens(self.identify(masks)))
        return torch.cat([*parts, self._tokens(halve(halve(halve(masks))))], -1)

    def propagate(
        self,
        image: Tensor,
        carried: Tensor,
        evidence: Tensor,
        known: Tensor,
        features: tuple[Tensor, Tensor, Tensor],
        references: Tensor,
        previous_memory: Tensor,
        active: Tensor,
    ) -> Propagation:
        """One frame on. ``image`` u8 or f32[B, 1, S, S]; ``carried`` f32[B, C, N, M, M] the masks
        of every source as flow carries them here; ``evidence`` f32[B, C, 2, M, M] how well that
        source matches (-1 to 1) and the variance of its flow (px² of S); ``known`` f32[B, C], 0 for
        an empty reference; ``features`` as of `encode`; ``references`` f32[B, R, T, D];
        ``previous_memory`` f32[B, T, D]; ``active`` f32[B, N]."""
        features16, features8, features4 = features
        present = halve(image.to(torch.float32) / 255)  # [B, 1, M, M]
        evidence = torch.stack([evidence[:, :, 0], torch.log1p(10 * evidence[:, :, 1])], 2)
        evidence = evidence * known[:, :, None, None, None]

        identity = self.carried_identity(self._tokens(self.identify(carried[:, 0])))
        bias = (1 - known[:, 1:]) * EXCLUDED  # [B, R]
        token_bias = (
            bias[:, None, :, None].expand(-1, 1, -1, self.side**2).flatten(2)
        )  # [B, 1, R·T]
        visual, identity, far, near = self.layer(
            self._tokens(features16),
            identity,
            references.flatten(1, 2),  # [B, R·T, D]
            token_bias,
            previous_memory,
        )
        copied = torch.stack([self._grid(far), self._grid(near)], 1)  # [B, 2, N, side, side]
        tokens = self._grid(torch.cat([visual, identity], -1))
        taken = carried * known[:, :, None, None, None]
        decoded, logits = self.decoder(tokens, features8, features4, present, taken, copied)
        exclude = (1 - active) * EXCLUDED
        proposal = channel_softmax(logits + exclude[:, :, None, None])

        candidates = [*carried.unbind(1), proposal]  # C+1 of [B, N, M, M]
        valid = torch.cat([known, torch.ones_like(known[:, :1])], 1)  # [B, C+1]
        gates = self.fusion(
            [*taken.unbind(1), proposal],
            evidence.flatten(1, 2),
            decoded,
            ((1 - valid) * EXCLUDED)[:, :, None, None],
        )
        masks = sum(c * gates[:, i : i + 1] for i, c in enumerate(candidates))
        masks = masks * active[:, :, None, None]
        masks = masks / channel_sum(masks).clamp_min(1e-6)
        quality = self.quality(
            masks.detach(), [c.detach() for c in candidates], valid, evidence.flatten(1, 2)
        )
        return Propagation(masks, quality * active, proposal, gates)
