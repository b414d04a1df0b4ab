"""The synthetic clips: labels follow the pictures, and every clip can be drawn again."""

import numpy as np
import pytest

from sonotrack_training.data.clips import (
    ClipGenerator,
    ClipOptions,
    disturb,
    place,
    renewed,
    validation_clips,
)
from sonotrack_training.data.motion import Contraction, Motion, random_phases
from sonotrack_training.data.pseudo_objects import LEAST_PX, add_pseudo_objects
from sonotrack_training.data.samples import Sample


def sample() -> Sample:
    """A bright disc in gray tissue, and nothing that depends on files."""
    y, x = np.mgrid[:200, :300]
    disc = (x - 150) ** 2 + (y - 100) ** 2 < 40**2
    noise = np.random.default_rng(0).normal(0, 8, disc.shape)
    image = np.clip(np.where(disc, 180, 60) + noise, 0, 255).astype(np.uint8)
    return Sample("set", "id", "group", image, disc.astype(np.uint8))


def still(size: int = 64, contractions: list[Contraction] | None = None) -> Motion:
    nothing = np.zeros((size, size, 2), np.float32)
    return Motion(size, np.zeros(2, np.float32), 0.0, 0.0, nothing, contractions or [])


def test_a_motion_without_parts_stands_still():
    assert np.abs(still().at(0.37)).max() == 0


def test_a_contraction_shrinks_at_half_a_cycle_and_relaxes_after_one():
    motion = still(contractions=[Contraction(31.5, 31.5, 1000.0, 0.5)])
    assert np.abs(motion.at(1.0)).max() < 1e-4
    # scaled by 1 / (1 - 0.5): what lies 10 px right of the centre was 20 px right of it
    assert motion.at(0.5)[31, 41, 0] == pytest.approx(2 * 9.5 - 9.5, rel=1e-2)


def test_a_motion_goes_on_smoothly():
    motion = still(contractions=[Contraction(31.5, 31.5, 20.0, 0.4)])
    assert np.abs(motion.at(0.30) - motion.at(0.31)).max() < 1.0


def test_phases_start_anywhere_and_have_one_entry_a_frame():
    phases = random_phases(np.random.default_rng(0), 8)
    assert phases.shape == (8,)


def test_a_clip_has_the_stated_shapes_and_its_channels_sum_to_one():
    clip = ClipGenerator([sample()], ClipOptions(frames=4)).draw(np.random.default_rng(0))
    assert clip.images.shape == (4, 256, 256) and clip.images.dtype == np.uint8
    assert clip.masks.shape == (4, 11, 128, 128) and clip.masks.dtype == np.float32
    assert np.abs(clip.masks.sum(1) - 1).max() < 1e-4
    assert clip.active[0] == 1 and clip.active[1:].sum() >= 1


def test_an_inactive_slot_has_no_mask():
    clip = ClipGenerator([sample()], ClipOptions(frames=4)).draw(np.random.default_rng(1))
    assert clip.masks[:, clip.active == 0].max() == 0
    assert clip.masks[0][:, :, :][clip.active == 1].sum((1, 2)).min() > 0


def test_the_same_seed_draws_the_same_clip_and_another_seed_another():
    generator = ClipGenerator([sample()])
    first, again, other = (generator.draw(np.random.default_rng(s)) for s in (5, 5, 6))
    assert np.array_equal(first.images, again.images) and np.array_equal(first.masks, again.masks)
    assert not np.array_equal(first.images, other.images)


def test_validation_clips_do_not_change():
    options = ClipOptions(frames=2)
    a, b = (validation_clips([sample()], 2, options) for _ in range(2))
    assert all(np.array_equal(x.images, y.images) for x, y in zip(a, b, strict=True))


def test_tissue_that_belongs_to_the_phase_is_another_at_half_a_cycle_and_back_after_one():
    assert renewed(0.0, 1.0) == pytest.approx((1, 0), abs=1e-6)
    assert renewed(0.5, 1.0) == pytest.approx((0, 1), abs=1e-6)
    assert renewed(1.0, 1.0) == pytest.approx((1, 0), abs=1e-6)
    assert renewed(0.5, 0.0) == pytest.approx((1, 0), abs=1e-6)
    cos, sin = renewed(0.3, 0.7)
    assert cos**2 + sin**2 == pytest.approx(1)


def test_the_mask_stays_on_the_bright_disc_when_tissue_moves():
    # the disc is brighter than the rest: inside of its mask it must stay so on every frame
    generator = ClipGenerator([sample()], ClipOptions(frames=6, most_objects=1))
    contrasts = []
    for seed in range(12):
        clip = generator.draw(np.random.default_rng(seed))
        _, labels = place(np.random.default_rng(seed), sample(), 256)
        slot = int(np.argmax(clip.masks[0, 1:].sum((1, 2)))) + 1
        small = clip.images.reshape(6, 128, 2, 128, 2).mean((2, 4))
        first = (
            small[0][clip.masks[0, slot] > 0.9].mean() - small[0][clip.masks[0, slot] < 0.1].mean()
        )
        if labels.max() == 0 or first < 40:  # a pseudo-object, not the disc
            continue
        for t in range(6):
            mask = clip.masks[t, slot]
            if (mask > 0.9).sum() > 20:
                contrasts.append(small[t][mask > 0.9].mean() - small[t][mask < 0.1].mean())
    assert len(contrasts) >= 12 and min(contrasts) > 15


def test_pseudo_objects_leave_no_gap_in_the_labels_and_none_is_tiny():
    s = sample()
    image, labels = place(np.random.default_rng(0), s, 256)
    for seed in range(10):
        out = add_pseudo_objects(np.random.default_rng(seed), image, labels, 4)
        counts = np.bincount(out.ravel())
        assert (counts >= LEAST_PX).all()


def test_disturbed_masks_still_sum_to_one_and_differ():
    masks = np.zeros((3, 64, 64), np.float32)
    masks[1, 20:40, 20:40] = 1
    masks[0] = 1 - masks[1]
    out = disturb(np.random.default_rng(0), masks, 2.0)
    assert out.shape == masks.shape
    assert np.abs(out.sum(0) - 1).max() < 1e-5 and out[2].max() == 0
    assert np.abs(out - masks).max() > 0.5


def test_a_generator_without_samples_is_refused():
    with pytest.raises(ValueError, match="expected at least one sample"):
        ClipGenerator([])
