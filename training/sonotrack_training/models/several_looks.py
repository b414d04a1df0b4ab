"""A model that looks several times: in another input size, as the picture is and mirrored, and takes the mean.

Behind SonoSamLite's interface, so that it validates and teaches as any other model does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .sonosam import SonoSamLite

MIRRORED = "mirrored "


class SeveralEncoders(nn.Module):
    def __init__(self, model: SonoSamLite, size: int):
        super().__init__()
        self.model, self.size = model, size

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """image u8 or f32 [B,1,S,S] → the features of both looks."""
        resized = F.interpolate(
            image.float(), size=(self.size, self.size), mode="bilinear", antialias=True
        )
        straight = self.model.encoder(resized)
        mirrored = self.model.encoder(resized.flip(3))
        return {**straight, **{MIRRORED + name: f for name, f in mirrored.items()}}


class SeveralDecoders(nn.Module):
    def __init__(self, model: SonoSamLite, size: int):
        super().__init__()
        self.model, self.size = model, size

    def forward(
        self, features: dict[str, Tensor], points: Tensor, box: Tensor, previous: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Prompts in px of the picture given to the encoder, previous f32[B,1,M,M] → logits f32[B,4,M,M], IoU f32[B,4]."""
        cells = previous.shape[-1]
        scale = self.size / (2 * cells)
        at, around = points.clone(), box * scale
        at[:, :, :2] *= scale
        before = F.interpolate(previous, size=self.size // 2, mode="bilinear", antialias=True)
        straight = {n: f for n, f in features.items() if not n.startswith(MIRRORED)}
        mirrored = {n.removeprefix(MIRRORED): f for n, f in features.items() if n.startswith(MIRRORED)}
        logits, scores = self.model.decoder(straight, at, around, before)

        at[:, :, 0] = self.size - at[:, :, 0]
        has_box = around[:, 2:3] > around[:, 0:1]
        x0, y0, x1, y1 = around.unbind(1)
        turned = torch.stack([self.size - x1, y0, self.size - x0, y1], 1)
        around = torch.where(has_box, turned, around)
        logits2, scores2 = self.model.decoder(mirrored, at, around, before.flip(3))

        mean = (logits.float() + logits2.float().flip(3)) / 2
        masks = F.interpolate(mean, size=(cells, cells), mode="bilinear", antialias=True)
        return masks, (scores + scores2) / 2


class SeveralLooks(nn.Module):
    """SonoSamLite at input size `size` px, twice."""

    def __init__(self, model: SonoSamLite, size: int):
        super().__init__()
        self.encoder = SeveralEncoders(model, size)
        self.decoder = SeveralDecoders(model, size)
