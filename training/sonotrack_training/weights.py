"""The committed form of a trained model: its averaged weights as fp16 safetensors, small enough to keep in git.

`python -m sonotrack_training.weights --checkpoint checkpoints/local/sonosam.pt --out checkpoints/sonosam.safetensors`

With `--base FILE` only those tensors are written that differ from an earlier file beside it, which is named within: a model
whose decoder alone was trained on costs a tenth.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


def save_weights(
    path: Path, tensors: dict[str, Tensor], metadata: dict[str, str], base: Path | None = None
) -> None:
    """Floats become fp16; written beside `path`, then renamed. `base`, in the same folder, has the tensors that are the same."""
    half = {
        name: (t.half() if t.is_floating_point() else t).contiguous() for name, t in tensors.items()
    }
    if base is not None:
        if base.resolve().parent != path.resolve().parent:
            raise ValueError(f"expected `base` beside {path.name} but received {base}")
        known = _tensors(base)
        half = {n: t for n, t in half.items() if n not in known or not torch.equal(known[n], t)}
        metadata = {**metadata, "base": base.name}
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(half, partial, metadata)
    os.replace(partial, path)


def weights_metadata(path: Path) -> dict[str, str]:
    """What a weights file says of itself."""
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def _tensors(path: Path) -> dict[str, Tensor]:
    """Those of the file, over those of the file that it is a difference to."""
    base = weights_metadata(path).get("base")
    return {**(_tensors(path.parent / base) if base else {}), **load_file(path)}


def load_weights(path: Path, model: nn.Module, may_lack: str | None = None) -> dict[str, str]:
    """Fills `model` (names and shapes must match, else RuntimeError) and returns the metadata.

    Tensors whose names begin with `may_lack` keep their values where the file has none.
    """
    tensors = {name: t.float() for name, t in _tensors(path).items()}
    if may_lack is not None:
        kept = {n: t for n, t in model.state_dict().items() if n.startswith(may_lack)}
        tensors = {**kept, **tensors}
    model.load_state_dict(tensors)
    return weights_metadata(path)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--checkpoint", type=Path, required=True, help="of a training run")
    p.add_argument("--key", default="average", help="which of its state dicts")
    p.add_argument("--base", type=Path, help="weights beside `--out` that most tensors are the same as")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    plain = {k: str(v) for k, v in state.items() if isinstance(v, int | float | str)}
    save_weights(args.out, state[args.key], plain, args.base)


if __name__ == "__main__":
    main()
