import cv2
import numpy as np
import pytest

from sonotrack_training.data import synthetic
from sonotrack_training.data.sector import Sector, render_sector

FAN = Sector(x=0.5, y=-0.05, half_angle=0.7, near=0.07, far=1.0)


def test_a_picture_survives_the_way_through_polar_coordinates():
    y, x = np.mgrid[0:128, 0:128].astype(np.float32) / 128
    picture = np.sin(6 * x) + np.cos(5 * y)
    again = FAN.to_picture(FAN.to_polar(picture, 256, 256), 128)
    inside = FAN.covers(128)
    assert 0.3 < inside.mean() < 0.9
    assert np.abs(again - picture)[inside].mean() < 0.02


def test_the_fan_widens_with_depth():
    width = FAN.covers(200).sum(1)
    assert width[20] < width[60] < width[120]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_shown_outside_the_fan(seed):
    rng = np.random.default_rng(seed)
    echo, _ = synthetic.heart(rng, 96)
    sector = Sector.random(rng)
    image = render_sector(rng, echo, sector)
    assert image.shape == (96, 96) and image.dtype == np.uint8
    near = cv2.dilate(sector.covers(96).astype(np.uint8), np.ones((5, 5), np.uint8))
    outside = near == 0
    assert outside.any() and image[outside].max() == 0
    assert image[~outside].std() > 5
