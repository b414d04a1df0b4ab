"""The measurement of tracking, on clips whose answer is known."""

import json

import numpy as np
import pytest

from sonotrack_training.evaluation_clips import LabelledClip, write_clip
from sonotrack_training.letterbox import Letterbox
from sonotrack_training.measure_tracking import (
    Anchored,
    Copied,
    InverseSearch,
    coverage,
    dice,
    follow_clip,
    main,
    quality_summary,
    summary,
)


def moving_square(frames: int = 3, step: int = 4) -> LabelledClip:
    """A textured square that moves to the right by ``step`` px a frame."""
    rng = np.random.default_rng(0)
    texture = rng.integers(60, 250, (80, 80)).repeat(2, 0).repeat(2, 1).astype(np.uint8)
    images, labels = [], []
    for t in range(frames):
        image = np.full((256, 256), 20, np.uint8)
        label = np.zeros((256, 256), np.uint8)
        x = 40 + step * t
        image[48:208, x : x + 160] = texture
        label[48:208, x : x + 160] = 1
        images.append(image)
        labels.append(label)
    return LabelledClip("square", images, labels)


def test_dice_of_half_overlapping_masks_is_a_half_and_of_empty_ones_is_one():
    a = np.array([True, True, False])
    assert dice(a, np.array([False, True, True])) == 0.5
    assert dice(~a & a, ~a & a) == 1.0


def test_copied_masks_lose_what_the_object_moved():
    records, times = follow_clip(Copied(), moving_square())
    # 160 px wide: 4 px further (160 - 4) / 160 of it overlap, 8 px further (160 - 8) / 160
    assert [r["dice"] for r in records] == pytest.approx([0.975, 0.95], abs=1e-3)
    assert len(times) == 2


@pytest.mark.parametrize("tracker", [InverseSearch, Anchored])
def test_flow_follows_the_object(tracker):
    records, _ = follow_clip(tracker(), moving_square())
    assert min(r["dice"] for r in records) > 0.98


def test_coverage_sums_to_one_and_holds_half_covered_cells():
    labels = np.zeros((256, 256), np.uint8)
    labels[:, :3] = 1  # three px: one and a half cells of the mask grid
    masks = coverage(labels, Letterbox(256, 256, 256))
    assert masks[1, 0, :3].tolist() == pytest.approx([1.0, 0.5, 0.0], abs=2e-3)
    assert np.abs(masks.sum(0) - 1).max() < 1e-6


def test_a_summary_weighs_labels_alike_and_can_look_at_some_frames_alone():
    records = [
        {"label": 1, "frame": 1, "dice": 1.0, "quality": None},
        {"label": 1, "frame": 2, "dice": 0.5, "quality": None},
        {"label": 2, "frame": 2, "dice": 0.25, "quality": None},
    ]
    assert summary(records) == {"1": 0.75, "2": 0.25, "mean": 0.5}
    assert summary(records, range(2, 3)) == {"1": 0.5, "2": 0.25, "mean": 0.375}


def test_the_quality_summary_counts_what_needed_a_click():
    records = [
        {"label": 1, "frame": t, "dice": d, "quality": q}
        for t, (d, q) in enumerate([(0.95, 0.95), (0.8, 0.85), (0.8, 0.95), (0.95, 0.85)])
    ]
    expected = {"error": 0.075, "bias": 0.025, "precision": 0.5, "recall": 0.5, "needed": 2}
    assert quality_summary(records) == pytest.approx(expected)
    assert quality_summary([{**records[0], "quality": None}]) is None


def test_the_command_writes_its_figures(tmp_path):
    write_clip(moving_square(), tmp_path / "clips/labelled/loop_a")
    out = tmp_path / "out/tracking.json"
    options = ["--data", str(tmp_path), "--parts", "loops,long", "--cycles", "2", "--noise", "0"]
    main([*options, "--out", str(out)])
    result = json.loads(out.read_text())
    assert set(result["loops"]) == {"copied", "inverse_search", "anchored_flow"}
    assert result["loops"]["copied"]["dice"]["mean"] == pytest.approx(0.9625, abs=1e-3)
    # frames 1 and 2 of the first cycle, 0 to 2 of the second
    assert result["long"]["copied"]["first_cycle"]["mean"] == pytest.approx(0.9625, abs=1e-3)
    assert result["long"]["copied"]["last_cycle"]["mean"] == pytest.approx(0.975, abs=1e-3)
