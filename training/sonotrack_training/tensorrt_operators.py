"""What TensorRT's parser takes of a graph: ``python -m sonotrack_training.tensorrt_operators
GRAPH...`` names every node that it does not.

ONNX Runtime would run such a node elsewhere, and copy its tensors there and back on every frame.
Source: "Supported ONNX Operators" of the parser (repository onnx/onnx-tensorrt, docs/operators.md,
release 10.1, for TensorRT 10). Operators are listed whose restrictions are none, or checked here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

OPSETS = range(9, 21)
FLOAT = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16})
NUMBER = FLOAT | {TensorProto.INT32, TensorProto.INT64}
BOOL = frozenset({TensorProto.BOOL})
ANY = NUMBER | BOOL
INT8 = frozenset({TensorProto.INT8})

# By the types that their data may have
OF_FLOAT = """
AveragePool BatchNormalization Ceil Clip Conv ConvTranspose Cos Erf Exp Floor Gemm GlobalAveragePool
GroupNormalization HardSigmoid HardSwish InstanceNormalization LayerNormalization LeakyRelu Log
LogSoftmax MatMul Pow QuantizeLinear Reciprocal Resize Round Sigmoid Sin Softmax Softplus Sqrt Tanh
"""
OF_NUMBERS = """
Abs Add ArgMax ArgMin Div Equal Gelu Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Neg Pad
Range ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Sign Sub Sum TopK
"""
OF_BOOL = "And Not Or Xor"
OF_ANY = """
Concat Constant ConstantOfShape Expand Flatten Gather GatherElements GatherND Identity Reshape Shape
Slice Split Squeeze Tile Transpose Unsqueeze Where
"""
SUPPORTED: dict[str, frozenset[int]] = {
    **dict.fromkeys(OF_FLOAT.split(), FLOAT),
    **dict.fromkeys(OF_NUMBERS.split(), NUMBER),
    **dict.fromkeys(OF_BOOL.split(), BOOL),
    **dict.fromkeys(OF_ANY.split(), ANY),
    "Cast": ANY | {TensorProto.UINT8},  # 8-bit pictures enter a graph so, and only so
    "DequantizeLinear": INT8,
}
# The inputs that must be known when the engine is built
CONSTANT_INPUTS = {
    "Pad": [3],
    "ReduceMax": [1],
    "ReduceMean": [1],
    "ReduceMin": [1],
    "ReduceProd": [1],
    "ReduceSum": [1],
    "Slice": [3],
    "Squeeze": [1],
    "Unsqueeze": [1],
}
RESIZE = {
    "mode": {"nearest", "linear"},
    "coordinate_transformation_mode": {
        "half_pixel",
        "pytorch_half_pixel",
        "tf_half_pixel_for_nn",
        "asymmetric",
        "align_corners",
    },
    "nearest_mode": {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"},
    "keep_aspect_ratio_policy": {"stretch"},
    "antialias": {0},
}
MOST_TOP = 3840  # K of TopK stays below


class Graph:
    """A model's nodes with what the checks ask: types, and values of constants."""

    def __init__(self, model: onnx.ModelProto) -> None:
        graph = onnx.shape_inference.infer_shapes(model).graph
        self.nodes = graph.node
        self.inputs = {i.name for i in graph.input}
        self.types = {
            v.name: v.type.tensor_type.elem_type
            for v in [*graph.value_info, *graph.input, *graph.output]
        }
        self.constants: dict[str, TensorProto] = {t.name: t for t in graph.initializer}
        for node in self.nodes:
            if node.op_type == "Constant":
                found = [a.t for a in node.attribute if a.name == "value"]
                if found:
                    self.constants[node.output[0]] = found[0]
        self.types.update({n: t.data_type for n, t in self.constants.items()})

    def type_of(self, node: NodeProto) -> int:
        """Of the data: the first input, but for the operators whose first one is something else."""
        at = {"Where": 1}.get(node.op_type, 0)
        made = node.op_type in ("Constant", "ConstantOfShape", "Shape")
        return self.types.get(node.output[0] if made else node.input[at], TensorProto.UNDEFINED)

    def value(self, name: str) -> np.ndarray | None:
        """Of a constant; None for what is computed."""
        return numpy_helper.to_array(self.constants[name]) if name in self.constants else None


