"""The clips that tracking is measured on."""

import json

import numpy as np
import pytest
from PIL import Image

from sonotrack_training.evaluation_clips import (
    LabelledClip,
    Selection,
    clips_of,
    main,
    read_clip,
    repeated,
    write_clip,
)


def gray_clip(frames: int = 3) -> LabelledClip:
    """Frames of gray 40, 41, …, 20 x 30 px, with their number as label."""
    images = [np.full((20, 30), 40 + t, np.uint8) for t in range(frames)]
    return LabelledClip("gray", images, [np.full((20, 30), t, np.uint8) for t in range(frames)])


def test_a_clip_is_read_as_it_was_written(tmp_path):
    write_clip(gray_clip(), tmp_path / "gray")
    again = read_clip(tmp_path / "gray")
    assert again.name == "gray"
    assert [f[0, 0] for f in again.frames] == [40, 41, 42]
    assert [f[0, 0] for f in again.labels] == [0, 1, 2]


def test_a_clip_without_noise_repeats_its_frames():
    clip = repeated(gray_clip(), 2, 0.0)
    assert [f[0, 0] for f in clip.frames] == [40, 41, 42, 40, 41, 42]
    assert [f[0, 0] for f in clip.labels] == [0, 1, 2, 0, 1, 2]


def test_every_frame_but_the_first_has_speckle_of_its_own_and_the_same_on_every_call():
    clip = repeated(gray_clip(), 2, 0.2)
    assert (clip.frames[0] == 40).all()
    assert clip.frames[1].shape == (20, 30)
    # 0.2 of 41, less what lies along the border of a smooth field
    assert 5 < clip.frames[1].std() < 11
    assert not np.array_equal(clip.frames[1], clip.frames[4])
    assert all(map(np.array_equal, clip.frames, repeated(gray_clip(), 2, 0.2).frames))


def test_a_pair_whose_frames_differ_by_a_row_becomes_a_clip_of_one_size(tmp_path):
    for name, height in (("ed", 20), ("es", 21)):
        for folder in ("images", "masks"):
            (tmp_path / "eval/set" / folder).mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray(np.full((height, 30), 2, np.uint8))
            picture.save(tmp_path / "eval/set" / folder / f"{name}.png")
    (tmp_path / "eval/camus_ed_es_pairs.json").write_text(json.dumps([["set", "ed", "es"]]))
    (clip,) = clips_of("pairs", tmp_path, Selection())
    assert [f.shape for f in clip.frames + clip.labels] == [(20, 30)] * 4
    assert [f.max() for f in clip.labels] == [2, 2]
    assert list(clips_of("pairs", tmp_path, Selection(pairs=0))) == []


def test_the_command_writes_what_was_chosen(tmp_path):
    for name in ("loop_a", "loop_b"):
        write_clip(gray_clip(), tmp_path / "clips/labelled" / name)
    chosen = ["--parts", "loops,long", "--loops", "1", "--cycles", "4"]
    main(["--data", str(tmp_path), *chosen, "--out", str(tmp_path / "out")])
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").glob("*/*"))
    assert found == ["long/loop_a", "loops/loop_a"]
    assert len(read_clip(tmp_path / "out/long/loop_a").frames) == 12


def test_another_part_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected one of loops, long, .* but received 'short'"):
        list(clips_of("short", tmp_path, Selection()))
