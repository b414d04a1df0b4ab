"""That TensorRT's parser takes the graphs made for it, by its documented operators."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from sonotrack_training import export_deaot, export_sonosam
from sonotrack_training.bundle import quantise_graphs
from sonotrack_training.models.sonosam import SonoSamLite
from sonotrack_training.tensorrt_operators import check, complaints, main


def model_of(*nodes: onnx.NodeProto, opset: int = 20, **constants: np.ndarray) -> onnx.ModelProto:
    """``x`` f32[1, 4, 8, 8] and ``picture`` u8[1, 1, 8, 8] → ``y``, by ``nodes``."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 8, 8]),
            helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, 1, 8, 8]),
        ],
        [helper.make_empty_tensor_value_info("y")],
        [onnx.numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=domains)


def node(kind: str, *inputs: str, **attributes) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, ["y"], "n", **attributes)


def top(count: int, **attributes) -> onnx.ModelProto:
    """The ``count`` greatest."""
    found = helper.make_node("TopK", ["x", "k"], ["y", "at"], "n", **attributes)
    return model_of(found, k=np.array([count]))


SCALE = {"scale": np.float32(0.1), "zero": np.int8(0)}
TAKEN = [
    model_of(node("Cast", "picture", to=TensorProto.FLOAT)),
    model_of(node("ReduceSum", "x", "axes"), axes=np.array([1])),
    model_of(node("ReduceSum", "x")),
    model_of(node("Resize", "x", "", "s", mode="linear"), s=np.array([1, 1, 2, 2], np.float32)),
    top(3),
    model_of(node("QuantizeLinear", "x", "scale", "zero"), **SCALE),
    model_of(
        helper.make_node("Constant", [], ["axes"], value=helper.make_tensor("", 7, [1], [0])),
        node("Unsqueeze", "x", "axes"),
    ),
]
REFUSED = [
    (model_of(node("Det", "x")), "Det n: the operator is not supported"),
    (model_of(node("Relu", "x"), opset=21), "opset 21: 9 to 20"),
    (
        model_of(node("FusedMatMul", "x", "x", domain="com.microsoft")),
        "domain com.microsoft are not supported",
    ),
    (model_of(node("Transpose", "picture")), "type TensorProto.UINT8 is not supported"),
    (model_of(node("Cast", "x", to=TensorProto.DOUBLE)), "cannot cast to TensorProto.DOUBLE"),
    (model_of(node("Clip", "k"), k=np.array([3])), "type TensorProto.INT64 is not supported"),
    (
        model_of(helper.make_node("Shape", ["x"], ["axes"]), node("ReduceSum", "x", "axes")),
        "input 1 must be a constant",
    ),
    (
        model_of(node("Resize", "x", "", "s", mode="cubic"), s=np.ones(4, np.float32)),
        "mode 'cubic' is not supported",
    ),
    (top(4000), "K must be a constant below 3840"),
    (top(3, sorted=0), "sorted must be 1"),
    (
        model_of(node("AveragePool", "x", kernel_shape=[2, 2], dilations=[2, 2])),
        "dilations are not supported",
    ),
    (
        model_of(
            node("QuantizeLinear", "x", "scale", "zero"), scale=np.float32(1), zero=np.int8(3)
        ),
        "the zero point must be 0 of int8, not int8 up to 3",
    ),
    (
        model_of(node("QuantizeLinear", "x", "scale"), scale=np.float32(1)),
        "expected a constant zero point",
    ),
]


@pytest.mark.parametrize("model", TAKEN, ids=lambda m: m.graph.node[-1].op_type)
def test_what_the_documentation_lists_is_taken(model):
    assert complaints(model) == []


@pytest.mark.parametrize(("model", "reason"), REFUSED, ids=[r for _, r in REFUSED])
def test_what_the_documentation_excludes_is_named(model, reason):
    found = complaints(model)
    assert len(found) == 1 and reason in found[0]


def test_only_the_first_output_of_a_layer_norm_is_taken():
    layer = helper.make_node("LayerNormalization", ["x", "s"], ["y", "mean"], "n")
    found = complaints(model_of(layer, s=np.ones(8, np.float32)))
    assert found == ["LayerNormalization n: only its first output is supported"]


def test_the_command_refuses_a_graph_by_its_name(tmp_path, capsys):
    onnx.save(model_of(node("Relu", "x")), tmp_path / "good.onnx")
    onnx.save(model_of(node("Det", "x")), tmp_path / "bad.onnx")
    main([str(tmp_path / "good.onnx")])
    assert "good.onnx: all operators are supported" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"for `bad.onnx` but received\n  Det n: the operator"):
        check(tmp_path / "bad.onnx")


def random_feed(path: Path) -> dict[str, np.ndarray]:
    """Inputs of a graph: random pictures and features."""
    rng = np.random.default_rng(0)
    feed = {}
    for value in onnx.load(path).graph.input:
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.elem_type == TensorProto.UINT8:
            feed[value.name] = rng.integers(0, 256, shape, np.uint8)
        else:
            feed[value.name] = rng.uniform(0, 1, shape).astype(np.float32)
    return feed


def test_all_five_graphs_in_explicit_form_are_taken(tmp_path):
    fp32, out = tmp_path / "fp32", tmp_path / "int8"
    out.mkdir()
    torch.manual_seed(0)
    with torch.no_grad():
        export_sonosam.export(SonoSamLite(depth=1).eval(), 64, fp32)
    export_deaot.export(export_deaot.load_model(None), fp32)
    feeds = {p.stem: [random_feed(p)] for p in fp32.glob("*.onnx")}
    assert len(feeds) == 5
    quantise_graphs(fp32, out, feeds, feeds, "tensorrt")  # raises where one is not taken
    for path in out.glob("*.onnx"):
        kinds = {n.op_type for n in onnx.load(path).graph.node}
        assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
        assert complaints(onnx.load(path)) == []
    # the CPU's form is another: TensorRT knows no dynamic quantisation
    quantise_graphs(fp32, out, feeds, ["deaot-memorize"], "cpu")
    assert any(
        "DynamicQuantize" in line for line in complaints(onnx.load(out / "deaot-memorize.onnx"))
    )
