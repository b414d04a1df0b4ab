"""SonoSAMLite's image encoder: a convolutional stem pretrained on ImageNet, then ViT blocks on its stride-16 tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .efficientnet_lite import EfficientNetLite2
from .layers import Attention, LayerNorm2d, Mlp, grid_encoding

EMBEDDING = 256
SKIP_CHANNELS = {"skip2": 16, "skip4": 32, "skip8": 64}


class VitBlock(nn.Module):
    """Pre-norm transformer block whose two branches start at zero: deeper stacks can be grown later."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, 4 * width)
        for last in (self.attention.project, self.mlp.down):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y)
        return x + self.mlp(self.norm2(x))


class ImageEncoder(nn.Module):
    def __init__(self, width: int = 384, depth: int = 12, heads: int = 6, skips: bool = True):
        """Without `skips` their features are zeros (for measuring what they are worth)."""
        super().__init__()
        self.width, self.skips = width, skips
        self.stem = EfficientNetLite2()
        c2, c4, c8, c16, c32 = self.stem.channels
        self.lateral16 = nn.Conv2d(c16, width, 1)
        self.lateral32 = nn.Conv2d(c32, width, 1)
        self.blocks = nn.ModuleList(VitBlock(width, heads) for _ in range(depth))
        self.neck = nn.Conv2d(width, EMBEDDING, 1)
        self.norm = LayerNorm2d(EMBEDDING)
        self.skip8 = nn.Conv2d(c8, SKIP_CHANNELS["skip8"], 1)
        self.skip4 = nn.Conv2d(c4, SKIP_CHANNELS["skip4"], 1)
        self.skip2 = nn.Conv2d(c2, SKIP_CHANNELS["skip2"], 1)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """image u8 or f32 [B,1,S,S], 0–255 → embedding f32[B,256,S/16,S/16] and the three skips."""
        x2, x4, x8, x16, x32 = self.stem(image.float())
        x = self.lateral16(x16) + F.interpolate(self.lateral32(x32), scale_factor=2.0)
        b, c, h, w = x.shape
        # [B,C,h,w] → [B,h·w,C]
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + grid_encoding(h, w, self.width).to(tokens)
        for block in self.blocks:
            tokens = block(tokens)
        # [B,h·w,C] → [B,C,h,w]
        x = tokens.transpose(1, 2).reshape(b, c, h, w)
        skips = {"skip8": self.skip8(x8), "skip4": self.skip4(x4), "skip2": self.skip2(x2)}
        if not self.skips:
            skips = {name: torch.zeros_like(skip) for name, skip in skips.items()}
        return {"embedding": self.norm(self.neck(x)), **skips}
