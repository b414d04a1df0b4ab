"""Exports SonoSAMLite: `python -m sonotrack_training.export_sonosam --checkpoint FILE --out DIR`.

Writes `sonosam-encoder.onnx` and `sonosam-decoder.onnx` (FP32, static shapes, the names of docs/reference/graphs.md).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from .click_loop import MAX_POINTS, UNUSED, ambiguous_rows
from .models.sonosam import SonoSamLite
from .models.sonosam_decoder import MaskDecoder
from .models.sonosam_encoder import EMBEDDING, SKIP_CHANNELS, ImageEncoder
from .trained import load_sonosam

OPSET = 20
FEATURES = ("embedding", "skip8", "skip4", "skip2")
STRIDES = {"embedding": 16, "skip8": 8, "skip4": 4, "skip2": 2}
CLICK_REACH = 1.3  # cells; 1 is what interpolation touches, the rest is rounding to the picture's own pixels
CLICKED_LOGIT = 0.5


class EncoderGraph(nn.Module):
    def __init__(self, encoder: ImageEncoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """image u8[1,1,S,S] → embedding and skips."""
        features = self.encoder(image)
        return tuple(features[name] for name in FEATURES)


def obey(logits: Tensor, points: Tensor) -> Tensor:
    """Raises the logits f32[B,K,M,M] of the cells about each foreground click, and lowers those about each background click
    (points f32[B,N,3], input px), as far as the clicked pixel needs.

    A mask that leaves out what was just clicked is wrong whatever the network thinks. A pixel's logit is interpolated from
    the four cells around it, hence their reach; where clicks of both labels reach a cell, the nearer one has it.
    """
    side = logits.shape[-1]
    cells = torch.arange(side, device=logits.device) + 0.5
    at = points[:, :, :2] * (1 / STRIDES["skip2"])
    # tents about the clicks along x and y, [B,M,N]: the clicks last, where a maximum is fastest
    near_x, near_y = (
        (1 - (at[:, None, :, axis] - cells[:, None]).abs() / CLICK_REACH).clamp(min=0) for axis in (0, 1)
    )
    foreground, background = (
        # [B,M,1,N] · [B,1,M,N] → of the nearest click [B,1,M,M]
        (near_y[:, :, None] * (near_x * (points[:, None, :, 2] == label))[:, None]).amax(-1)[:, None]
        for label in (1.0, 0.0)
    )
    raised = torch.where(foreground > background, logits.clamp(min=CLICKED_LOGIT), logits)
    return torch.where(background > foreground, raised.clamp(max=-CLICKED_LOGIT), raised)


class DecoderGraph(nn.Module):
    """The decoder with obedience to the clicks and the choice of the mask inside, so that no engine has to see to them."""

    def __init__(self, decoder: MaskDecoder):
        super().__init__()
        self.decoder = decoder

    def forward(
        self,
        embedding: Tensor,
        skip8: Tensor,
        skip4: Tensor,
        skip2: Tensor,
        points: Tensor,
        box: Tensor,
        previous: Tensor,
    ) -> tuple[Tensor, ...]:
        """previous u8[1,1,M,M] coverage 0–255 → mask, score, candidates, candidate_scores."""
        features = {"embedding": embedding, "skip8": skip8, "skip4": skip4, "skip2": skip2}
        before = previous.float() / 255
        logits, scores = self.decoder(features, points, box, before)
        logits = obey(logits, points)
        candidate_scores, order = scores[:, 1:].topk(3, dim=1)
        candidates = torch.gather(
            logits[:, 1:], 1, order[:, :, None, None].expand(-1, -1, *logits.shape[2:])
        )
        ambiguous = ambiguous_rows(points, box, before).to(logits)
        single = 1 - ambiguous
        mask = candidates[:, :1] * ambiguous + logits[:, :1] * single
        score = candidate_scores[:, 0] * ambiguous + scores[:, 0] * single
        return mask, score, candidates, candidate_scores


def export(model: SonoSamLite, size: int, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    image = torch.zeros(1, 1, size, size, dtype=torch.uint8)
    torch.onnx.export(
        EncoderGraph(model.encoder),
        (image,),
        out / "sonosam-encoder.onnx",
        input_names=["image"],
        output_names=list(FEATURES),
        opset_version=OPSET,
        dynamo=False,
    )
    channels = {"embedding": EMBEDDING, **SKIP_CHANNELS}
    features = [torch.zeros(1, channels[n], *[size // STRIDES[n]] * 2) for n in FEATURES]
    points = torch.zeros(1, MAX_POINTS, 3)
    points[:, 1:, 2] = UNUSED
    previous = torch.zeros(1, 1, size // 2, size // 2, dtype=torch.uint8)
    torch.onnx.export(
        DecoderGraph(model.decoder),
        (*features, points, torch.zeros(1, 4), previous),
        out / "sonosam-decoder.onnx",
        input_names=[*FEATURES, "points", "box", "previous"],
        output_names=["mask", "score", "candidates", "candidate_scores"],
        opset_version=OPSET,
        dynamo=False,
    )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument(
        "--checkpoint", type=Path, help="without one: untrained weights, for trying runtimes"
    )
    p.add_argument("--size", type=int, help="input size, px (default: the one trained for)")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    model, size = load_sonosam(args.checkpoint)
    size = args.size or size
    with torch.no_grad():
        export(model, size, args.out)


if __name__ == "__main__":
    main()
