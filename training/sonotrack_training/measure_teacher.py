"""Which teacher is best: `python -m sonotrack_training.measure_teacher --data DIR --weights FILE --sizes 256 384 512`.

Validation DSC of the weights alone, and of several looks of the same weights in each input size.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean

import torch
from torch import nn

from .data.prompted import validation_views
from .data.samples import load_samples
from .models.several_looks import SeveralLooks
from .run_log import write_json
from .train_sonosam import validate
from .trained import load_sonosam


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--weights", type=Path, required=True)
    p.add_argument("--sizes", type=int, nargs="+", default=[256, 384, 512], help="multiples of 32, px")
    p.add_argument("--per-set", type=int, default=20, help="objects of each set")
    p.add_argument("--out", type=Path, default=Path("runs/teachers.json"))
    args = p.parse_args()
    model, size = load_sonosam(args.weights)
    views = validation_views(load_samples(args.data, "validation"), size, args.per_set)
    models: dict[str, nn.Module] = {f"{size} px": model}
    models |= {f"{s} px and its mirror image": SeveralLooks(model, s) for s in args.sizes}
    rows = {}
    for name, candidate in models.items():
        with torch.inference_mode():
            found = validate(candidate, views, size)
        rows[name] = {
            **{f"@{k}": round(mean(v[k - 1] for v in found["dsc"].values()), 4) for k in (1, 3, 5)},
            "box": round(mean(found["box"].values()), 4),
        }
        print(name, rows[name], flush=True)
    write_json(args.out, {"weights": args.weights.name, "meanOfSets": rows})


if __name__ == "__main__":
    main()
