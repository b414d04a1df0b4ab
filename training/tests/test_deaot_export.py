"""The exported tracker graphs: names, shapes and values."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from sonotrack_training.export_deaot import NAMES, export, load_model
from sonotrack_training.letterbox import Letterbox
from sonotrack_training.models.deaot import DeAot
from sonotrack_training.onnx_tracker import OnnxTracker
from sonotrack_training.rollout import follow

TOKENS = 256
U8, F32 = onnx.TensorProto.UINT8, onnx.TensorProto.FLOAT
IMAGE, MASKS = (U8, (1, 1, 256, 256)), (F32, (1, 11, 128, 128))


@pytest.fixture(scope="module")
def model() -> DeAot:
    model = load_model(None)
    # gates and proposal as after training, so that every part of the graph counts in the comparison
    torch.nn.init.normal_(model.fusion.gate.weight, std=0.3)
    model.fusion.gate.bias.data.zero_()
    return model


@pytest.fixture(scope="module")
def folder(model: DeAot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("graphs")
    export(model, out)
    return out


def shapes(values) -> dict[str, tuple]:
    return {
        v.name: (
            v.type.tensor_type.elem_type,
            tuple(d.dim_value for d in v.type.tensor_type.shape.dim),
        )
        for v in values
    }


def test_the_graphs_have_the_documented_names_types_and_static_shapes(folder: Path, model: DeAot):
    width = model.memory_width
    f16, f8, f4 = (F32, (1, 256, 16, 16)), (F32, (1, 32, 32, 32)), (F32, (1, 24, 64, 64))
    memory = (F32, (1, TOKENS, width))
    expected = {
        "deaot-encoder": ({"image": IMAGE}, {"features16": f16, "features8": f8, "features4": f4}),
        "deaot-memorize": ({"features16": f16, "masks": MASKS}, {"memory": memory}),
        "deaot-propagate": (
            {
                "image": IMAGE,
                "carried": (F32, (3, 11, 128, 128)),
                "evidence": (F32, (3, 2, 128, 128)),
                "known": (F32, (3,)),
                "features16": f16,
                "features8": f8,
                "features4": f4,
                "references": (F32, (2, TOKENS, width)),
                "previous_memory": memory,
                "active": (F32, (11,)),
            },
            {"masks": MASKS, "quality": (F32, (11,))},
        ),
    }
    for name, (inputs, outputs) in expected.items():
        graph = onnx.load(folder / f"{name}.onnx").graph
        assert shapes(graph.input) == inputs
        assert shapes(graph.output) == outputs


def test_the_graphs_use_nothing_but_standard_operators(folder: Path):
    for name in NAMES:
        graph = onnx.load(folder / f"{name}.onnx")
        assert {node.domain for node in graph.graph.node} <= {""}
        assert next(o.version for o in graph.opset_import if o.domain == "") <= 20


def random_clip(frames: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.uniform(0, 255, (1, 1, 40, 40)).astype(np.float32))
    big = torch.nn.functional.interpolate(coarse, size=(290, 290), mode="bicubic")[0, 0].clamp(
        0, 255
    )
    images = [
        big[3 * t : 3 * t + 256, 2 * t : 2 * t + 256].numpy().astype(np.uint8)
        for t in range(frames)
    ]
    masks = np.zeros((11, 128, 128), np.float32)
    masks[2, 30:60, 30:70], masks[5, 70:100, 20:50] = 1, 1
    masks[0] = 1 - masks[1:].sum(0)
    active = np.zeros(11, np.float32)
    active[[0, 2, 5]] = 1
    return images, masks, active


def test_the_graphs_compute_what_the_model_computes(folder: Path, model: DeAot):
    images, masks, active = random_clip(4)
    tracker = OnnxTracker(folder)
    tracker.start(images[0], masks, active)
    clip, first = torch.from_numpy(np.stack(images))[None], torch.from_numpy(masks)[None]
    with torch.no_grad():
        followed = follow(model, clip, first, first, torch.from_numpy(active)[None])
        for t, result, _ in followed:
            graph_masks, quality = tracker.track(images[t])
            assert np.abs(graph_masks - result.masks[0].numpy()).max() < 1e-3
            assert np.abs(quality - result.quality[0].numpy()).max() < 1e-3


def test_the_graphs_give_no_probability_to_inactive_slots(folder: Path):
    images, masks, active = random_clip(2)
    tracker = OnnxTracker(folder)
    tracker.start(images[0], masks, active)
    out, quality = tracker.track(images[1])
    assert out[active == 0].max() == 0 and quality[active == 0].max() == 0
    assert np.abs(out.sum(0) - 1).max() < 1e-4


def test_a_graph_refuses_a_wrong_size(folder: Path):
    session = onnxruntime.InferenceSession(
        str(folder / "deaot-encoder.onnx"), providers=["CPUExecutionProvider"]
    )
    with pytest.raises(Exception, match="image"):
        session.run(None, {"image": np.zeros((1, 1, 128, 128), np.uint8)})


def test_the_letterbox_fits_the_longer_side_and_averages_areas():
    frame = np.zeros((2, 4), np.uint8)
    frame[:, 2:] = 200
    box = Letterbox(2, 4, 2)
    assert box.content == (1, 2)
    assert box.shrink(frame).tolist() == [[0, 200], [0, 0]]


def test_the_letterbox_enlarges_bilinearly_with_clamped_edges():
    box = Letterbox(2, 2, 4)
    assert box.shrink(np.array([[0, 100], [0, 100]], np.uint8))[0].tolist() == [0, 25, 75, 100]


def test_masks_grow_back_to_the_frame_within_the_content():
    box = Letterbox(4, 8, 4)  # content 2 x 4 of a 4 x 4 square
    grid = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    grown = box.grow(grid)
    assert grown.shape == (1, 4, 8)
    assert grown[0, 3, 7] == 7.0  # the last cell of the content, not the padding below
    assert grown[0, 0, 0] == 0.0
