"""DeAOT-T's public checkpoint, by random tensors of its names and shapes."""

import pytest
import torch
import torch.nn.functional as F

from sonotrack_training.convert_deaot import NO_PLACE, convert, main, read_checkpoint
from sonotrack_training.models.deaot import DeAot
from sonotrack_training.weights import load_weights

LAYER = "LSTT.layers.0"
# MobileNetV2 at stride 16: expansion, channels, blocks, stride of the first block
STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 1),
    (6, 320, 1, 1),
]
Shapes = dict[str, tuple[int, ...]]


def both(name: str, *shape: int) -> Shapes:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def batch_norm(name: str, width: int) -> Shapes:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (width,) for part in parts}


def encoder_shapes() -> Shapes:
    e = "encoder.features"
    shapes = {f"{e}.0.0.weight": (32, 3, 3, 3)} | batch_norm(f"{e}.0.1", 32)
    inputs, at = 32, 1
    for expansion, outputs, blocks, _ in STAGES:
        for _ in range(blocks):
            hidden, i = expansion * inputs, 0
            if expansion > 1:
                shapes |= {f"{e}.{at}.conv.0.0.weight": (hidden, inputs, 1, 1)}
                shapes |= batch_norm(f"{e}.{at}.conv.0.1", hidden)
                i = 1
            shapes |= {f"{e}.{at}.conv.{i}.0.weight": (hidden, 1, 3, 3)}
            shapes |= batch_norm(f"{e}.{at}.conv.{i}.1", hidden)
            shapes |= {f"{e}.{at}.conv.{i + 1}.weight": (outputs, hidden, 1, 1)}
            shapes |= batch_norm(f"{e}.{at}.conv.{i + 2}", outputs)
            inputs, at = outputs, at + 1
    return shapes | {f"{e}.18.0.weight": (1280, 320, 1, 1)} | batch_norm(f"{e}.18.1", 1280)


def public_checkpoint() -> Shapes:
    """Names and shapes of the tensors of DeAOTT.pth."""
    shapes = encoder_shapes() | both("encoder_projector", 256, 1280, 1, 1)
    for name in ("norm1", "norm2", "id_norm2"):
        shapes |= both(f"{LAYER}.{name}", 256)
    shapes |= both(f"{LAYER}.linear_QV", 128 + 512, 256)
    shapes |= both(f"{LAYER}.linear_U", 512, 256) | both(f"{LAYER}.linear_ID_V", 512, 256)
    for attention in ("long_term_attn", "short_term_attn", "self_attn"):
        shapes |= {f"{LAYER}.{attention}.dw_conv.conv.weight": (1024, 1, 5, 5)}
        shapes |= both(f"{LAYER}.{attention}.projection", 512, 1024)
    shapes |= both(f"{LAYER}.short_term_attn.relative_emb_k", 15 * 15, 128, 1, 1)
    shapes |= both(f"{LAYER}.self_attn.linear_QK", 128, 512)
    for part in ("V1", "V2", "U1", "U2"):
        shapes |= both(f"{LAYER}.self_attn.linear_{part}", 512, 256)
    shapes |= both("LSTT.decoder_norms.0.gn", 512)
    for name, outputs, inputs, side in (
        ("in", 256, 512, 1),
        ("16x", 256, 256, 3),
        ("8x", 128, 256, 3),
        ("4x", 128, 128, 3),
    ):
        shapes |= both(f"decoder.conv_{name}.conv", outputs, inputs, side, side)
        shapes |= both(f"decoder.conv_{name}.gn", outputs)
    for name, outputs, inputs in (("16x", 256, 96), ("8x", 256, 32), ("4x", 128, 24)):
        shapes |= both(f"decoder.adapter_{name}", outputs, inputs, 1, 1)
    shapes |= both("decoder.conv_out", 11, 128, 1, 1)
    return shapes | both("patch_wise_id_bank", 256, 11, 17, 17) | both("id_norm", 256)


@pytest.fixture(scope="module")
def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)

    def fill(name: str, shape: tuple[int, ...]) -> torch.Tensor:
        values = torch.randn(shape, generator=generator)
        if name.endswith("running_var"):
            return values.abs() + 0.5
        inputs = max(1, values[0].numel())  # so that activations keep their size
        return values * inputs**-0.5 if len(shape) > 1 else 1 + 0.2 * values

    return {name: fill(name, shape) for name, shape in public_checkpoint().items()}


