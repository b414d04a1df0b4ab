"""SonoSAM as the paper trains it (§2.1): SAM ViT-B whose image encoder stays frozen, behind SonoSamLite's interface."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .sam_decoder import SamMaskDecoder, SamPromptEncoder
from .sam_encoder import SamImageEncoder
from .sonosam_prompts import pixel_grid

PREVIOUS_LOGIT = 10.0  # SAM takes the previous mask as logits


class FrozenEncoder(nn.Module):
    """The image encoder without gradients: features as `ImageEncoder` names them, without skips."""

    def __init__(self, encoder: SamImageEncoder):
        super().__init__()
        self.encoder = encoder.requires_grad_(False)

    @torch.no_grad()
    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """image u8 or f32 [B,1,S,S] → embedding f32[B,256,S/16,S/16]."""
        return {"embedding": self.encoder(image)}


class PromptedDecoder(nn.Module):
    """Prompt encoder and mask decoder with `MaskDecoder`'s arguments; the mask grid is M = S/2."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt_encoder = SamPromptEncoder()
        self.mask_decoder = SamMaskDecoder()

    def forward(
        self, features: dict[str, Tensor], points: Tensor, box: Tensor, previous: Tensor
    ) -> tuple[Tensor, Tensor]:
        """points f32[B,N,3] and box f32[B,4] in px, previous f32[B,1,M,M] in 0–1 → logits f32[B,4,M,M], IoU f32[B,4]."""
        embedding = features["embedding"].float()
        b, _, side, _ = embedding.shape
        size = 16 * side
        coverage = F.avg_pool2d(previous, 2)  # [B,1,S/2,S/2] → [B,1,S/4,S/4]
        given = (previous.flatten(1).amax(1) > 0)[:, None, None, None]
        logits = torch.where(given, (2 * coverage - 1) * PREVIOUS_LOGIT, torch.zeros_like(coverage))
        # [h,w,256] → [B,256,h,w]
        place = self.prompt_encoder.pe_layer(pixel_grid(side, 16.0).to(points) / size)
        place = place.permute(2, 0, 1).expand(b, -1, -1, -1)
        masks, iou = self.mask_decoder(
            embedding,
            place,
            self.prompt_encoder.sparse(points, box, size),
            self.prompt_encoder.dense(logits),
        )
        # [B,4,S/4,S/4] → [B,4,S/2,S/2]
        return F.interpolate(masks, scale_factor=2.0, mode="bilinear", align_corners=False), iou


class SonoSam(nn.Module):
    """Trains in place of SonoSamLite (`train_sonosam --teacher FILE`); 94 M parameters, 4 M of them learn."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = FrozenEncoder(SamImageEncoder())
        self.decoder = PromptedDecoder()

    def load_sam(self, path: Path) -> None:
        """Fills all tensors from SAM's public ViT-B checkpoint (`sam_vit_b_01ec64.pth`).

        Raises RuntimeError when a name or a shape differs.
        """
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        renamed = {}
        for name, tensor in tensors.items():
            if name.startswith("image_encoder."):
                renamed[f"encoder.encoder.{name.removeprefix('image_encoder.')}"] = tensor
            else:
                renamed[f"decoder.{name}"] = tensor
        self.load_state_dict(renamed)
