"""bfloat16 where it pays: on a GPU, and on a CPU that multiplies it. Elsewhere it is emulated, forty times as slow as float32."""

from __future__ import annotations

import torch


def bfloat16_pays(device: torch.device | str) -> bool:
    """Whether `device` has bfloat16 of its own: AVX-512 on x86; every CUDA device that PyTorch still serves."""
    if torch.device(device).type != "cpu":
        return True
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def mixed(device: torch.device | str, wanted: bool = True) -> torch.autocast:
    """Autocast to bfloat16 where it is `wanted` and pays; otherwise everything stays in float32."""
    enabled = wanted and bfloat16_pays(device)
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=enabled)
