"""Fills the tracker from DeAOT-T's public checkpoint, as far as sizes agree:
``python -m sonotrack_training.convert_deaot --checkpoint DeAOTT.pth --out FILE.safetensors``.

Prints by name what was taken, what of the checkpoint has no place, and what of the tracker keeps
its initial values; ``train_deaot --init FILE`` goes on from there. Names and shapes of the
checkpoint are those that its authors' repository (yoxu515/aot-benchmark, model DeAOTT) defines.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .models.deaot import DeAot, DeAotOptions
from .models.mobilenet_v2 import STAGES
from .weights import save_weights

BATCH_NORM_EPS = 1e-5
# of the colours (RGB, 0-1) that DeAOT's encoder takes
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LAYER = "LSTT.layers.0."

# Prefixes of the checkpoint's names, and why the tracker has no place for them
NO_PLACE = {
    **{
        f"encoder.features.{i}.": "the tracker's encoder ends with the stage of 96 channels"
        for i in range(14, 19)
    },
    "encoder_projector.": "reads 1280 channels, the tracker's 96",
    "patch_wise_id_bank.": "reads 17 x 17 px of the frame's masks, the tracker 8 x 8 of half their size",
    "id_norm.": "the tracker does not normalise identities",
    f"{LAYER}linear_U.": "gates of 512 channels, the tracker's 256",
    f"{LAYER}linear_ID_V.": "identity values of 512 channels, the tracker's 256",
    **{
        f"{LAYER}{attention}.": "1024 gated channels of both branches together, the tracker's 256 of each"
        for attention in ("long_term_attn", "self_attn")
    },
    f"{LAYER}short_term_attn.relative_emb_k.": "depends on the query, in a window of 15 x 15; "
    "the tracker's bias does not, 9 x 9",
    f"{LAYER}short_term_attn.": "1024 gated channels of both branches together, the tracker's 256 of each",
    "LSTT.decoder_norms.": "the tracker does not normalise between propagation and decoder",
    "decoder.": "the tracker's decoder is narrower and reads other inputs",
}


@dataclass(frozen=True)
class Conversion:
    """``tensors`` fill all of `DeAot`; ``taken`` names the checkpoint's tensors that went into
    them, ``without_place`` those that did not with the reason, ``initial`` the tracker's own that
    the checkpoint says nothing of."""

    tensors: dict[str, Tensor]
    taken: list[str]
    without_place: dict[str, str]
    initial: list[str]


class Checkpoint:
    """The tensors of a checkpoint by name, which remembers those that were asked for."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors
        self.taken: list[str] = []

    def take(self, name: str, *shape: int) -> Tensor:
        """The tensor ``name`` as f32. Raises ValueError where it is missing or has another shape."""
        tensor = self.tensors.get(name)
        found = "none" if tensor is None else tuple(tensor.shape)
        if found != shape:
            raise ValueError(
                f"expected a tensor of shape {shape} for `{name}` but received {found}"
            )
        self.taken.append(name)
        return tensor.float()


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The model's tensors in a ``.pth``, whether alone or beside an optimiser, and without the
    prefix of a model trained on several devices. Raises ValueError or TypeError for another file."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"expected a PyTorch checkpoint for `checkpoint` but received {path} ({reason})"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise TypeError(
            f"expected tensors by name for `checkpoint` but received a {kind} in {path}"
        )
    return {k.removeprefix("module."): v for k, v in content.items() if isinstance(v, Tensor)}


def folded(
    source: Checkpoint, convolution: str, norm: str, like: nn.Conv2d, inputs: int | None = None
) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with its batch norm folded in; it has the shape of ``like``
    but for the ``inputs`` of a group."""
    outputs, own, *kernel = like.weight.shape
    weight = source.take(f"{convolution}.weight", outputs, inputs or own, *kernel)
    scale, bias, mean, variance = (
        source.take(f"{norm}.{part}", outputs)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = scale / torch.sqrt(variance + BATCH_NORM_EPS)
    return weight * scale[:, None, None, None], bias - mean * scale


def for_gray(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The first convolution, f32[O, 3, k, k] on normalised colours, as f32[O, 1, k, k] on what
    `MobileNetV2.low` makes of gray levels g: y = g / 127.5 - 1, so a colour is ((y + 1) / 2 - mean)
    / deviation."""
    mean, deviation = (torch.tensor(v)[None, :, None, None] for v in (MEAN, DEVIATION))
    offset = weight * (0.5 - mean) / deviation
    return (weight / (2 * deviation)).sum(1, keepdim=True), bias + offset.sum((1, 2, 3))


