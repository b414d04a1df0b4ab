"""What each part of SonoSAMLite's training is worth: `python -m sonotrack_training.ablation --data DIR --minutes 20`.

Trains one model a variant for the same time and measures it on the validation patients and on training sets that were
left out, which stand for anatomy never seen. Finished variants are not run again. Writes one log a variant to `--runs` and
all figures to `--out`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean

from . import train_sonosam
from .run_log import write_json

# The breast is the unseen anatomy: three sets of it, two of them tiny.
LEFT_OUT = ["bus_bra", "bus_uc", "breast_lesions_usg"]
VARIANTS: dict[str, list[str]] = {
    "all": [],
    "without skips": ["--no-skips"],
    "without ViT blocks": ["--depth", "0"],
    "6 ViT blocks": ["--depth", "6"],
    "without synthesis": ["--synthetic", "0"],
    "without pseudo-objects": ["--region", "0", "--wall", "0"],
    "one input size": ["--other-sizes", "0"],
}
DISTILLED = "with distillation"


def file_name(variant: str) -> str:
    return variant.replace(" ", "-") + ".jsonl"


def finished(log: Path) -> dict | None:
    """The last validation of a run that ended."""
    if not log.exists():
        return None
    records = [json.loads(line) for line in log.read_text().splitlines()]
    ends = [r for r in records if r.get("event") == "end"]
    return ends[-1] if ends else None


def figures(end: dict) -> dict[str, float | int]:
    """Means over sets of the DSC after 1, 3 and 5 clicks and from a box, held-out patients and left-out sets apart."""
    row: dict[str, float | int] = {"steps": end["step"]}
    for group, test in (("seen", False), ("unseen", True)):
        sets = [s for s in end["dsc"] if (s in LEFT_OUT) == test]
        for click in (1, 3, 5):
            row[f"{group}@{click}"] = round(mean(end["dsc"][s][click - 1] for s in sets), 4)
        row[f"{group} box"] = round(mean(end["box"][s] for s in sets), 4)
    return row


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--minutes", type=float, default=20.0, help="training time of each variant")
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--teacher", type=Path, help="also train a variant distilled from these weights")
    p.add_argument("--only", nargs="*", help="names of variants")
    p.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    p.add_argument("--checkpoints", type=Path, default=Path("checkpoints/local/ablation"))
    p.add_argument("--out", type=Path, default=Path("runs/ablation/figures.json"))
    args = p.parse_args()
    variants = dict(VARIANTS)
    if args.teacher:
        variants[DISTILLED] = ["--teacher", str(args.teacher)]
    if unknown := set(args.only or []) - set(variants):
        p.error(f"expected of {list(variants)} for --only but received {sorted(unknown)}")
    for name, options in variants.items():
        log = args.runs / file_name(name)
        if (args.only and name not in args.only) or finished(log):
            continue
        train_sonosam.main(
            ["--data", str(args.data), "--minutes", str(args.minutes), "--log", str(log)]
            + ["--checkpoint", str(args.checkpoints / file_name(name).replace("jsonl", "pt"))]
            + ["--workers", str(args.workers), "--threads", "1", "--leave-out", *LEFT_OUT, *options]
        )
    ends = {name: finished(args.runs / file_name(name)) for name in variants}
    rows = {name: figures(end) for name, end in ends.items() if end}
    write_json(args.out, {"minutes": args.minutes, "workers": args.workers, "variants": rows})
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
