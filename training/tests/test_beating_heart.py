"""A synthetic heart that contracts in one step."""

import cv2
import numpy as np

from sonotrack_training.data.beating_heart import beating_heart

SIDE = 128


def hearts(count: int = 6) -> list:
    return [beating_heart(np.random.default_rng([3, i]), SIDE) for i in range(count)]


def test_two_frames_with_their_masks() -> None:
    for clip in hearts():
        assert clip.images.shape == (2, SIDE, SIDE) and clip.images.dtype == np.uint8
        assert clip.masks.shape == (2, 11, SIDE // 2, SIDE // 2)
        np.testing.assert_allclose(clip.masks.sum(1), 1, atol=1e-5)
        assert clip.active[0] == 1 and 2 <= clip.active[1:].sum() <= 4
        assert not clip.masks[:, clip.active == 0].any()


def test_the_same_on_every_call() -> None:
    for one, other in zip(hearts(2), hearts(2), strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.masks, other.masks)


def test_no_speckle_is_left_of_the_first_frame_but_its_anatomy_is() -> None:
    def correlation(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])

    clips = hearts()
    frames = [[image.astype(np.float32) for image in clip.images] for clip in clips]
    anatomy = [[cv2.GaussianBlur(f, (0, 0), 8) for f in pair] for pair in frames]
    speckle = [[f - cv2.GaussianBlur(f, (0, 0), 1.5) for f in pair] for pair in frames]
    assert min(correlation(*pair) for pair in anatomy) > 0.9
    assert np.mean([correlation(*pair) for pair in speckle]) < 0.5


def test_the_ventricle_contracts() -> None:
    """The largest of the objects that end smaller than they began loses a tenth to two thirds of itself."""
    for clip in hearts():
        areas = clip.masks[:, 1:].sum((2, 3))
        change = (areas[1] / np.maximum(areas[0], 1e-6))[areas[0] > 0]
        assert 0.3 < change.min() < 0.9
