import json

import numpy as np
import pytest
import torch

from sonotrack_training import train_deaot
from sonotrack_training.models.deaot import DeAot
from sonotrack_training.tracking_objective import random_course


def run(data, folder, steps):
    options = f"--data {data} --checkpoint {folder}/c.pt"
    options += f" --runs {folder}/runs --batch 1 --frames 3 --lead 1 --steps {steps} --report 1"
    options += " --validation-clips 1 --validate 100"
    train_deaot.main(options.split())
    return torch.load(folder / "c.pt", weights_only=True)


def test_a_run_resumes_where_it_stopped_and_keeps_what_is_frozen(data, tmp_path):
    first = run(data, tmp_path, 1)
    again = run(data, tmp_path, 2)
    assert (first["step"], again["step"]) == (1, 2)
    assert again["minutes"] > first["minutes"]
    moved = [k for k in first["model"] if not torch.equal(first["model"][k], again["model"][k])]
    assert any(k.startswith("decoder.") for k in moved)
    assert any(k.startswith("backbone.stages.4") for k in moved)
    assert not any(k.startswith(("backbone.first", "backbone.stages.2")) for k in moved)
    logs = sorted((tmp_path / "runs").glob("deaot-*.jsonl"))
    records = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    assert [r["event"] for r in records if "event" in r] == ["start", "end"] * 2
    assert {"loss", "dice", "quality_error"} <= {k for r in records for k in r}
    assert (tmp_path / "c-best.pt").is_file()


def test_the_learning_rate_warms_up_and_falls():
    assert train_deaot.rate_at(0, 0.0) == pytest.approx(1 / train_deaot.WARMUP)
    assert train_deaot.rate_at(1000, 0.0) == 1.0
    assert train_deaot.rate_at(1000, 1.0) == pytest.approx(0.02)
    # a run that overran its time still has a rate
    assert train_deaot.rate_at(1000, 1.5) == pytest.approx(0.02)


def test_the_average_follows_the_weights_quickly_at_first():
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    average = train_deaot.Averaged(model, 0.99)
    torch.nn.init.ones_(model.weight)
    average.update(model, 0)
    assert average.state["weight"].item() == pytest.approx(0.9)  # decay (1 + 0) / (10 + 0)


def test_a_course_stays_within_the_clip():
    rng = np.random.default_rng(0)
    for _ in range(200):
        course = random_course(rng, 6, 4)
        assert 0 <= course.start <= 4
        assert course.second is None or 0 < course.second
        assert course.second is None or course.start <= course.second < course.start + 5
    assert random_course(rng, 6, 0).start == 0


def test_only_the_stages_after_stride_8_of_the_backbone_are_trained(tmp_path):
    model = train_deaot.build(None, None, "cpu")
    assert isinstance(model, DeAot)
    frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
    assert frozen and all(
        n.startswith(
            ("backbone.first", "backbone.stages.0", "backbone.stages.1", "backbone.stages.2")
        )
        for n in frozen
    )
