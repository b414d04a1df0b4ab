import pytest
import torch
from torch import nn

from sonotrack_training.weights import load_weights, save_weights


def test_weights_return_within_half_precision(tmp_path):
    torch.manual_seed(0)
    a, b = nn.Linear(3, 4), nn.Linear(3, 4)
    save_weights(tmp_path / "w.safetensors", a.state_dict(), {"step": "7"})
    assert load_weights(tmp_path / "w.safetensors", b) == {"step": "7"}
    assert torch.allclose(a.weight, b.weight, atol=1e-3)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_weights_of_another_model_are_refused(tmp_path):
    save_weights(tmp_path / "w.safetensors", nn.Linear(3, 4).state_dict(), {})
    with pytest.raises(RuntimeError, match="size mismatch"):
        load_weights(tmp_path / "w.safetensors", nn.Linear(3, 5))
