"""From propagated tokens to masks: the pyramid decoder, the fusion with what flow carried, and the
quality estimate.

Candidates for every pixel: the previous masks carried by flow, each reference's masks carried by
flow, and the network's own proposal. A gate per pixel, shared by all channels (so that the result
is the same whatever slot an object has), mixes them. Legend: B batch, N channels (background and K
objects), R reference slots, M mask grid px.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .grids import channel_softmax, channel_sum, double, halve

# The gate's bias at the start of training: a reference carried by anchored flow is the best guide
PREVIOUS, REFERENCE, PROPOSAL = 0.0, 4.0, -1.0


class PyramidDecoder(nn.Module):
    """Tokens at stride 16 and features at strides 8 and 4 -> decoder features at stride 4, proposal
    logits at stride 2.

    The logits of a channel are the sum of what attention copies there from the memories, of one
    small network that reads every channel alike, and of a product with the channel's own slot as in
    DeAOT.
    """

    def __init__(
        self, width: int, channels8: int, channels4: int, channels: int, references: int
    ) -> None:
        super().__init__()
        self.enter = nn.Conv2d(2 * width, 96, 1)
        self.norm16 = nn.GroupNorm(8, 96)
        self.side8 = nn.Conv2d(channels8, 96, 1)
        self.mix8 = nn.Conv2d(96, 64, 3, padding=1)
        self.norm8 = nn.GroupNorm(8, 64)
        self.side4 = nn.Conv2d(channels4 + channels, 64, 1)
        self.mix4 = nn.Conv2d(64, 48, 3, padding=1)
        self.norm4 = nn.GroupNorm(8, 48)
        self.slots4 = nn.Conv2d(48, channels, 1)
        self.shared = nn.Conv2d(48, 12, 3, padding=1)
        self.own = nn.Conv2d(references + 4, 12, 3, padding=1, bias=False)
        self.second = nn.Conv2d(12, 12, 3, padding=1)
        self.each = nn.Conv2d(12, 1, 1)
        self.narrow = nn.Conv2d(48, 16, 1)
        self.mix2 = nn.Conv2d(17, 16, 3, padding=1)
        self.slots2 = nn.Conv2d(16, channels, 1)
        self.trust = nn.Parameter(torch.ones(1))  # in what attention copies
        for last in (self.slots4, self.slots2):
            nn.init.normal_(last.weight, std=0.02)
            nn.init.zeros_(last.bias)

    def forward(
        self,
        tokens: Tensor,
        features8: Tensor,
        features4: Tensor,
        gray: Tensor,
        carried: Tensor,
        copied: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """``tokens`` f32[B, 2C, M/8, M/8], ``gray`` f32[B, 1, M, M] 0-1, ``carried`` f32[B, R+1, N,
        M, M] probabilities by flow (0 for an empty reference), ``copied`` f32[B, 2, N, M/8, M/8]
        probabilities by long- and short-term attention -> features f32[B, 48, M/2, M/2], proposal
        logits f32[B, N, M, M]."""
        x = F.relu(self.norm16(self.enter(tokens)))
        x = F.relu(self.norm8(self.mix8(double(x) + self.side8(features8))))
        half = halve(carried.flatten(1, 2))  # [B, (R+1)·N, M/2, M/2]
        channels = carried.shape[2]
        x = double(x) + self.side4(torch.cat([features4, half[:, :channels]], 1))
        x = F.relu(self.norm4(self.mix4(x)))  # [B, 48, M/2, M/2]
        coarse = F.interpolate(
            copied.flatten(1, 2), scale_factor=4.0, mode="bilinear", align_corners=False
        )
        slots = self.slots4(x)
        side = x.shape[-1]
        inputs = torch.cat([half, coarse, slots], 1).unflatten(
            1, (-1, channels)
        )  # [B, R+4, N, M/2, M/2]
        own = self.own(inputs.transpose(1, 2).flatten(0, 1)).unflatten(
            0, (-1, channels)
        )  # [B, N, 12, M/2, M/2]
        each = F.relu(own + self.shared(x)[:, None]).flatten(0, 1)
        each = self.each(F.relu(self.second(each))).reshape(-1, channels, side, side)
        base = torch.log(coarse.unflatten(1, (2, channels)).mean(1) + 0.02)
        fine = torch.cat([double(self.narrow(x)), gray - 0.5], 1)
        return x, double(each + slots + self.trust * base) + self.slots2(F.relu(self.mix2(fine)))


class Fusion(nn.Module):
    """Mixes the candidates by a gate per pixel; begins as the references' masks carried by flow."""

    def __init__(self, references: int, features: int) -> None:
        super().__init__()
        self.candidates = references + 2
        pairs = self.candidates * (self.candidates - 1) // 2
        self.first = nn.Conv2d(
            features + 2 * (references + 1) + self.candidates + pairs, 32, 3, padding=1
        )
        self.second = nn.Conv2d(32, 32, 3, padding=1)
        self.gate = nn.Conv2d(32, self.candidates, 1)
        nn.init.zeros_(self.gate.weight)
        with torch.no_grad():
            # in the order of the candidates: previous frame, references, proposal
            self.gate.bias.copy_(torch.tensor([PREVIOUS] + [REFERENCE] * references + [PROPOSAL]))

    def forward(
        self, candidates: list[Tensor], evidence: Tensor, features: Tensor, bias: Tensor
    ) -> Tensor:
        """``candidates`` R+2 of f32[B, N, M, M], ``evidence`` f32[B, 2(R+1), M, M], ``features``
        f32[B, 48, M/2, M/2], ``bias`` f32[B, R+2, 1, 1] excludes empty slots -> the gates f32[B,
        R+2, M, M], sum 1."""
        sure = [c.amax(1, keepdim=True) for c in candidates]
        agreement = [
            channel_sum(candidates[i] * candidates[j])
            for i in range(self.candidates)
            for j in range(i)
        ]
        summary = halve(torch.cat([evidence, *sure, *agreement], 1))
        x = F.relu(self.second(F.relu(self.first(torch.cat([features, summary], 1)))))
        return channel_softmax(double(self.gate(x)) + bias)


