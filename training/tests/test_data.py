import numpy as np
import pytest

from sonotrack_training.data import augment, synthetic, targets
from sonotrack_training.data.augment import Focus
from sonotrack_training.data.prompted import Mix, Sampler, coverage, focus_of, validation_views
from sonotrack_training.data.samples import Sample


@pytest.fixture
def sample() -> Sample:
    rng = np.random.default_rng(0)
    labels = np.zeros((90, 120), np.uint8)
    labels[20:70, 30:90] = 1
    image = (rng.integers(20, 60, labels.shape) + 120 * labels).astype(np.uint8)
    return Sample("hc18", "001_HC", "001", image, labels)


def test_the_letterbox_scales_the_longer_side_to_the_input():
    matrix = augment.letterbox_matrix(90, 120, 240)
    assert (matrix @ np.array([120, 90, 1])).tolist() == [240, 180]


def test_labels_move_with_the_picture(sample):
    rng = np.random.default_rng(1)
    for _ in range(10):
        matrix = augment.random_view(rng, *sample.image.shape, 128, Focus(60, 45, 60))
        image, labels = augment.warp(rng, sample.image, sample.labels, matrix, 128)
        if labels.any() and not labels.all():
            assert image[labels == 1].mean() > image[labels == 0].mean() + 40


def test_a_close_view_holds_the_object_it_frames():
    rng, sides = np.random.default_rng(5), []
    for _ in range(200):
        matrix = augment.random_view(rng, 300, 400, 128, Focus(200, 100, 30))
        x, y = matrix @ np.array([200, 100, 1])
        scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
        if scale > 1.5:  # the letterbox alone has 0.32
            sides.append(30 * scale / 128)
            assert 0 < x < 128 and 0 < y < 128
    assert len(sides) > 40 and 0.3 < min(sides) and max(sides) < 1


def test_the_focus_is_a_part_of_a_label(sample):
    focus = focus_of(np.random.default_rng(0), sample.labels)
    assert focus == Focus(60, 45, 60)
    assert focus_of(np.random.default_rng(0), np.zeros_like(sample.labels)) is None


def test_intensity_keeps_size_and_type():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (64, 64)).astype(np.uint8)
    changed = [augment.intensity(rng, image) for _ in range(20)]
    assert all(c.shape == (64, 64) and c.dtype == np.uint8 for c in changed)
    assert any((c != image).any() for c in changed)


@pytest.mark.parametrize("make", list(synthetic.SCENES))
def test_every_scene_has_labels_that_fit_its_picture(make):
    rng = np.random.default_rng(3)
    for _ in range(3):
        echo, labels = make(rng, 96)
        image = synthetic.render(rng, echo)
        assert echo.shape == labels.shape == image.shape == (96, 96)
        assert image.dtype == labels.dtype == np.uint8
        assert np.isfinite(echo).all() and labels.max() < 32


def test_a_heart_has_a_dark_ventricle_inside_a_brighter_wall():
    rng = np.random.default_rng(4)
    darker = 0
    for _ in range(8):
        echo, labels = synthetic.heart(rng, 128)
        darker += echo[labels == 1].mean() < echo[labels == 2].mean()
    assert darker == 8


def test_coverage_is_the_share_of_each_cell():
    mask = np.zeros((4, 4), np.uint8)
    mask[0, 0] = mask[2:, 2:] = 1
    assert coverage(mask).tolist() == [[0.25, 0], [0, 1]]


def test_a_wall_is_a_band_about_the_border():
    labels = np.zeros((128, 128), np.uint8)
    labels[30:100, 30:100] = 1
    rng = np.random.default_rng(5)
    for _ in range(5):
        band = targets.wall(rng, labels)
        assert band is not None and band[64, 64] == 0 and 0 < band.sum() < (labels == 1).sum()


def test_superpixels_follow_edges_and_leave_margins_alone():
    rng = np.random.default_rng(3)
    image = rng.integers(90, 130, (128, 128)).astype(np.uint8)
    image[:, 64:] //= 3  # an edge
    image[:, 100:] = 60  # a menu
    found = [m for m in (targets.superpixel(rng, image) for _ in range(150)) if m is not None]
    assert len(found) >= 10
    # on one side of the edge but where two neighbours were joined
    sides = [mask[:, :64].sum() / mask.sum() for mask in found]
    assert np.mean([max(s, 1 - s) > 0.9 for s in sides]) > 0.6
    assert max(mask[:, 104:].sum() / mask.sum() for mask in found) <= 0.1


def test_the_same_seed_and_step_give_the_same_batch(sample):
    a, b, c = (Sampler([sample], Mix(), s).batch(3, 2, 2, 64) for s in (1, 1, 2))
    assert a.images.shape == (2, 1, 64, 64) and a.targets.shape == (4, 1, 32, 32)
    assert (a.images == b.images).all() and (a.targets == b.targets).all()
    assert (a.images != c.images).any()


def test_validation_views_are_letterboxed(sample):
    views = validation_views([sample], 64, per_set=1)
    name, image, mask = views[0]
    assert name == "hc18" and image.shape == (64, 64) and mask.shape == (32, 32)
    assert not image[48:].any() and image[:48].any()
