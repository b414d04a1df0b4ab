"""SAM's image encoder, ViT-B (Kirillov et al. 2023; the backbone is ViTDet's, Li et al. 2022).

Own code from the papers; modules are named so that the public checkpoint's tensors load by name. Other input sizes than
1024 px work: absolute and relative positions are interpolated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, DEPTH, HEADS, WINDOW = 768, 12, 12, 14
GLOBAL_BLOCKS = (2, 5, 8, 11)
PATCH, GRID = 16, 64  # px, tokens a side at 1024 px
NECK = 256
# SAM normalises RGB by ImageNet's statistics; a gray image has three equal channels.
PIXEL_MEAN, PIXEL_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


class SamLayerNorm2d(nn.Module):
    """Layer norm over channels with its tensors at the top, as the checkpoint names them."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        # [B,C,H,W] → [B,H,W,C] → [B,C,H,W]
        y = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6)
        return y.permute(0, 3, 1, 2)


def relative(table: Tensor, side: int) -> Tensor:
    """f32[2·n−1, D] → f32[side, side, D]: the entry for every pair of a query and a key along one axis."""
    length = 2 * side - 1
    if table.shape[0] != length:
        table = F.interpolate(table.T[None], size=length, mode="linear")[0].T
    at = torch.arange(side, device=table.device)
    return table[at[:, None] - at[None, :] + side - 1]


class SamAttention(nn.Module):
    """Self-attention over a grid with decomposed relative positions."""

    def __init__(self, side: int):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, WIDTH // HEADS))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, WIDTH // HEADS))

    def forward(self, x: Tensor) -> Tensor:
        """x f32[B,H,W,C] → the same shape."""
        b, h, w, c = x.shape
        # [B,H·W,3C] → [3,B,heads,H·W,C/heads]
        q, k, v = self.qkv(x).reshape(b, h * w, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        # [B,heads,H·W,D] → [B,heads,H,W,D]
        grid = q.reshape(b, HEADS, h, w, -1)
        rows = torch.einsum("bnhwd,hkd->bnhwk", grid, relative(self.rel_pos_h, h).to(q))
        columns = torch.einsum("bnhwd,wkd->bnhwk", grid, relative(self.rel_pos_w, w).to(q))
        bias = rows[..., :, None] + columns[..., None, :]  # [B,heads,H,W,H,W]
        scores = scores + bias.reshape(scores.shape)
        # [B,heads,H·W,D] → [B,H,W,C]
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, h, w, c)
        return self.proj(y)


class SamMlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lin1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.lin2 = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.lin2(F.gelu(self.lin1(x)))


class SamBlock(nn.Module):
    """Pre-norm block; attention inside windows of 14 × 14 tokens unless it is global."""

    def __init__(self, window: int):
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.attn = SamAttention(window or GRID)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.mlp = SamMlp()

    def forward(self, x: Tensor) -> Tensor:
        """x f32[B,H,W,C]."""
        y = self.norm1(x)
        y = self.windowed(y) if self.window else self.attn(y)
        x = x + y
        return x + self.mlp(self.norm2(x))

    def windowed(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        n = self.window
        down, across = -h % n, -w % n
        x = F.pad(x, (0, 0, 0, across, 0, down))
        rows, columns = (h + down) // n, (w + across) // n
        # [B,rows·n,columns·n,C] → [B·rows·columns,n,n,C]
        x = x.reshape(b, rows, n, columns, n, c).transpose(2, 3).reshape(-1, n, n, c)
        x = self.attn(x)
        # and back
        x = x.reshape(b, rows, columns, n, n, c).transpose(2, 3)
        return x.reshape(b, h + down, w + across, c)[:, :h, :w]


class PatchEmbed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, WIDTH, PATCH, PATCH)

    def forward(self, x: Tensor) -> Tensor:
        # [B,3,S,S] → [B,S/16,S/16,C]
        return self.proj(x).permute(0, 2, 3, 1)


class SamImageEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed()
        self.pos_embed = nn.Parameter(torch.zeros(1, GRID, GRID, WIDTH))
        self.blocks = nn.ModuleList(
            SamBlock(0 if i in GLOBAL_BLOCKS else WINDOW) for i in range(DEPTH)
        )
        self.neck = nn.Sequential(
            nn.Conv2d(WIDTH, NECK, 1, bias=False),
            SamLayerNorm2d(NECK),
            nn.Conv2d(NECK, NECK, 3, padding=1, bias=False),
            SamLayerNorm2d(NECK),
        )

    def forward(self, gray: Tensor) -> Tensor:
        """gray u8 or f32 [B,1,S,S], 0–255 → embedding f32[B,256,S/16,S/16]."""
        mean = gray.new_tensor(PIXEL_MEAN, dtype=torch.float32)[:, None, None]
        std = gray.new_tensor(PIXEL_STD, dtype=torch.float32)[:, None, None]
        x = self.patch_embed((gray.float() - mean) / std)
        place = self.pos_embed.permute(0, 3, 1, 2)
        if place.shape[-2:] != x.shape[1:3]:
            place = F.interpolate(place, size=x.shape[1:3], mode="bicubic", align_corners=False)
        x = x + place.permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x)
        # [B,h,w,C] → [B,C,h,w]
        return self.neck(x.permute(0, 3, 1, 2))
