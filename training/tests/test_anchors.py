"""What the runtime's anchored flow tells the tracker's network."""

import shutil

import numpy as np
import pytest
import torch

from sonotrack_training.anchors import Guidance, Guide, guides
from sonotrack_training.data.clips import speckle
from sonotrack_training.models.warp import warp
from sonotrack_training.native_flow import NativeAnchors
from sonotrack_training.rollout import carry

needs_compiler = pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")


def moving(frames: int, step: int = 2) -> np.ndarray:
    """Speckle that moves ``step`` px to the right a frame, u8[T, 256, 256]."""
    rng = np.random.default_rng(0)
    tissue = 120 + 40 * (speckle(rng, 320, 2.0) + speckle(rng, 320, 6.0)) / 2
    shots = [tissue[32:288, 40 - step * t : 296 - step * t] for t in range(frames)]
    return np.clip(np.stack(shots), 0, 255).astype(np.uint8)


@needs_compiler
def test_guides_point_to_the_frame_before_and_to_the_first_in_px_of_the_mask_grid():
    found = guides(moving(4))
    assert len(found) == 3
    for t, guide in enumerate(found, 1):
        inner = guide.flows[:, :, 20:-20, 20:-20].mean((2, 3))  # [C, 2]
        assert inner[0].tolist() == pytest.approx([-1.0, 0.0], abs=0.05)
        assert inner[1].tolist() == pytest.approx([-1.0 * t, 0.0], abs=0.1)
        assert guide.known.tolist() == [1, 1, 0]
        assert guide.evidence[1, 0, 20:-20, 20:-20].mean() > 0.9
        assert guide.flows[2].abs().max() == 0


@needs_compiler
def test_a_corrected_frame_becomes_the_second_anchor_from_the_next_one_on():
    found = guides(moving(4), second=2)
    assert [g.known.tolist() for g in found] == [[1, 1, 0], [1, 1, 0], [1, 1, 1]]
    assert found[2].flows[2, 0, 20:-20, 20:-20].mean() == pytest.approx(-1.0, abs=0.05)


@needs_compiler
def test_masks_are_carried_by_the_flow_of_their_own_source():
    images = moving(3)
    masks = torch.zeros(1, 2, 128, 128)
    masks[:, 1, 40:80, 40:80] = 1
    masks[:, 0] = 1 - masks[:, 1]
    guidance = Guidance(images[0])
    guidance.next(images[1])
    guide = Guide(*(part[None] for part in guidance.next(images[2])))
    carried = carry([masks, masks, masks], guide)
    columns = torch.arange(128.0)
    centres = (carried[0, :, 1].sum(1) * columns).sum(1) / carried[0, :, 1].sum((1, 2)).clamp_min(1)
    assert centres.tolist() == pytest.approx([60.5, 61.5, 0.0], abs=0.1)


@needs_compiler
def test_a_frame_of_another_size_is_refused():
    anchors = NativeAnchors(64)
    with pytest.raises(ValueError, match=r"expected u8\(64, 64\)"):
        anchors.start(np.zeros((32, 64), np.uint8))


def test_warp_reads_where_the_flow_points_and_repeats_the_border():
    source = torch.arange(9.0).view(1, 1, 3, 3)
    flow = torch.zeros(1, 2, 3, 3)
    flow[:, 0] = 1
    expected = torch.tensor([[1.0, 2, 2], [4, 5, 5], [7, 8, 8]])
    assert torch.allclose(warp(source, flow)[0, 0], expected, atol=1e-5)
    flow = torch.zeros(1, 2, 3, 3)
    flow[:, 1] = -0.5
    expected = torch.tensor([[0.0, 1, 2], [1.5, 2.5, 3.5], [4.5, 5.5, 6.5]])
    assert torch.allclose(warp(source, flow)[0, 0], expected, atol=1e-5)
