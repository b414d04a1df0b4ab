"""INT8 graphs, by the family of execution providers that runs them.

For the CPU (`quantise`): convolutions become static QDQ (unsigned activations, signed weights per channel); linear layers become
DynamicQuantizeMatMul, which needs no calibration and is the fastest form there; the attention's own products, softmax,
norms and GELU stay in float (docs/explanation/int8.md has the measurements).

For TensorRT (`quantise_explicitly`): explicit QDQ around convolutions and linear layers, symmetric, signed, and no operator
of ONNX Runtime's own domain.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

Feed = dict[str, np.ndarray]
LINEAR = ["Conv", "MatMul", "Gemm"]


class Feeds(CalibrationDataReader):
    """Hands the inputs over one by one: the calibrator would otherwise hold every layer of all of them at once."""

    def __init__(self, feeds: Iterable[Feed]):
        self.feeds = list(feeds)
        self.waiting = iter(self.feeds)

    def __len__(self) -> int:
        return len(self.feeds)

    def set_range(self, start_index: int, end_index: int) -> None:
        self.waiting = iter(self.feeds[start_index:end_index])

    def get_next(self) -> Feed | None:
        return next(self.waiting, None)


def static_nodes(graph: onnx.GraphProto) -> list[str]:
    """Convolutions, and the clips and sums that lie between two of them, so that data stay INT8 from one to the next."""
    producer = {o: n for n in graph.node for o in n.output}
    consumers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)
    joined = {"Conv", "Clip", "Relu", "Add"}

    def between(node: onnx.NodeProto) -> bool:
        before = [producer[i].op_type for i in node.input if i in producer]
        after = [n.op_type for o in node.output for n in consumers.get(o, [])]
        return bool(before and after) and all(op in joined for op in before + after)

    return [
        n.name
        for n in graph.node
        if n.op_type == "Conv" or (n.op_type in ("Clip", "Relu", "Add") and between(n))
    ]


def quantise(
    source: Path, target: Path, feeds: Iterable[Feed], keep_float: Iterable[str] = ()
) -> None:
    """FP32 graph `source` → INT8 graph `target`; `feeds` are real inputs. `keep_float`: node name prefixes left alone."""
    with tempfile.TemporaryDirectory() as folder:
        prepared, static = Path(folder) / "prepared.onnx", Path(folder) / "static.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        skip = tuple(keep_float)
        nodes = [n for n in static_nodes(graph) if not (skip and n.startswith(skip))]
        quantize_static(
            str(prepared),
            str(static),
            Feeds(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Clip", "Relu", "Add"],
            nodes_to_quantize=nodes,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"CalibStridedMinMax": 1},
        )
        partial = target.with_suffix(".partial")
        quantize_dynamic(
            str(static),
            str(partial),
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # what was fused with its bias is taken apart again under another name first
            nodes_to_exclude=[
                n.name + part for n in graph.node if skip and n.name.startswith(skip) for part in ("", "_MatMul")
            ],
        )
        onnx.checker.check_model(str(partial))
        partial.replace(target)


def quantise_explicitly(
    source: Path, target: Path, feeds: Iterable[Feed], keep_float: Iterable[str] = ()
) -> None:
    """As `quantise`, in the form that TensorRT takes: zero points 0, int8 activations and weights, float biases."""
    skip = tuple(keep_float)
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        partial = target.with_suffix(".partial")
        quantize_static(
            str(prepared),
            str(partial),
            Feeds(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=LINEAR,
            nodes_to_exclude=[n.name for n in nodes if skip and n.name.startswith(skip)],
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
                "MatMulConstBOnly": True,  # the attention's own products stay in float
                "OpTypesToExcludeOutputQuantization": LINEAR,
                "CalibStridedMinMax": 1,
            },
        )
        model = onnx.load(partial)
        used = {n.domain for n in model.graph.node}
        for declared in [i for i in model.opset_import if i.domain not in used]:
            model.opset_import.remove(declared)
        onnx.checker.check_model(model)
        onnx.save(model, partial)
        partial.replace(target)


FAMILIES = {"cpu": quantise, "tensorrt": quantise_explicitly}
