import pytest
import torch

from sonotrack_training import precision


@pytest.mark.parametrize("pays", [True, False])
def test_bfloat16_is_used_where_it_is_wanted_and_pays(pays, monkeypatch):
    monkeypatch.setattr(precision, "bfloat16_pays", lambda device: pays)
    layer, x = torch.nn.Linear(4, 4), torch.ones(1, 4)
    with precision.mixed("cpu"):
        assert layer(x).dtype == (torch.bfloat16 if pays else torch.float32)
    with precision.mixed("cpu", wanted=False):
        assert layer(x).dtype == torch.float32


def test_a_gpu_has_bfloat16():
    assert precision.bfloat16_pays("cuda")
