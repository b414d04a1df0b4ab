"""SAM's prompt encoder and mask decoder (Kirillov et al. 2023, appendix A), named as the public checkpoint names them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .sam_encoder import NECK, SamLayerNorm2d

MASKS = 4  # the single mask, then three candidates
HEADS, MLP_WIDTH = 8, 2048


class PositionEncoding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, NECK // 2))

    def forward(self, xy: Tensor) -> Tensor:
        """xy f32[…,2] in 0–1 → f32[…,256]."""
        wave = (2 * xy - 1) @ self.positional_encoding_gaussian_matrix * (2 * math.pi)
        return torch.cat([wave.sin(), wave.cos()], -1)


class SamPromptEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pe_layer = PositionEncoding()
        # background, foreground, box corner 0, box corner 1
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, NECK) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, NECK)
        self.no_mask_embed = nn.Embedding(1, NECK)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, 2),
            SamLayerNorm2d(4),
            nn.GELU(),
            nn.Conv2d(4, 16, 2, 2),
            SamLayerNorm2d(16),
            nn.GELU(),
            nn.Conv2d(16, NECK, 1),
        )

    def sparse(self, points: Tensor, box: Tensor, size: int) -> Tensor:
        """points f32[B,N,3] (label −1 unused), box f32[B,4] (all 0: none), both in px → tokens f32[B,N+2,256]."""
        corners = box.reshape(-1, 2, 2)
        label = points[:, :, 2:3]
        kinds = torch.where(
            label == 1, self.point_embeddings[1].weight, self.point_embeddings[0].weight
        )
        corner_kinds = torch.stack([e.weight[0] for e in list(self.point_embeddings)[2:]])
        kinds = torch.cat([kinds, corner_kinds.expand(len(points), -1, -1)], 1)
        tokens = self.pe_layer(torch.cat([points[:, :, :2], corners], 1) / size) + kinds
        has_box = (box[:, 2] > box[:, 0])[:, None].expand(-1, 2)
        used = torch.cat([points[:, :, 2] >= 0, has_box], 1)
        return torch.where(used[..., None], tokens, self.not_a_point_embed.weight)

    def dense(self, previous: Tensor) -> Tensor:
        """Mask logits f32[B,1,4h,4w], all 0 for no mask → f32[B,256,h,w]."""
        none = self.no_mask_embed.weight[0][:, None, None]
        given = (previous.flatten(1).abs().amax(1) > 0)[:, None, None, None]
        return torch.where(given, self.mask_downscaling(previous), none)


class DecoderAttention(nn.Module):
    def __init__(self, inner: int = NECK):
        super().__init__()
        self.q_proj = nn.Linear(NECK, inner)
        self.k_proj = nn.Linear(NECK, inner)
        self.v_proj = nn.Linear(NECK, inner)
        self.out_proj = nn.Linear(inner, NECK)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        b, n, _ = q.shape
        # [B,N,inner] → [B,heads,N,inner/heads]
        q, k, v = (
            p(x).reshape(b, x.shape[1], HEADS, -1).transpose(1, 2)
            for p, x in ((self.q_proj, q), (self.k_proj, k), (self.v_proj, v))
        )
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
        return self.out_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, -1))


class DecoderMlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lin1 = nn.Linear(NECK, MLP_WIDTH)
        self.lin2 = nn.Linear(MLP_WIDTH, NECK)

    def forward(self, x: Tensor) -> Tensor:
        return self.lin2(F.relu(self.lin1(x)))


class SamTwoWayBlock(nn.Module):
    def __init__(self, first: bool):
        super().__init__()
        self.first = (
            first  # the first block's tokens have no place added before they attend to themselves
        )
        self.self_attn = DecoderAttention()
        self.cross_attn_token_to_image = DecoderAttention(NECK // 2)
        self.mlp = DecoderMlp()
        self.cross_attn_image_to_token = DecoderAttention(NECK // 2)
        self.norm1, self.norm2 = nn.LayerNorm(NECK), nn.LayerNorm(NECK)
        self.norm3, self.norm4 = nn.LayerNorm(NECK), nn.LayerNorm(NECK)

    def forward(
        self, tokens: Tensor, image: Tensor, token_place: Tensor, image_place: Tensor
    ) -> tuple[Tensor, Tensor]:
        if self.first:
            tokens = self.norm1(self.self_attn(tokens, tokens, tokens))
        else:
            q = tokens + token_place
            tokens = self.norm1(tokens + self.self_attn(q, q, tokens))
        q, k = tokens + token_place, image + image_place
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(q, k, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        q = tokens + token_place
        image = self.norm4(image + self.cross_attn_image_to_token(k, q, tokens))
        return tokens, image


class SamTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(SamTwoWayBlock(i == 0) for i in range(2))
        self.final_attn_token_to_image = DecoderAttention(NECK // 2)
        self.norm_final_attn = nn.LayerNorm(NECK)

    def forward(self, image: Tensor, place: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """image and place f32[B,T,256], tokens f32[B,N,256] → tokens, image."""
        start = tokens
        for layer in self.layers:
            tokens, image = layer(tokens, image, start, place)
        answer = self.final_attn_token_to_image(tokens + start, image + place, image)
        return self.norm_final_attn(tokens + answer), image


class Head(nn.Module):
    def __init__(self, outputs: int):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(NECK, NECK), nn.Linear(NECK, NECK), nn.Linear(NECK, outputs)]
        )

    def forward(self, x: Tensor) -> Tensor:
        first, second, last = self.layers
        return last(F.relu(second(F.relu(first(x)))))


class SamMaskDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.transformer = SamTransformer()
        self.iou_token = nn.Embedding(1, NECK)
        self.mask_tokens = nn.Embedding(MASKS, NECK)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(NECK, NECK // 4, 2, 2),
            SamLayerNorm2d(NECK // 4),
            nn.GELU(),
            nn.ConvTranspose2d(NECK // 4, NECK // 8, 2, 2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(Head(NECK // 8) for _ in range(MASKS))
        self.iou_prediction_head = Head(MASKS)

    def forward(
        self, embedding: Tensor, place: Tensor, sparse: Tensor, dense: Tensor
    ) -> tuple[Tensor, Tensor]:
        """embedding, place, dense f32[B,256,h,w], sparse f32[B,N,256] → logits f32[B,4,4h,4w], IoU f32[B,4]."""
        b, c, h, w = embedding.shape
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([own.expand(b, -1, -1), sparse], 1)
        # [B,C,h,w] → [B,h·w,C]
        image = (embedding + dense).flatten(2).transpose(1, 2)
        places = place.flatten(2).transpose(1, 2)
        tokens, image = self.transformer(image, places, tokens)
        # [B,h·w,C] → [B,C,h,w] → [B,C/8,4h,4w]
        x = self.output_upscaling(image.transpose(1, 2).reshape(b, c, h, w))
        heads = zip(self.output_hypernetworks_mlps, tokens[:, 1 : 1 + MASKS].unbind(1), strict=True)
        weights = torch.stack([head(token) for head, token in heads], 1)
        # [B,4,C/8] × [B,C/8,4h·4w] → [B,4,4h,4w]
        logits = (weights @ x.flatten(2)).reshape(b, MASKS, 4 * h, 4 * w)
        return logits, self.iou_prediction_head(tokens[:, 0])
