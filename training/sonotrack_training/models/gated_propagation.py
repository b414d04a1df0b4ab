"""The gated propagation module of DeAOT (Yang & Yang 2022, section 4.2), one layer.

Two branches share one attention map: the visual branch carries what the frame looks like, the
identification branch which object is where. Each branch's result is gated by its own input and
filtered by a depthwise 5 x 5 convolution.

Legend: B batch, T tokens (side x side), C width of a branch, A width of the keys, R reference
slots.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXCLUDED = (
    -1e4
)  # added to the logit of a token that must not be attended to; safe in half precision


class GateUnit(nn.Module):
    """gate * attended -> depthwise 5 x 5 -> linear."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.filter = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.project = nn.Linear(width, width)

    def forward(self, gate: Tensor, attended: Tensor) -> Tensor:
        x = F.silu(gate) * attended  # [B, T, C]
        grid = x.transpose(1, 2).reshape(
            x.shape[0], x.shape[2], self.side, self.side
        )  # [B, C, side, side]
        return self.project(self.filter(grid).flatten(2).transpose(1, 2))  # [B, T, C]


def local_offsets(side: int, radius: int) -> tuple[Tensor, Tensor]:
    """Returns for each pair of tokens the index of their offset i64[T, T] and whether it lies in
    the window bool[T, T]."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    at = torch.stack([y.flatten(), x.flatten()])  # [2, T]
    offset = at[:, None, :] - at[:, :, None]  # [2, T, T]
    inside = (offset.abs() <= radius).all(0)
    clamped = offset.clamp(-radius, radius) + radius
    return clamped[0] * (2 * radius + 1) + clamped[1], inside


class GatedPropagation(nn.Module):
    """Long-term attention to the references, short-term attention to the previous frame,
    self-attention."""

    def __init__(self, width: int, key_width: int, side: int, radius: int) -> None:
        super().__init__()
        self.width, self.key_width = width, key_width
        self.norm_visual = nn.LayerNorm(width)
        self.norm_identity = nn.LayerNorm(width)
        self.query = nn.Linear(width, key_width)
        self.key = nn.Linear(width, key_width)
        self.value = nn.Linear(width, width)
        self.identity_value = nn.Linear(width, width)
        self.gate_visual = nn.Linear(width, width)
        self.gate_identity = nn.Linear(2 * width, width)
        self.units = nn.ModuleDict(
            {
                name: GateUnit(width, side)
                for name in ("long_visual", "long_identity", "short_visual", "short_identity")
            }
        )
        index, inside = local_offsets(side, radius)
        self.register_buffer("offset_index", index, persistent=False)
        self.register_buffer("outside", torch.where(inside, 0.0, EXCLUDED), persistent=False)
        self.offset_bias = nn.Parameter(torch.zeros((2 * radius + 1) ** 2))
        self.norm_self_visual = nn.LayerNorm(width)
        self.norm_self_identity = nn.LayerNorm(width)
        self.self_query = nn.Linear(2 * width, key_width)
        self.self_key = nn.Linear(2 * width, key_width)
        self.self_value_visual = nn.Linear(width, width)
        self.self_value_identity = nn.Linear(width, width)
        self.self_gate_visual = nn.Linear(width, width)
        self.self_gate_identity = nn.Linear(2 * width, width)
        self.self_visual = GateUnit(width, side)
        self.self_identity = GateUnit(width, side)

    def remember(self, visual: Tensor, identity: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``visual``, ``identity`` f32[B, T, C] -> key f32[B, T, A], visual value and identity
        value f32[B, T, C]."""
        normal = self.norm_visual(visual)
        return self.key(normal), self.value(normal), F.silu(self.identity_value(identity))

    def _attend(self, query: Tensor, key: Tensor, bias: Tensor) -> Tensor:
        return torch.softmax(query @ key.transpose(1, 2) * self.key_width**-0.5 + bias, -1)

    def forward(
        self,
        visual: Tensor,
        identity: Tensor,
        references: Tensor,
        reference_bias: Tensor,
        previous: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``visual``, ``identity`` f32[B, T, C]; the memories f32[B, R·T or T, D] are key, visual
        value and identity value as of `remember`, and what else a token holds, E wide, for the
        references side by side (R·T); ``reference_bias`` f32[B, 1, R·T] excludes empty slots.
        Returns both branches f32[B, T, C], and of what else the tokens hold that which long- and
        short-term attention brought f32[B, T, E]."""
        values = [self.width, self.width, references.shape[-1] - self.key_width - 2 * self.width]
        normal, normal_identity = self.norm_visual(visual), self.norm_identity(identity)
        query = self.query(normal)
        gate_visual = self.gate_visual(normal)
        gate_identity = self.gate_identity(torch.cat([normal, normal_identity], -1))
        far = self._attend(query, references[..., : self.key_width], reference_bias)  # [B, T, R·T]
        near = self._attend(
            query,
            previous[..., : self.key_width],
            self.offset_bias[self.offset_index] + self.outside,
        )  # [B, T, T]
        # one product brings all values
        far_visual, far_identity, far_rest = (far @ references[..., self.key_width :]).split(values, -1)
        near_visual, near_identity, near_rest = (near @ previous[..., self.key_width :]).split(values, -1)
        visual = (
            visual
            + self.units["long_visual"](gate_visual, far_visual)
            + self.units["short_visual"](gate_visual, near_visual)
        )
        identity = (
            identity
            + self.units["long_identity"](gate_identity, far_identity)
            + self.units["short_identity"](gate_identity, near_identity)
        )
        normal, normal_identity = self.norm_self_visual(visual), self.norm_self_identity(identity)
        both = torch.cat([normal, normal_identity], -1)  # [B, T, 2C]
        own = self._attend(
            self.self_query(both), self.self_key(both), torch.zeros((), device=both.device)
        )
        visual = visual + self.self_visual(
            self.self_gate_visual(normal), own @ self.self_value_visual(normal)
        )
        identity = identity + self.self_identity(
            self.self_gate_identity(both), own @ self.self_value_identity(normal_identity)
        )
        return visual, identity, far_rest, near_rest
