"""Writes the tracker's three graphs as ONNX: ``python -m sonotrack_training.export_deaot
--checkpoint X --out DIR``.

Names, shapes and types are those of docs/reference/graphs.md; all shapes are static, batch 1.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from .models.deaot import DeAot, DeAotOptions
from .weights import load_weights

OPSET = 20


class EncoderGraph(nn.Module):
    def __init__(self, model: DeAot) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.model.encode(image)


class MemorizeGraph(nn.Module):
    def __init__(self, model: DeAot) -> None:
        super().__init__()
        self.model = model

    def forward(self, features16: Tensor, masks: Tensor) -> Tensor:
        return self.model.memorize(features16, masks)


class PropagateGraph(nn.Module):
    """Drops the batch of the references, of what is known, of the active channels and the quality."""

    def __init__(self, model: DeAot) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        image: Tensor,
        carried: Tensor,
        evidence: Tensor,
        known: Tensor,
        features16: Tensor,
        features8: Tensor,
        features4: Tensor,
        references: Tensor,
        previous_memory: Tensor,
        active: Tensor,
    ) -> tuple[Tensor, Tensor]:
        result = self.model.propagate(
            image,
            carried[None],
            evidence[None],
            known[None],
            (features16, features8, features4),
            references[None],
            previous_memory,
            active[None],
        )
        return result.masks, result.quality[0]


def example_inputs(model: DeAot) -> dict[str, tuple[Tensor, ...]]:
    """Inputs of the three graphs, in their order, from a random picture with one object."""
    o = model.options
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (1, 1, o.size, o.size), generator=generator, dtype=torch.uint8)
    masks = torch.zeros(1, model.channels, o.size // 2, o.size // 2)
    masks[:, 1, 40:80, 40:80] = 1
    masks[:, 0] = 1 - masks[:, 1]
    active = (torch.arange(model.channels) < 2).float()
    with torch.no_grad():
        features = model.encode(image)
        memory = model.memorize(features[0], masks)
    references = torch.cat([memory, torch.zeros_like(memory)])
    evidence = torch.full((o.references + 1, 2, o.size // 2, o.size // 2), 0.5)
    return {
        "deaot-encoder": (image,),
        "deaot-memorize": (features[0], masks),
        "deaot-propagate": (
            image,
            masks.repeat(o.references + 1, 1, 1, 1),
            evidence,
            torch.tensor([1.0, 1.0, 0.0]),
            *features,
            references,
            memory,
            active,
        ),
    }


NAMES = {
    "deaot-encoder": (["image"], ["features16", "features8", "features4"]),
    "deaot-memorize": (["features16", "masks"], ["memory"]),
    "deaot-propagate": (
        [
            "image",
            "carried",
            "evidence",
            "known",
            "features16",
            "features8",
            "features4",
            "references",
            "previous_memory",
            "active",
        ],
        ["masks", "quality"],
    ),
}


def simplify(path: Path) -> None:
    """Folds constants and drops the shape arithmetic of the tracer, in place; every shape is static
    after it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path.with_suffix(".simple"))
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    path.with_suffix(".simple").replace(path)
    graph = onnx.load(path)
    # ONNX Runtime lists all domains that it knows; the graph uses the standard one alone
    standard = [o for o in graph.opset_import if o.domain == ""]
    del graph.opset_import[:]
    graph.opset_import.extend(standard)
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, path)


def export(model: DeAot, out: Path) -> list[Path]:
    """Writes the three graphs under ``out`` and returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    model = model.eval()
    graphs = {
        "deaot-encoder": EncoderGraph(model),
        "deaot-memorize": MemorizeGraph(model),
        "deaot-propagate": PropagateGraph(model),
    }
    paths = []
    for name, inputs in example_inputs(model).items():
        path = out / f"{name}.onnx"
        names_in, names_out = NAMES[name]
        with warnings.catch_warnings():
            # the tracer warns of every Python number that it freezes: all shapes here are static
            warnings.simplefilter("ignore")
            torch.onnx.export(
                graphs[name],
                inputs,
                str(path),
                input_names=names_in,
                output_names=names_out,
                opset_version=OPSET,
                dynamo=False,
            )
        simplify(path)
        paths.append(path)
    return paths


def load_model(checkpoint: Path | None, size: int = DeAotOptions.size) -> DeAot:
    """A model with the averaged weights of ``checkpoint`` (of a training run, or its safetensors),
    or with random ones (seed 0) for None; trained weights hold for the size that they were trained for."""
    torch.manual_seed(0)
    model = DeAot(DeAotOptions(size=size))
    if checkpoint is not None and checkpoint.suffix == ".safetensors":
        load_weights(checkpoint, model)
    elif checkpoint is not None:
        model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["ema"])
    return model.eval()


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="of train_deaot; random weights without")
    parser.add_argument("--size", type=int, default=DeAotOptions.size, help="input size, px; weights are of 256")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    for path in export(load_model(a.checkpoint, a.size), a.out):
        print(path)


if __name__ == "__main__":
    main()
