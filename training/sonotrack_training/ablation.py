"""What each part of SonoSAMLite's training is worth: `python -m sonotrack_training.ablation --data DIR --minutes 10`.

Trains one model a variant for the same processor time and measures it on the validation patients and on training sets that
were left out, which stand for anatomy never seen. The teacher of the distilled variant is the variant with every part, so
that it has not seen those either. Finished variants are not run again. Writes one log a variant to `--runs` and all figures
to `--out`.
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
ALL, DISTILLED = "all", "with distillation"
VARIANTS: dict[str, list[str]] = {
    ALL: [],
    "without skips": ["--no-skips"],
    "without ViT blocks": ["--depth", "0"],
    "6 ViT blocks": ["--depth", "6"],
    "without synthesis": ["--synthetic", "0"],
    "without pseudo-objects": ["--region", "0", "--wall", "0"],
    "one input size": ["--other-sizes", "0"],
    DISTILLED: [],
}
TEACHER_SCALE = 1.5  # its input size, of the student's
PER_SET = 60  # objects that a variant is measured on


def file_name(variant: str, ending: str) -> str:
    return variant.replace(" ", "-") + ending


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
    p.add_argument("--minutes", type=float, default=10.0, help="processor time of each variant")
    p.add_argument(
        "--size", type=int, default=192, help="input size, px; smaller than the model's: more steps"
    )
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--only", nargs="*", default=list(VARIANTS), help="names of variants")
    p.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    p.add_argument("--checkpoints", type=Path, default=Path("checkpoints/local/ablation"))
    p.add_argument("--out", type=Path, default=Path("runs/ablation/figures.json"))
    args = p.parse_args()
    if unknown := set(args.only) - set(VARIANTS):
        p.error(f"expected of {list(VARIANTS)} for --only but received {sorted(unknown)}")
    teacher = args.checkpoints / file_name(ALL, ".pt")
    for name in args.only:
        log = args.runs / file_name(name, ".jsonl")
        if finished(log):
            continue
        options = list(VARIANTS[name])
        if name == DISTILLED:
            options += ["--teacher", str(teacher), "--teacher-size", str(round(TEACHER_SCALE * args.size))]
        train_sonosam.main(
            ["--data", str(args.data), "--minutes", str(args.minutes), "--clock", "cpu"]
            + ["--log", str(log), "--checkpoint", str(args.checkpoints / file_name(name, ".pt"))]
            + ["--size", str(args.size), "--workers", str(args.workers), "--threads", "1"]
            + ["--per-set", str(PER_SET), "--leave-out", *LEFT_OUT, *options]
        )
    ends = {name: finished(args.runs / file_name(name, ".jsonl")) for name in VARIANTS}
    rows = {name: figures(end) for name, end in ends.items() if end}
    setting = {"minutes": args.minutes, "workers": args.workers, "inputSizePx": args.size}
    write_json(args.out, {**setting, "leftOut": LEFT_OUT, "variants": rows})
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
