import json
import sys

from sonotrack_training import ablation, train_sonosam


def end(dsc: float) -> dict:
    sets = ["bus_bra", "hc18", "usgra_seg"]
    return {
        "event": "end",
        "step": 40,
        "dsc": {s: [dsc + 0.1 * i, dsc, dsc, dsc, 0.9] for i, s in enumerate(sets)},
        "box": dict.fromkeys(sets, 0.8),
    }


def test_left_out_sets_and_held_out_patients_are_apart():
    assert ablation.figures(end(0.5)) == {
        "steps": 40,
        "seen@1": 0.65, "seen@3": 0.5, "seen@5": 0.9, "seen box": 0.8,
        "unseen@1": 0.5, "unseen@3": 0.5, "unseen@5": 0.9, "unseen box": 0.8,
    }


def test_every_variant_is_an_option_of_training():
    for options in ablation.VARIANTS.values():
        train_sonosam.parse_args(["--data", "x", *options])


def test_finished_variants_are_not_run_again(tmp_path, monkeypatch):
    started = []

    def train(argv: list[str]) -> None:
        log = argv[argv.index("--log") + 1]
        started.append(log)
        with open(log, "a") as file:
            file.write(json.dumps(end(0.6)) + "\n")

    monkeypatch.setattr(train_sonosam, "main", train)
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "without-skips.jsonl").write_text(json.dumps(end(0.5)) + "\n")
    argv = f"ablation --data x --runs {runs} --out {tmp_path}/figures.json --only all".split()
    monkeypatch.setattr(sys, "argv", [*argv, "without skips"])
    ablation.main()
    assert started == [str(runs / "all.jsonl")]
    written = json.loads((tmp_path / "figures.json").read_text())
    assert set(written["variants"]) == {"all", "without skips"}
