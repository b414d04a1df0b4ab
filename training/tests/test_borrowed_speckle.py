"""Synthetic anatomy over the speckle of real pictures."""

import cv2
import numpy as np
import pytest

from sonotrack_training.data import borrowed_speckle, synthetic
from sonotrack_training.data.prompted import Mix, Sampler
from sonotrack_training.data.samples import Sample


@pytest.fixture
def picture() -> np.ndarray:
    """Speckle about two levels of gray, the border between them upright in the middle."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(0, 60, (160, 200)).astype(np.float32), (0, 0), 1.2)
    return np.clip(noise + np.where(np.arange(200) < 100, 60, 160), 10, 255).astype(np.uint8)


def test_a_texture_keeps_the_speckle_and_little_of_the_anatomy(picture):
    textures = [borrowed_speckle.texture(np.random.default_rng(i), picture, 128) for i in range(12)]
    for texture in textures:
        assert texture is not None and texture.shape == (128, 128)
        assert abs(texture.mean()) < 5
        ghost = cv2.GaussianBlur(texture, (0, 0), 12)
        assert texture.std() > 3 and np.ptp(ghost) < 60  # the two levels were 100 apart


def test_the_margin_of_a_screen_has_no_texture(picture):
    picture[:, 40:] = 0
    textures = [borrowed_speckle.texture(np.random.default_rng(i), picture, 64) for i in range(12)]
    assert all(texture is None for texture in textures)


def test_structures_lie_over_the_texture_in_decibels(picture):
    darker = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        echo, labels = synthetic.heart(rng, 128)
        texture = borrowed_speckle.texture(rng, picture, 128)
        image = borrowed_speckle.lay_over(rng, echo, texture)
        assert image.dtype == np.uint8 and image.shape == echo.shape
        darker += image[labels == 1].mean() < image[labels == 2].mean()
    assert darker >= 9  # contact may be lost on a wall


def test_only_the_borrowed_share_takes_speckle_from_pictures(picture):
    black = Sample("hc18", "001_HC", "001", np.zeros_like(picture), np.ones_like(picture))
    real = Sample("hc18", "001_HC", "001", picture, np.ones_like(picture))
    made = [
        Sampler([sample], Mix(synthetic=1, borrowed=share), 1).made(np.random.default_rng(3), 96)[0]
        for sample, share in ((real, 0.0), (black, 0.0), (real, 1.0))
    ]
    assert (made[0] == made[1]).all() and (made[0] != made[2]).any()
