import hashlib
import json

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from sonotrack_training.model_card import model_card
from sonotrack_training.quantise import quantise, quantise_explicitly, static_nodes


def conv_then_linear(path) -> None:
    """f32[1,3,8,8] → convolution, ReLU, convolution → [1,4·64] → linear [1,5]."""
    rng = np.random.default_rng(0)

    def weight(name, *shape):
        values = rng.normal(0, 0.3, shape).astype(np.float32)
        return helper.make_tensor(name, TensorProto.FLOAT, shape, values.tobytes(), raw=True)

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], "first", pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("Conv", ["b", "w2"], ["c"], "second", pads=[1] * 4),
        helper.make_node("Flatten", ["c"], ["d"], "flatten"),
        helper.make_node("MatMul", ["d", "w3"], ["e"], "linear"),
        helper.make_node("Add", ["e", "b3"], ["y"], "bias"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5])],
        [weight("w1", 8, 3, 3, 3), weight("w2", 4, 8, 3, 3), weight("w3", 256, 5), weight("b3", 5)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, path)


def test_data_stay_int8_between_two_convolutions(tmp_path):
    conv_then_linear(tmp_path / "g.onnx")
    assert static_nodes(onnx.load(tmp_path / "g.onnx").graph) == ["first", "relu", "second"]


def test_the_quantised_graph_answers_nearly_as_the_float_one(tmp_path):
    source, target = tmp_path / "g.onnx", tmp_path / "q.onnx"
    conv_then_linear(source)
    rng = np.random.default_rng(1)
    feeds = [{"x": rng.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)} for _ in range(8)]
    quantise(source, target, feeds)
    ops = {n.op_type for n in onnx.load(target).graph.node}
    assert "QuantizeLinear" in ops and "MatMulInteger" in ops
    a, b = (ort.InferenceSession(str(p)).run(None, feeds[0])[0] for p in (source, target))
    assert 0 < np.abs(a - b).max() < 0.1 * np.abs(a).max()


def test_a_layer_is_kept_in_float_also_where_its_bias_is_fused(tmp_path):
    source, target = tmp_path / "g.onnx", tmp_path / "q.onnx"
    conv_then_linear(source)
    feeds = [{"x": np.ones((1, 3, 8, 8), np.float32)}]
    quantise(source, target, feeds, keep_float=("linear",))
    ops = {n.op_type for n in onnx.load(target).graph.node}
    assert "QuantizeLinear" in ops and "MatMulInteger" not in ops


def test_the_graph_for_tensorrt_is_explicit_and_symmetric(tmp_path):
    source, target = tmp_path / "g.onnx", tmp_path / "q.onnx"
    conv_then_linear(source)
    rng = np.random.default_rng(1)
    feeds = [{"x": rng.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)} for _ in range(8)]
    quantise_explicitly(source, target, feeds)
    model = onnx.load(target)
    assert {i.domain for i in model.opset_import} <= {"", "ai.onnx"}
    assert all(n.domain in ("", "ai.onnx") for n in model.graph.node)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    pairs = [n for n in model.graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    zero_points = [constants[n.input[2]] for n in pairs]
    assert len(pairs) >= 9 and all(z.dtype == np.int8 and not z.any() for z in zero_points)
    made_by = {o: n.op_type for n in model.graph.node for o in n.output}
    linear = [n for n in model.graph.node if n.op_type in ("Conv", "MatMul", "Gemm")]
    assert len(linear) == 3
    assert all(made_by[i] == "DequantizeLinear" for n in linear for i in n.input[:2])
    a, b = (ort.InferenceSession(str(p)).run(None, feeds[0])[0] for p in (source, target))
    assert 0 < np.abs(a - b).max() < 0.1 * np.abs(a).max()


def test_the_card_names_data_licences_and_hashes():
    digest = hashlib.sha256(b"x").hexdigest()
    card = model_card(
        {
            "name": "lite",
            "version": "0.1.0",
            "precision": "int8",
            "sonosam": {"inputSizePx": 256},
            "deaot": {"inputSizePx": 256, "objectSlots": 10},
            "trainingData": [{"set": "hc18", "images": 3, "licence": "CC BY 4.0", "citation": "v"}],
            "metrics": json.loads(
                '{"clicks": {"bySet": {"busi": {"images": 1, "objects": 2, "boxDsc": 0.5,'
                ' "maxDsc": 0.95, "over80ByClick": [0, 0, 0, 0, 0.75],'
                ' "dscAt": {"1": 0.1, "2": 0.2, "3": 0.3, "5": 0.5, "10": 0.9}}}}}'
            ),
            "files": {"a.onnx": {"bytes": 1, "sha256": digest}},
        }
    )
    assert "| hc18 | 3 | CC BY 4.0 | v |" in card and digest in card
    assert "| busi | 1 | 2 | 0.100 | 0.200 | 0.300 | 0.500 | 0.900 | 0.950 | 0.75 | 0.500 |" in card
