"""What weights of SonoSAMLite come to on the validation split, alone and as teachers:
`python -m sonotrack_training.measure_validation --data DIR --weights FILE... --sizes 256 384`.

DSC of each file's weights, and of several looks of the same weights (as it is and mirrored) in each of `--sizes`.
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


def mean_of_sets(found: dict) -> dict[str, float]:
    """The means over the sets of what `validate` found; `left` and `+k`: of a followed mask, before and after k clicks;
    `expected+k`: what the model expects of these."""

    def at(curves: dict[str, list[float]], k: int) -> float:
        return round(mean(curve[k] for curve in curves.values()), 4)

    return {
        **{f"@{k}": at(found["dsc"], k - 1) for k in (1, 3, 5)},
        "box": round(mean(found["box"].values()), 4),
        "left": at(found["followed"], 0),
        **{f"+{k}": at(found["followed"], k) for k in (1, 2, 5)},
        **{f"expected+{k}": at(found["expected"], k - 1) for k in (1, 2, 5)},
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--weights", type=Path, nargs="+", required=True)
    p.add_argument("--sizes", type=int, nargs="*", default=[], help="of teachers: multiples of 32, px")
    p.add_argument("--per-set", type=int, default=20, help="objects of each set")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    samples = load_samples(args.data, "validation")
    rows = {}
    for weights in args.weights:
        model, size = load_sonosam(weights)
        views = validation_views(samples, size, args.per_set)
        models: dict[str, nn.Module] = {f"{weights.stem}, {size} px": model}
        models |= {
            f"{weights.stem}, {s} px and its mirror image": SeveralLooks(model, s) for s in args.sizes
        }
        for name, candidate in models.items():
            with torch.inference_mode():
                rows[name] = mean_of_sets(validate(candidate, views, size))
            print(name, rows[name], flush=True)
    write_json(args.out, {"objectsPerSet": args.per_set, "meanOfSets": rows})


if __name__ == "__main__":
    main()
