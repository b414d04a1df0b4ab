"""Trained models back from their files."""

from __future__ import annotations

from pathlib import Path

import torch

from .models.sonosam import SonoSamLite
from .weights import load_weights, weights_metadata


def load_sonosam(checkpoint: Path | None) -> tuple[SonoSamLite, int]:
    """The averaged model of a training checkpoint (or of its safetensors) and its input size in px.

    None gives untrained weights.
    """
    if checkpoint is None:
        return SonoSamLite().eval(), 256
    if checkpoint.suffix == ".safetensors":
        model = SonoSamLite(int(weights_metadata(checkpoint)["depth"]))
        return model.eval(), int(load_weights(checkpoint, model)["size"])
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model = SonoSamLite(state["depth"])
    model.load_state_dict(state["average"])
    return model.eval(), state["size"]
