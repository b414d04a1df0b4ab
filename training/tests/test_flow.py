"""The dense flow: its warp, and motions whose answer is known."""

import numpy as np
import pytest
import torch

from sonotrack_training.data.clips import speckle
from sonotrack_training.models.flow import BoxMean, DenseFlow, warp


def texture(seed: int = 0) -> torch.Tensor:
    """Speckle of a grain that a fine grid resolves, f32[1, 1, 128, 128] about 0.5."""
    rng = np.random.default_rng(seed)
    fine = speckle(rng, 128, 1.5) + speckle(rng, 128, 5.0)
    return torch.from_numpy(0.5 + 0.1 * fine)[None, None]


def constant_flow(x: float, y: float) -> torch.Tensor:
    return torch.tensor([x, y]).view(1, 2, 1, 1).expand(1, 2, 128, 128).contiguous()


def test_warp_reads_where_the_flow_points():
    source = torch.arange(9.0).view(1, 1, 3, 3)
    flow = torch.zeros(1, 2, 3, 3)
    flow[:, 0] = 1  # one px to the right
    expected = torch.tensor([[1.0, 2, 2], [4, 5, 5], [7, 8, 8]])  # the border repeats
    assert torch.allclose(warp(source, flow)[0, 0], expected, atol=1e-5)


def test_warp_moves_along_y_by_the_second_channel():
    source = torch.arange(9.0).view(1, 1, 3, 3)
    flow = torch.zeros(1, 2, 3, 3)
    flow[:, 1] = -0.5
    expected = torch.tensor([[0.0, 1, 2], [1.5, 2.5, 3.5], [4.5, 5.5, 6.5]])
    assert torch.allclose(warp(source, flow)[0, 0], expected, atol=1e-5)


def test_box_mean_counts_only_pixels_inside_of_the_image():
    ones = torch.ones(1, 1, 5, 5)
    assert torch.allclose(BoxMean()(ones, 3), ones)
    ramp = torch.arange(3.0).view(1, 1, 1, 3).expand(1, 1, 3, 3)
    assert torch.allclose(BoxMean()(ramp, 3)[0, 0, 0], torch.tensor([0.5, 1.0, 1.5]))


def test_flow_of_a_frame_to_itself_is_zero():
    image = texture()
    assert DenseFlow()(image, image).abs().max() == 0


@pytest.mark.parametrize(("x", "y"), [(2.0, 0.0), (0.0, -3.0), (1.5, 2.5), (-5.0, 4.0)])
def test_flow_finds_a_translation_and_its_direction(x: float, y: float):
    before = texture()
    present = warp(before, constant_flow(x, y))
    flow = DenseFlow()(present, before)[..., 16:-16, 16:-16]
    error = (flow - torch.tensor([x, y]).view(1, 2, 1, 1)).norm(dim=1)
    assert error.mean() < 0.25


def test_flow_finds_a_contraction():
    before = texture(1)
    axis = torch.arange(128.0) - 63.5
    radial = torch.stack([axis.view(1, -1).expand(128, -1), axis.view(-1, 1).expand(-1, 128)])[None]
    truth = 0.08 * radial
    flow = DenseFlow()(warp(before, truth), before)
    assert (flow - truth)[..., 16:-16, 16:-16].norm(dim=1).mean() < 0.3


def test_a_change_of_gain_is_no_motion():
    image = texture()
    # 20 % brighter: plain brightness constancy would see several px
    assert DenseFlow()(1.2 * image, image).norm(dim=1).mean() < 0.35


def test_carried_masks_overlap_the_moved_object():
    before = texture(2)
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., 40:80, 40:80] = 1
    truth = constant_flow(4.0, -3.0)
    carried = warp(mask, DenseFlow()(warp(before, truth), before)) > 0.5
    moved = warp(mask, truth) > 0.5
    assert 2 * (carried & moved).sum() / (carried.sum() + moved.sum()) > 0.98
