"""Writes sam-encoder.onnx and sam-decoder.onnx: the layout of SAM's export, with an answer that can be worked out by hand.

The encoder gives the mean of each 16 × 16 block of the normalised picture in all 256 channels. The decoder's mask is a disc
around each foreground point, 100 px in the encoder's 1024 px square and wider by the mean of the embeddings, or the box. Its
predicted IoU is 0.5, and 1.0 when a mask is given back.

    python sam_onnx.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F = TensorProto.FLOAT
IR, OPSET = 9, 17


def save(path, nodes, inputs, outputs, constants):
    values = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    info = [helper.make_tensor_value_info(n, F, s) for n, s in inputs]
    out = [helper.make_tensor_value_info(n, F, s) for n, s in outputs]
    graph = helper.make_graph(nodes, path.stem, info, out, values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], **attributes)


def encoder(path):
    save(
        path,
        [
            node("AveragePool", ["images"], "blocks", kernel_shape=[16, 16], strides=[16, 16]),
            node("ReduceMean", ["blocks"], "gray", axes=[1], keepdims=1),
            node("Expand", ["gray", "shape"], "image_embeddings"),
        ],
        [("images", [1, 3, 1024, 1024])],
        [("image_embeddings", [1, 256, 64, 64])],
        {"shape": np.array([1, 256, 64, 64], np.int64)},
    )


def decoder(path):
    i64 = lambda *v: np.array(v, np.int64)  # noqa: E731
    nodes = [
        # pixel centres of the picture, in the encoder's square: f32[H, W]
        node("Cast", ["orig_im_size"], "size", to=TensorProto.INT64),
        node("Split", ["size"], "h", num_outputs=2),
    ]
    nodes[-1] = helper.make_node("Split", ["size"], ["h1", "w1"], axis=0)
    nodes += [
        node("Squeeze", ["h1", "axis0"], "h"),
        node("Squeeze", ["w1", "axis0"], "w"),
        node("Range", ["zero", "h", "one"], "rows"),
        node("Range", ["zero", "w", "one"], "columns"),
        node("ReduceMax", ["orig_im_size"], "longest", keepdims=0),
        node("Div", ["side", "longest"], "scale"),
        node("Cast", ["rows"], "rows_f", to=F),
        node("Cast", ["columns"], "columns_f", to=F),
        node("Mul", ["rows_f", "scale"], "y1"),
        node("Mul", ["columns_f", "scale"], "x1"),
        node("Unsqueeze", ["y1", "axis_y"], "y"),  # [1, H, 1]
        node("Unsqueeze", ["x1", "axis_x"], "x"),  # [1, 1, W]
        # points: [N, 1, 1]
        node("Transpose", ["point_coords"], "turned", perm=[2, 1, 0]),  # [2, N, 1]
        node("Gather", ["turned", "i0"], "px1", axis=0),
        node("Gather", ["turned", "i1"], "py1", axis=0),
        node("Unsqueeze", ["px1", "axis2"], "px"),
        node("Unsqueeze", ["py1", "axis2"], "py"),
        node("Transpose", ["point_labels"], "labels1", perm=[1, 0]),
        node("Unsqueeze", ["labels1", "axis2"], "labels"),
        # discs
        node("Sub", ["x", "px"], "dx"),
        node("Sub", ["y", "py"], "dy"),
        node("Mul", ["dx", "dx"], "dx2"),
        node("Mul", ["dy", "dy"], "dy2"),
        node("Add", ["dx2", "dy2"], "d2"),
        node("Sqrt", ["d2"], "d"),
        node("ReduceMean", ["image_embeddings"], "level", keepdims=0),
        node("Add", ["radius", "level"], "r"),
        node("Sub", ["r", "d"], "disc"),
        node("Equal", ["labels", "fore"], "is_fore"),
        node("Where", ["is_fore", "disc", "far"], "discs"),
        node("ReduceMax", ["discs"], "union", axes=[0], keepdims=1),
        # the box: inside of both corners
        node("Equal", ["labels", "start"], "is_start"),
        node("Min", ["dx", "dy"], "after"),
        node("Where", ["is_start", "after", "far"], "afters"),
        node("ReduceMax", ["afters"], "after_box", axes=[0], keepdims=1),
        node("Equal", ["labels", "end"], "is_end"),
        node("Max", ["dx", "dy"], "beyond"),
        node("Neg", ["beyond"], "before"),
        node("Where", ["is_end", "before", "far"], "befores"),
        node("ReduceMax", ["befores"], "before_box", axes=[0], keepdims=1),
        node("Min", ["after_box", "before_box"], "box_open"),
        node("Add", ["box_open", "rim"], "box"),
        node("Max", ["union", "box"], "mask"),
        node("Unsqueeze", ["mask", "axis0"], "masks"),
        node("Mul", ["has_mask_input", "half"], "bonus"),
        node("Add", ["bonus", "half"], "iou"),
        node("Unsqueeze", ["iou", "axis0"], "iou_predictions"),
        node("Add", ["mask_input", "unit"], "low_res_masks"),
    ]
    save(
        path,
        nodes,
        [
            ("image_embeddings", [1, 256, 64, 64]),
            ("point_coords", [1, "n", 2]),
            ("point_labels", [1, "n"]),
            ("mask_input", [1, 1, 256, 256]),
            ("has_mask_input", [1]),
            ("orig_im_size", [2]),
        ],
        [
            ("masks", [1, 1, "h", "w"]),
            ("iou_predictions", [1, 1]),
            ("low_res_masks", [1, 1, 256, 256]),
        ],
        {
            "axis0": i64(0),
            "axis2": i64(2),
            "axis_y": i64(0, 2),
            "axis_x": i64(0, 1),
            "zero": np.array(0, np.int64),
            "one": np.array(1, np.int64),
            "i0": np.array(0, np.int64),
            "i1": np.array(1, np.int64),
            "side": np.float32(1024),
            "radius": np.float32(100),
            "rim": np.float32(0.5),
            "half": np.array([0.5], np.float32),
            "unit": np.float32(1),
            "fore": np.float32(1),
            "start": np.float32(2),
            "end": np.float32(3),
            "far": np.float32(-1e9),
        },
    )


folder = Path(sys.argv[1])
encoder(folder / "sam-encoder.onnx")
decoder(folder / "sam-decoder.onnx")
