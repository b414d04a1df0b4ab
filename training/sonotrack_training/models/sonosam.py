"""SonoSAMLite: image encoder and mask decoder together (paper §2.1)."""

from __future__ import annotations

from torch import Tensor, nn

from .sonosam_decoder import MaskDecoder
from .sonosam_encoder import ImageEncoder


class SonoSamLite(nn.Module):
    def __init__(self, depth: int = 12, skips: bool = True):
        super().__init__()
        self.encoder = ImageEncoder(depth=depth, skips=skips)
        self.decoder = MaskDecoder()

    def forward(
        self, image: Tensor, points: Tensor, box: Tensor, previous: Tensor
    ) -> tuple[Tensor, Tensor]:
        """image [B,1,S,S] 0–255, prompts as in MaskDecoder → logits f32[B,4,S/2,S/2], IoU f32[B,4]."""
        return self.decoder(self.encoder(image), points, box, previous)
