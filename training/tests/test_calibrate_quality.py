"""Fitting the estimate of the DSC to the gate."""

import json
from dataclasses import replace

import numpy as np
import pictures
import torch
from safetensors.torch import load_file

from sonotrack_training import calibrate_quality
from sonotrack_training.anchors import guides
from sonotrack_training.calibrate_quality import Rows, collect, draw, figures, fit, halves, main
from sonotrack_training.data.clips import ClipGenerator, ClipOptions
from sonotrack_training.data.samples import Sample
from sonotrack_training.models.deaot import DeAot
from sonotrack_training.models.deaot_decoder import QualityHead
from sonotrack_training.rollout import Course
from sonotrack_training.weights import save_weights


def samples(count: int) -> list[Sample]:
    return [Sample("set", f"{i}", f"patient{i // 2}", *pictures.square(i)) for i in range(count)]


def test_no_patient_both_fits_and_judges():
    fitting, judging = halves(samples(10))
    assert len(fitting) + len(judging) == 10 and fitting and judging
    assert not {s.group for s in fitting} & {s.group for s in judging}


def test_collect_gives_what_the_head_reads_for_every_object_and_frame():
    model = DeAot().eval()
    rows = collect(model, draw(samples(4), 3, 1))
    assert rows.inputs.shape == (len(rows.truths), model.quality.layers[0].in_features)
    assert ((rows.truths >= 0) & (rows.truths <= 1)).all()
    with torch.no_grad():
        again = torch.sigmoid(model.quality.layers(rows.inputs))[:, 0]
    assert torch.allclose(again, rows.estimates, atol=1e-6)


def test_a_clip_weighs_the_same_however_long_it_is():
    one_object = ClipOptions(most_objects=1)
    for frames in (2, 5):
        clip = ClipGenerator(samples(2), replace(one_object, frames=frames)).draw(np.random.default_rng(3))
        rows = collect(DeAot().eval(), iter([(clip, Course())]))
        assert len(rows.weights) == frames - 1 and rows.weights.sum() == 1


def test_frames_of_another_plane_hardly_match():
    def match(most_foreign: float) -> float:
        generator = ClipGenerator(samples(2), ClipOptions(frames=2, most_foreign=most_foreign))
        clips = (generator.draw(np.random.default_rng(i), phases=np.array([0, 0.3])) for i in range(8))
        return np.mean([guides(clip.images)[0].evidence[0, 0].mean() for clip in clips])

    assert match(1.0) < 0.9 * match(0.0)


def test_fit_learns_what_the_inputs_tell():
    generator = torch.Generator().manual_seed(0)
    head = QualityHead(2)
    inputs = torch.rand(256, head.layers[0].in_features, generator=generator)
    truths = 0.2 + 0.7 * inputs[:, 0]
    fit(head, Rows(inputs, truths, truths, torch.ones(256)))
    with torch.no_grad():
        estimates = torch.sigmoid(head.layers(inputs))[:, 0]
    assert (estimates - truths).abs().mean() < 0.03


def test_figures_count_the_questions():
    estimates = torch.tensor([0.8, 0.95, 0.5, 0.99])
    truths = torch.tensor([0.7, 0.8, 0.95, 0.99])
    found = figures(estimates, truths, torch.ones(4))
    assert found == {"rows": 4, "error": 0.175, "recall": 0.5, "precision": 0.5}
    weighed = figures(estimates, truths, torch.tensor([3.0, 1.0, 1.0, 1.0]))
    assert (weighed["recall"], weighed["precision"]) == (0.75, 0.75)


def test_only_the_head_changes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(calibrate_quality, "STEPS", 5)
    pictures.write_set(tmp_path / "data" / "usgra_seg", 60)
    torch.manual_seed(0)
    save_weights(tmp_path / "in.safetensors", DeAot().state_dict(), {"step": "7"})
    options = f"--weights {tmp_path}/in.safetensors --out {tmp_path}/out.safetensors"
    main([*options.split(), "--data", str(tmp_path / "data"), "--clips", "2"])
    before, after = (load_file(tmp_path / f"{name}.safetensors") for name in ("in", "out"))
    changed = {n.split(".")[0] for n, tensor in after.items() if not torch.equal(tensor, before[n])}
    assert changed == {"quality"}
    assert set(json.loads(capsys.readouterr().out)) == {"before", "after"}
