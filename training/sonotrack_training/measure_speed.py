"""The trained models in PyTorch, timed on request: ``python -m sonotrack_training.measure_speed``.

Reads names of calls from standard input, one a line, and answers each with its milliseconds, after a first line ``ready``:
``setImage`` (SonoSAMLite's encoder), ``predict`` (its decoder) and ``track`` (DeAOT's encoder, propagation and memory, without
the flow, which lies outside of the network). FP32, as PyTorch runs them without further ado. `benchmarks/engines.mjs` asks.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from .click_loop import MAX_POINTS, UNUSED
from .export_deaot import EncoderGraph as TrackerEncoder
from .export_deaot import MemorizeGraph, PropagateGraph, example_inputs, load_model
from .export_sonosam import DecoderGraph, EncoderGraph
from .models.deaot import DeAot
from .trained import load_sonosam


def segmentation_calls(checkpoint: Path | None) -> dict[str, Callable[[], object]]:
    model, size = load_sonosam(checkpoint)
    encoder, decoder = EncoderGraph(model.encoder), DecoderGraph(model.decoder)
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (1, 1, size, size), generator=generator, dtype=torch.uint8)
    features = encoder(image)
    points = torch.zeros(1, MAX_POINTS, 3)
    points[:, 1:, 2] = UNUSED
    points[:, 0] = torch.tensor([size / 2, size / 2, 1.0])
    box = torch.zeros(1, 4)
    previous = torch.zeros(1, 1, size // 2, size // 2, dtype=torch.uint8)
    return {
        "setImage": lambda: encoder(image),
        "predict": lambda: decoder(*features, points, box, previous),
    }


def tracking_call(model: DeAot) -> Callable[[], object]:
    inputs = example_inputs(model)
    (image,) = inputs["deaot-encoder"]
    propagation = inputs["deaot-propagate"]
    encode, memorize, propagate = (g(model) for g in (TrackerEncoder, MemorizeGraph, PropagateGraph))

    def track() -> object:
        features = encode(image)
        masks, _ = propagate(*propagation[:4], *features, *propagation[7:])
        return memorize(features[0], masks)

    return track


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--checkpoints", type=Path, help="folder of the safetensors; random weights without"
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with torch.inference_mode():
        folder = args.checkpoints
        calls = segmentation_calls(folder and folder / "sonosam-decoder.safetensors")
        calls["track"] = tracking_call(load_model(folder and folder / "deaot.safetensors"))
        print("ready", flush=True)
        for line in sys.stdin:
            call = calls[line.strip()]
            began = time.perf_counter()
            call()
            print(f"{(time.perf_counter() - began) * 1000:.3f}", flush=True)


if __name__ == "__main__":
    main()