def encoder_tensors(source: Checkpoint, model: DeAot) -> Iterator[tuple[str, Tensor]]:
    """All of the backbone: features 0 to 13 of DeAOT's encoder."""

    def named(name: str, weight: Tensor, bias: Tensor) -> Iterator[tuple[str, Tensor]]:
        yield f"{name}.weight", weight
        yield f"{name}.bias", bias

    first = "encoder.features.0"
    colours = folded(source, f"{first}.0", f"{first}.1", model.backbone.first, 3)
    yield from named("backbone.first", *for_gray(*colours))
    feature = 1
    for i, (_, _, blocks, _) in enumerate(STAGES):
        for j in range(blocks):
            block = model.backbone.stages[i][j]
            theirs, ours = f"encoder.features.{feature}.conv", f"backbone.stages.{i}.{j}"
            # convolutions with an activation are a module each; the projection and its norm are two
            parts = ["expand", "filter"] if block.expands else ["filter"]
            for at, part in enumerate(parts):
                pair = folded(source, f"{theirs}.{at}.0", f"{theirs}.{at}.1", getattr(block, part))
                yield from named(f"{ours}.{part}", *pair)
            at = len(parts)
            pair = folded(source, f"{theirs}.{at}", f"{theirs}.{at + 1}", block.project)
            yield from named(f"{ours}.project", *pair)
            feature += 1


def propagation_tensors(source: Checkpoint, options: DeAotOptions) -> Iterator[tuple[str, Tensor]]:
    """Norms, queries and keys of the propagation layer; DeAOT uses one projection for both."""
    width, keys = options.width, options.key_width
    norms = {"norm1": "norm_visual", "norm2": "norm_self_visual", "id_norm2": "norm_self_identity"}
    for theirs, ours in norms.items():
        for part in ("weight", "bias"):
            yield f"layer.{ours}.{part}", source.take(f"{LAYER}{theirs}.{part}", width)
    for part, columns in (("weight", (width,)), ("bias", ())):
        # keys, then values of 2 x width channels
        shared = source.take(f"{LAYER}linear_QV.{part}", keys + 2 * width, *columns)[:keys]
        own = source.take(f"{LAYER}self_attn.linear_QK.{part}", keys, *(2 * n for n in columns))
        for name in ("query", "key"):
            yield f"layer.{name}.{part}", shared
            yield f"layer.self_{name}.{part}", own


def reason_of(name: str) -> str:
    """Why a tensor of the checkpoint has no place."""
    found = [reason for prefix, reason in NO_PLACE.items() if name.startswith(prefix)]
    return found[0] if found else "not known of DeAOT-T"


def convert(tensors: dict[str, Tensor], model: DeAot) -> Conversion:
    """``tensors`` of the checkpoint by name; what they do not fill keeps ``model``'s values.
    Raises ValueError where one that has a place is missing or has another shape."""
    source = Checkpoint(tensors)
    given = dict(encoder_tensors(source, model))
    given.update(propagation_tensors(source, model.options))
    own = model.state_dict()
    without = {n: reason_of(n) for n in tensors if n not in source.taken}
    for part in ("weight", "bias"):
        rows = f"{LAYER}linear_QV.{part}[{model.options.key_width}:]"
        without[rows] = "values of 512 channels, the tracker's 256"
    return Conversion(
        {**own, **given}, source.taken, without, [name for name in own if name not in given]
    )


def main(argv: list[str] | None = None) -> None:
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--checkpoint", type=Path, required=True, help="DeAOT-T's, a .pth file")
    p.add_argument("--seed", type=int, default=0, help="of the values that it does not give")
    p.add_argument("--out", type=Path, required=True, help="safetensors")
    a = p.parse_args(argv)
    torch.manual_seed(a.seed)
    result = convert(read_checkpoint(a.checkpoint), DeAot())
    save_weights(a.out, result.tensors, {"converted": a.checkpoint.name, "seed": str(a.seed)})
    print(f"taken: {len(result.taken)} tensors")
    for name in result.taken:
        print(f"  {name}")
    print(f"without a place: {len(result.without_place)}")
    for name, reason in result.without_place.items():
        print(f"  {name}: {reason}")
    print(f"initial values kept (seed {a.seed}): {len(result.initial)}")
    for name in result.initial:
        print(f"  {name}")


if __name__ == "__main__":
    main()
