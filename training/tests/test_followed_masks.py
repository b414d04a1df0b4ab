import cv2
import numpy as np
import pytest

from sonotrack_training.click_loop import Prompts
from sonotrack_training.data.followed_masks import followed
from sonotrack_training.dice import dice


def disc(radius: int, hole: int = 0) -> np.ndarray:
    mask = np.zeros((64, 64), np.uint8)
    cv2.circle(mask, (30, 34), radius, 1, -1)
    if hole:
        cv2.circle(mask, (30, 34), hole, 0, -1)
    return mask


@pytest.mark.parametrize("target", [disc(16), disc(16, 9)], ids=["disc", "wall"])
def test_followed_masks_are_neither_the_object_nor_far_from_it(target):
    rng = np.random.default_rng(0)
    found = [dice(target, followed(rng, target)) for _ in range(100)]
    assert min(found) > 0.55
    assert np.quantile(found, 0.1) < 0.75 and np.quantile(found, 0.5) < 0.9


def test_an_object_of_one_cell_stays_there():
    target = np.zeros((64, 64), np.uint8)
    target[3, 60] = 1
    assert all(followed(np.random.default_rng(seed), target).any() for seed in range(20))


def test_a_correction_begins_with_the_mask_and_a_click_on_its_error():
    target = disc(16)
    given = Prompts(target[None, None].astype(np.float32), 128, np.random.default_rng(1))
    given.start(box_share=0.0, followed_share=1.0)
    before = given.previous[0, 0].numpy().astype(np.uint8)
    assert 0.5 < dice(target, before) < 1
    points, box, _ = given.tensors("cpu")
    assert points.shape[1] == 1 and not box.any()
    x, y = (points[0, 0, :2] / 2).int().tolist()
    assert target[y, x] != before[y, x] and points[0, 0, 2] == target[y, x]