def attributes(node: NodeProto) -> dict:
    """By name; text as str."""
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in values.items()}


def resize(node: NodeProto, graph: Graph) -> Iterator[str]:
    for name, value in attributes(node).items():
        if name in RESIZE and value not in RESIZE[name]:
            yield f"{name} {value!r} is not supported"


def average_pool(node: NodeProto, graph: Graph) -> Iterator[str]:
    given = attributes(node)
    if len(given["kernel_shape"]) not in (2, 3):
        yield "only 2-D and 3-D pooling is supported"
    if any(d != 1 for d in given.get("dilations", [])):
        yield "dilations are not supported"


def layer_normalization(node: NodeProto, graph: Graph) -> Iterator[str]:
    if len([o for o in node.output if o]) > 1:
        yield "only its first output is supported"


def top_k(node: NodeProto, graph: Graph) -> Iterator[str]:
    if attributes(node).get("sorted", 1) != 1:
        yield "sorted must be 1"
    count = graph.value(node.input[1])
    if count is None or int(count.max()) >= MOST_TOP:
        yield f"K must be a constant below {MOST_TOP}"


def quantisation(node: NodeProto, graph: Graph) -> Iterator[str]:
    zero = graph.value(node.input[2]) if len(node.input) > 2 else None
    if zero is None:
        yield "expected a constant zero point"
    elif zero.dtype != np.int8 or zero.any():
        yield f"the zero point must be 0 of int8, not {zero.dtype} up to {int(zero.max())}"


def cast(node: NodeProto, graph: Graph) -> Iterator[str]:
    given = graph.types.get(node.input[0])
    if given == TensorProto.UINT8 and node.input[0] not in graph.inputs:
        yield "uint8 is supported as an input of the graph only"
    if attributes(node)["to"] not in ANY:
        yield f"cannot cast to {helper.tensor_dtype_to_string(attributes(node)['to'])}"


RULES: dict[str, Callable[[NodeProto, Graph], Iterator[str]]] = {
    "AveragePool": average_pool,
    "Cast": cast,
    "DequantizeLinear": quantisation,
    "LayerNormalization": layer_normalization,
    "QuantizeLinear": quantisation,
    "Resize": resize,
    "TopK": top_k,
}


def of_node(node: NodeProto, graph: Graph) -> Iterator[str]:
    if node.domain not in ("", "ai.onnx"):
        yield f"operators of the domain {node.domain} are not supported"
        return
    if node.op_type not in SUPPORTED:
        yield "the operator is not supported"
        return
    given = graph.type_of(node)
    if given not in SUPPORTED[node.op_type]:
        yield f"the type {helper.tensor_dtype_to_string(given)} is not supported"
    for at in CONSTANT_INPUTS.get(node.op_type, []):
        if at < len(node.input) and node.input[at] and graph.value(node.input[at]) is None:
            yield f"input {at} must be a constant"
    if node.op_type in RULES:
        yield from RULES[node.op_type](node, graph)


def complaints(model: onnx.ModelProto) -> list[str]:
    """What TensorRT does not take of ``model``, a line each; none when it takes all."""
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    found = [] if opset in OPSETS else [f"opset {opset}: 9 to 20 are supported"]
    graph = Graph(model)
    for node in graph.nodes:
        found += [f"{node.op_type} {node.name}: {reason}" for reason in of_node(node, graph)]
    return found


def check(path: Path) -> None:
    """Raises ValueError where TensorRT does not take all of the graph at ``path``."""
    found = complaints(onnx.load(path))
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise ValueError(f"expected what TensorRT takes for `{path.name}` but received\n{lines}")


def main(argv: list[str] | None = None) -> None:
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("graphs", type=Path, nargs="+")
    for path in p.parse_args(argv).graphs:
        check(path)
        print(f"{path}: all operators are supported")


if __name__ == "__main__":
    main()
