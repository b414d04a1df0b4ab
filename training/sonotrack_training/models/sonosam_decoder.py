"""SonoSAMLite's mask decoder: SAM's two-way transformer at stride 16, then convolutions up to stride 2."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .grids import double
from .layers import Attention, Mlp, ResidualConv, grid_encoding
from .sonosam_encoder import EMBEDDING, SKIP_CHANNELS
from .sonosam_prompts import PromptEncoder, click_maps

CANDIDATES = 3
MASKS = 1 + CANDIDATES  # the single mask first, as in SAM
HEADS = 8
WIDTH8, WIDTH4, WIDTH2 = 96, 48, 24


class TwoWayBlock(nn.Module):
    """Tokens attend to themselves and the image, the image to the tokens and itself (SAM, fig. 14).

    The image's own attention is new: it lets one click spread along a long structure.
    """

    def __init__(self) -> None:
        super().__init__()
        half = EMBEDDING // 2
        self.token_self = Attention(EMBEDDING, HEADS)
        self.token_image = Attention(EMBEDDING, HEADS, half)
        self.token_mlp = Mlp(EMBEDDING, 2 * EMBEDDING)
        self.image_token = Attention(EMBEDDING, HEADS, half)
        self.image_self = Attention(EMBEDDING, HEADS, half)
        self.image_mlp = Mlp(EMBEDDING, 2 * EMBEDDING)
        self.norms = nn.ModuleList(nn.LayerNorm(EMBEDDING) for _ in range(6))

    def forward(
        self, tokens: Tensor, image: Tensor, token_place: Tensor, image_place: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """tokens f32[B,N,256], image f32[B,T,256], bias f32[B,1,1,N] → both, renewed."""
        norm = iter(self.norms)
        q = tokens + token_place
        tokens = next(norm)(tokens + self.token_self(q, q, tokens, bias))
        tokens = next(norm)(
            tokens + self.token_image(tokens + token_place, image + image_place, image)
        )
        tokens = next(norm)(tokens + self.token_mlp(tokens))
        image = next(norm)(
            image + self.image_token(image + image_place, tokens + token_place, tokens, bias)
        )
        q = image + image_place
        image = next(norm)(image + self.image_self(q, q, image))
        image = next(norm)(image + self.image_mlp(image))
        return tokens, image


class MaskDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.prompts = PromptEncoder()
        self.output_tokens = nn.Parameter(torch.randn(1 + MASKS, EMBEDDING) * 0.02)  # IoU, masks
        self.blocks = nn.ModuleList(TwoWayBlock() for _ in range(2))
        self.up8 = nn.Conv2d(EMBEDDING, WIDTH8, 1)
        self.skip8 = nn.Conv2d(SKIP_CHANNELS["skip8"] + 64, WIDTH8, 1)
        self.refine8 = ResidualConv(WIDTH8)
        self.up4 = nn.Conv2d(WIDTH8, WIDTH4, 1)
        self.skip4 = nn.Conv2d(SKIP_CHANNELS["skip4"] + 32, WIDTH4, 1)
        self.refine4 = ResidualConv(WIDTH4)
        self.up2 = nn.Conv2d(WIDTH4, WIDTH2, 1)
        self.skip2 = nn.Conv2d(SKIP_CHANNELS["skip2"], WIDTH2, 1)
        self.refine2 = ResidualConv(WIDTH2)
        self.weights4 = Mlp(EMBEDDING, EMBEDDING, WIDTH4)
        self.weights2 = Mlp(EMBEDDING, EMBEDDING, WIDTH2)
        self.iou = Mlp(EMBEDDING, EMBEDDING, MASKS)
        for head in (self.weights4, self.weights2):  # first logits near zero: every cell undecided
            nn.init.normal_(head.down.weight, std=1e-3)
            nn.init.zeros_(head.down.bias)

    def forward(
        self, features: dict[str, Tensor], points: Tensor, box: Tensor, previous: Tensor
    ) -> tuple[Tensor, Tensor]:
        """features of the encoder; points f32[B,N,3] and box f32[B,4] in input px; previous f32[B,1,M,M] in 0–1.

        Returns logits f32[B,4,M,M] (single mask, then three candidates) and their predicted IoU f32[B,4].
        """
        embedding = features["embedding"]
        b, c, h, w = embedding.shape
        size = 16 * h
        map4, map8, map16 = self.prompts.maps(click_maps(points, box, previous, size))
        sparse, bias = self.prompts.tokens(points, box, size)
        outputs = self.output_tokens.expand(b, -1, -1)
        tokens = torch.cat([outputs, sparse], 1)
        bias = F.pad(bias, (1 + MASKS, 0))[:, None, None]
        # [B,C,h,w] → [B,h·w,C]
        image = (embedding + map16).flatten(2).transpose(1, 2)
        place = grid_encoding(h, w, c).to(image)
        start = tokens
        for block in self.blocks:
            tokens, image = block(tokens, image, start, place, bias)
        # [B,h·w,C] → [B,C,h,w]
        x = image.transpose(1, 2).reshape(b, c, h, w)

        x = double(self.up8(x)) + self.skip8(torch.cat([features["skip8"], map8], 1))
        x = self.refine8(x)
        x4 = double(self.up4(x)) + self.skip4(torch.cat([features["skip4"], map4], 1))
        x4 = self.refine4(x4)
        x2 = double(self.up2(x4)) + self.skip2(features["skip2"])
        x2 = self.refine2(x2)

        masks = tokens[:, 1 : 1 + MASKS]
        # [B,4,C] × [B,C,h·w] → [B,4,h,w]
        coarse = dot(self.weights4(masks), x4)
        return double(coarse) + dot(self.weights2(masks), x2), self.iou(tokens[:, 0]).sigmoid()


def dot(weights: Tensor, features: Tensor) -> Tensor:
    """weights f32[B,K,C], features f32[B,C,h,w] → f32[B,K,h,w]."""
    b, _, h, w = features.shape
    return (weights @ features.flatten(2)).reshape(b, -1, h, w)
