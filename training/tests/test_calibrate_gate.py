"""Choosing the gate's bias on long clips."""

import json

import numpy as np
import pictures
import pytest
import torch

from sonotrack_training.calibrate_gate import BIAS, long_clips, main
from sonotrack_training.data.clips import ClipGenerator, ClipOptions
from sonotrack_training.data.samples import Sample
from sonotrack_training.models.deaot import DeAot


def test_long_clips_are_the_same_on_every_call():
    generator = ClipGenerator([Sample("set", "id", "group", *pictures.square(0))], ClipOptions(frames=3))
    first, again = (long_clips(generator, 2, 0.05) for _ in range(2))
    assert all(np.array_equal(a.images, b.images) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].images, first[1].images)


def test_only_the_bias_of_the_references_changes(tmp_path, capsys):
    pictures.write_set(tmp_path / "data" / "usgra_seg", 30)
    torch.manual_seed(0)
    before = DeAot().state_dict()
    torch.save({"ema": before, "step": 7}, tmp_path / "in.pt")
    options = f"--checkpoint {tmp_path}/in.pt --out {tmp_path}/out.pt --data {tmp_path}/data"
    main([*options.split(), "--shifts", "2", "--clips", "1", "--frames", "3"])
    kept = torch.load(tmp_path / "out.pt", weights_only=True)
    assert kept["step"] == 7 and kept["gate_shift"] == 2.0
    changed = [k for k, v in kept["ema"].items() if not torch.equal(v, before[k])]
    assert changed == [BIAS]
    assert (kept["ema"][BIAS] - before[BIAS]).tolist() == pytest.approx([0, 2, 2, 0])
    report = json.loads(capsys.readouterr().out)
    assert report["chosen"] == 2.0 and list(report["mean_dice_by_shift"]) == ["2.0"]
