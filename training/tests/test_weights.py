import pytest
import torch
from safetensors.torch import load_file
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


def test_a_difference_holds_only_what_changed(tmp_path):
    torch.manual_seed(0)
    a = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    save_weights(tmp_path / "base.safetensors", a.state_dict(), {"step": "1"})
    with torch.no_grad():
        a[1].weight += 1
    base, path = tmp_path / "base.safetensors", tmp_path / "more.safetensors"
    save_weights(path, a.state_dict(), {"step": "2"}, base)
    assert list(load_file(path)) == ["1.weight"]
    b = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    assert load_weights(path, b)["step"] == "2"
    assert all(torch.allclose(x, y, atol=1e-3) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def test_a_difference_to_a_file_elsewhere_is_refused(tmp_path):
    model = nn.Linear(3, 4)
    save_weights(tmp_path / "base.safetensors", model.state_dict(), {})
    with pytest.raises(ValueError, match="beside more.safetensors"):
        save_weights(
            tmp_path / "sub" / "more.safetensors", model.state_dict(), {}, tmp_path / "base.safetensors"
        )