class QualityHead(nn.Module):
    """Estimates the DSC per channel from how the candidates agree and how sure the masks are."""

    def __init__(self, references: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * (references + 2) + 3 + 4 * (references + 1), 32),
            nn.ReLU(),
            nn.Linear(32, 32),
            nn.ReLU(),
            nn.Linear(32, 1),
        )

    def forward(
        self, masks: Tensor, candidates: list[Tensor], valid: Tensor, evidence: Tensor
    ) -> Tensor:
        """``masks`` f32[B, N, M, M], ``candidates`` R+2 of f32[B, N, M, M], ``valid`` f32[B, R+2],
        ``evidence`` f32[B, 2(R+1), M, M] -> f32[B, N], 0-1."""
        area = masks.sum((2, 3))  # [B, N]
        both = torch.stack([(masks * c).sum((2, 3)) for c in candidates], 1)  # [B, R+2, N]
        areas = torch.stack([c.sum((2, 3)) for c in candidates], 1)
        overlap = (2 * both + 1) / (area[:, None] + areas + 1)
        overlap = overlap * valid[:, :, None]
        doubt = (masks * (1 - masks)).sum((2, 3))
        hard = (masks * masks).sum((2, 3))
        inside = (
            evidence.flatten(2) @ masks.flatten(2).transpose(1, 2) / (area[:, None] + 1)
        )  # [B, 2(R+1), N]
        # along the border, where a mask is right or wrong, on a grid of a fourth
        coarse = halve(halve(masks))
        rim = coarse * (1 - coarse)
        along = halve(halve(evidence)).flatten(2) @ rim.flatten(2).transpose(1, 2)
        along = along / (rim.sum((2, 3))[:, None] + 1)  # [B, 2(R+1), N]
        cells = float(masks.shape[2] * masks.shape[3])
        own = torch.stack(
            [torch.sqrt(area / cells), doubt / (area + 1), hard / (area + 1)], 1
        )
        known = valid[:, :, None].expand(-1, -1, masks.shape[1])
        inputs = torch.cat([overlap, known, own, inside, along], 1).transpose(1, 2)  # [B, N, features]
        return torch.sigmoid(self.layers(inputs))[..., 0]
