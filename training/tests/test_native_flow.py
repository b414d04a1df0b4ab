import shutil

import numpy as np
import pytest

from sonotrack_training.data.samples import Sample
from sonotrack_training.measure_flow import KINDS, draw_pair, error
from sonotrack_training.native_flow import NativeFlow

pytestmark = pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")


def textured(seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (40, 40)).astype(np.uint8)
    image = np.kron(coarse, np.ones((8, 8), np.uint8))
    labels = np.zeros_like(image)
    labels[100:200, 100:220] = 1
    return Sample("made", "1", "1", image, labels)


def test_it_finds_a_known_motion():
    pair = draw_pair(np.random.default_rng(1), textured(0), KINDS["warp"])
    found = NativeFlow(256, 256)(*pair.frames)
    still = error(np.zeros_like(found), pair.flow, pair.known)
    assert error(found, pair.flow, pair.known) < 0.2 * still


def test_a_good_start_is_kept():
    pair = draw_pair(np.random.default_rng(1), textured(0), KINDS["warp"])
    flow = NativeFlow(256, 256, "finest_scale=1")
    from_truth = flow(*pair.frames, pair.flow)
    assert error(from_truth, pair.flow, pair.known) <= error(flow(*pair.frames), pair.flow, pair.known)


def test_what_it_cannot_take_is_said():
    with pytest.raises(ValueError, match="no_such=1"):
        NativeFlow(64, 64, "no_such=1")
    with pytest.raises(ValueError, match=r"expected a picture \(64, 64\)"):
        NativeFlow(64, 64)(np.zeros((64, 32), np.uint8), np.zeros((64, 64), np.uint8))