def deaot_encoder(tensors: dict[str, torch.Tensor], image: torch.Tensor) -> list[torch.Tensor]:
    """``image`` f32[B, 1, H, W] gray 0-255 -> features at strides 4, 8 and 16 by DeAOT's own
    convolutions and norms, on normalised colours; SAME padding, as the tracker's."""

    def layer(x, name, norm, stride=1):
        weight = tensors[f"{name}.weight"]
        if weight.shape[-1] == 3:
            x = F.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
        x = F.conv2d(x, weight, stride=stride, groups=x.shape[1] if weight.shape[1] == 1 else 1)
        parts = [tensors[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parts)

    # beyond the border the tracker sees 127.5, which is 0 to its first convolution
    gray = F.pad(image, (0, 1, 0, 1), value=127.5) / 255
    mean = torch.tensor([0.485, 0.456, 0.406])[None, :, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[None, :, None, None]
    x = F.conv2d((gray - mean) / deviation, tensors["encoder.features.0.0.weight"], stride=2)
    norm = [f"encoder.features.0.1.{p}" for p in ("running_mean", "running_var", "weight", "bias")]
    x = F.relu6(F.batch_norm(x, *(tensors[n] for n in norm)))
    found, at = [], 1
    for expansion, outputs, blocks, first_stride in STAGES[:5]:
        for j in range(blocks):
            name, y, i = f"encoder.features.{at}.conv", x, 0
            if expansion > 1:
                y, i = F.relu6(layer(y, f"{name}.0.0", f"{name}.0.1")), 1
            stride = first_stride if j == 0 else 1
            y = F.relu6(layer(y, f"{name}.{i}.0", f"{name}.{i}.1", stride))
            y = layer(y, f"{name}.{i + 1}", f"{name}.{i + 2}")
            x = x + y if stride == 1 and x.shape[1] == outputs else y
            at += 1
        found.append(x)
    return [found[1], found[2], found[4]]


def test_the_names_and_shapes_are_those_of_the_published_size():
    shapes = public_checkpoint()
    norms = [n for n in encoder_shapes() if len(shapes[n]) == 1]
    learnt = sum(torch.Size(s).numel() for n, s in shapes.items() if n not in norms)
    assert len(shapes) == 325
    assert learnt == 7_238_188  # the paper's 7.2 M; the encoder's norms stay frozen


def test_the_encoder_gives_the_features_that_deaots_gives(tensors):
    torch.manual_seed(1)
    model = DeAot()
    model.load_state_dict(convert(tensors, model).tensors)
    image = torch.randint(0, 256, (1, 1, 64, 64)).float()
    with torch.no_grad():
        features4, features8 = model.backbone.low(image)
        ours = [features4, features8, model.backbone.high(features8)]
        theirs = deaot_encoder(tensors, image)
    for mine, expected in zip(ours, theirs, strict=True):
        assert expected.std() > 0.1
        assert torch.allclose(mine, expected, atol=1e-3 * expected.abs().max())


def test_queries_keys_and_norms_of_the_propagation_are_taken(tensors):
    found = convert(tensors, DeAot()).tensors
    shared = tensors[f"{LAYER}.linear_QV.weight"][:128]
    own = tensors[f"{LAYER}.self_attn.linear_QK.bias"]
    assert torch.equal(found["layer.query.weight"], shared)
    assert torch.equal(found["layer.key.weight"], shared)
    assert torch.equal(found["layer.self_query.bias"], own)
    assert torch.equal(found["layer.self_key.bias"], own)
    norm = tensors[f"{LAYER}.id_norm2.weight"]
    assert torch.equal(found["layer.norm_self_identity.weight"], norm)


def test_every_tensor_is_accounted_for(tensors):
    model = DeAot()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    result = convert({**tensors, "another.weight": torch.zeros(1)}, model)
    left = {name for name in result.without_place if "[" not in name}
    assert left | set(result.taken) == {*tensors, "another.weight"}
    assert left & set(result.taken) == set()
    unknown = [n for n, reason in result.without_place.items() if reason.startswith("not known")]
    assert unknown == ["another.weight"]
    assert all(any(name.startswith(prefix) for name in left) for prefix in NO_PLACE)
    assert all(torch.equal(result.tensors[name], before[name]) for name in result.initial)
    changed = set(before) - set(result.initial)
    assert not any(torch.equal(result.tensors[name], before[name]) for name in changed)
    assert {name.split(".")[0] for name in changed} == {"backbone", "layer"}
    assert not any(name.startswith("backbone.") for name in result.initial)


@pytest.mark.parametrize("name", ["encoder.features.5.conv.1.0.weight", f"{LAYER}.linear_QV.bias"])
def test_a_wrong_shape_and_a_missing_tensor_are_refused_by_name(tensors, name):
    shape = tuple(tensors[name].shape)
    wrong = {**tensors, name: torch.zeros(3, 2)}
    with pytest.raises(ValueError, match=r"but received \(3, 2\)") as raised:
        convert(wrong, DeAot())
    assert f"expected a tensor of shape {shape} for `{name}`" in str(raised.value)
    del wrong[name]
    with pytest.raises(ValueError, match=f"for `{name}` but received none"):
        convert(wrong, DeAot())


def test_the_command_writes_weights_to_go_on_from_and_reports_by_name(tensors, tmp_path, capsys):
    of_several_devices = {f"module.{name}": t for name, t in tensors.items()}
    content = {"state_dict": of_several_devices, "optimizer": {"state": {}}}
    torch.save(content, tmp_path / "DeAOTT.pth")
    out = tmp_path / "deaot.safetensors"
    main(["--checkpoint", str(tmp_path / "DeAOTT.pth"), "--out", str(out)])
    model = DeAot()
    assert load_weights(out, model) == {"converted": "DeAOTT.pth", "seed": "0"}
    norm = tensors[f"{LAYER}.norm1.weight"]
    assert torch.allclose(model.layer.norm_visual.weight, norm, atol=1e-3)
    report = capsys.readouterr().out
    assert "taken: 205 tensors" in report
    assert "  encoder_projector.weight: reads 1280 channels, the tracker's 96" in report
    assert "  linear_QV" not in report and "LSTT.layers.0.linear_QV.weight[128:]: values" in report
    assert "initial values kept (seed 0): 94" in report and "  fusion.gate.bias" in report


def test_another_file_is_refused(tmp_path):
    (tmp_path / "text.pth").write_text("no checkpoint")
    with pytest.raises(ValueError, match="expected a PyTorch checkpoint for `checkpoint`"):
        read_checkpoint(tmp_path / "text.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(TypeError, match="expected tensors by name .* received a list"):
        read_checkpoint(tmp_path / "list.pth")
