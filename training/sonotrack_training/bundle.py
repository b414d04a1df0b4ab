"""Makes a model bundle: `python -m sonotrack_training.bundle --fp32 DIR --data DIR --out ../models/lite`.

`--fp32` holds the five exported graphs. With `--precision int8` (default) they are quantised on training pictures; with
`fp32` they are copied, for measuring what INT8 costs. Writes the graphs, `manifest.json` with the hash of every file, and
the model card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import onnx

from .calibration import deaot_feeds, sonosam_decoder_feeds, sonosam_encoder_feeds
from .click_loop import MAX_POINTS
from .data.samples import Sample, load_samples
from .model_card import model_card
from .quantise import FAMILIES, Feed
from .run_log import write_json, write_text
from .tensorrt_operators import check as check_for_tensorrt

SONOSAM = ("sonosam-encoder", "sonosam-decoder")
DEAOT = ("deaot-encoder", "deaot-memorize", "deaot-propagate")
GRAPHS = {"sonosam": SONOSAM, "deaot": DEAOT}
# A few dozen tokens cost next to nothing in float, and every pixel of a mask depends on them.
KEEP_FLOAT = {"sonosam-decoder": ("/decoder/blocks.0/token_", "/decoder/blocks.1/token_", "/decoder/weights")}
# Of the DSC that SonoSAMLite expects after corrective clicks, and what it is (docs/results/followed.json: `expected+k`, `+k`):
# (1 - truth) / (1 - expected), the mean of 1, 2 and 5 clicks. It learnt from clicks anywhere on an error; people click on its
# middle.
SCORE_DOUBT = 0.8
# The same of masks that the tracker takes over from such answers and goes on with: with it they are on average what they are
# expected to be (docs/results/local-change.json: `followed`).
CORRECTION_DOUBT = 0.5
ASK_BELOW = 0.9  # the paper intervenes below a DSC of 0.90 (§4.3)


def feeds_of(model: str, fp32: Path, samples: list[Sample]) -> Mapping[str, Iterable[Feed]]:
    """Real inputs of every graph of one model."""
    if model == "sonosam":
        size = input_side(fp32 / "sonosam-encoder.onnx", "image")
        return {
            "sonosam-encoder": sonosam_encoder_feeds(samples, size),
            "sonosam-decoder": sonosam_decoder_feeds(fp32, samples, size),
        }
    feeds: dict[str, list[Feed]] = {name: [] for name in DEAOT}
    for name, feed in deaot_feeds(fp32, samples):
        feeds[name].append(feed)
    return feeds


def quantise_graphs(
    fp32: Path, out: Path, feeds: Mapping[str, Iterable[Feed]], names: Iterable[str], family: str
) -> None:
    """Those of `names` that `feeds` has. Raises ValueError for a graph that its family of execution providers does not take."""
    for name in [n for n in feeds if n in names]:
        keep = KEEP_FLOAT.get(name, ())
        FAMILIES[family](fp32 / f"{name}.onnx", out / f"{name}.onnx", feeds[name], keep)
        if family == "tensorrt":
            check_for_tensorrt(out / f"{name}.onnx")


def input_side(path: Path, name: str) -> int:
    """The last dimension of a graph's input."""
    graph = onnx.load(path, load_external_data=False).graph
    shape = next(i for i in graph.input if i.name == name).type.tensor_type.shape
    return shape.dim[-1].dim_value


def training_data(data: Path) -> list[dict[str, str | int]]:
    rows: list[dict[str, str | int]] = []
    for meta in sorted(data.glob("*/meta.json")):
        info = json.loads(meta.read_text())
        images = len(list((meta.parent / "images").glob("*.png")))
        rows.append(
            {
                "set": meta.parent.name,
                "images": images,
                "licence": info["licence"],
                "citation": info["citation"],
            }
        )
    return rows


def manifest(out: Path, args: argparse.Namespace) -> dict:
    encoder = out / "sonosam-encoder.onnx"
    size = input_side(encoder, "image")
    mask = input_side(out / "sonosam-decoder.onnx", "previous")
    deaot_mask = input_side(out / "deaot-memorize.onnx", "masks")
    metrics = {p.stem: json.loads(p.read_text()) for p in args.metrics}
    graphs = sorted(out.glob("*.onnx"))
    return {
        "schemaVersion": 1,
        "name": args.name,
        "version": args.version,
        "precision": args.precision,
        "opset": onnx.load(encoder, load_external_data=False).opset_import[0].version,
        "minimumRuntime": "0.1.0",
        "sonosam": {
            "encoder": "sonosam-encoder.onnx",
            "decoder": "sonosam-decoder.onnx",
            "inputSizePx": size,
            "maskSizePx": mask,
            "maxPoints": MAX_POINTS,
            "scoreDoubt": SCORE_DOUBT,
            "correctionDoubt": CORRECTION_DOUBT,
        },
        "deaot": {
            "encoder": "deaot-encoder.onnx",
            "memorize": "deaot-memorize.onnx",
            "propagate": "deaot-propagate.onnx",
            "inputSizePx": input_side(out / "deaot-encoder.onnx", "image"),
            "maskSizePx": deaot_mask,
            "objectSlots": 10,
            "referenceSlots": 2,
            "askBelow": ASK_BELOW,
        },
        "files": {
            g.name: {
                "sha256": hashlib.sha256(g.read_bytes()).hexdigest(),
                "bytes": g.stat().st_size,
            }
            for g in graphs
        },
        "trainingData": training_data(args.data),
        "metrics": metrics,
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--fp32", type=Path, required=True, help="folder with the five exported graphs")
    p.add_argument("--data", type=Path, required=True, help="folder that holds the training sets")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--name", default="lite")
    p.add_argument("--version", default="0.1.0")
    p.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    p.add_argument(
        "--family", choices=list(FAMILIES), default="cpu", help="execution providers that INT8 is made for"
    )
    p.add_argument(
        "--graphs",
        nargs="+",
        choices=[*GRAPHS, *SONOSAM, *DEAOT],
        default=list(GRAPHS),
        help="all of a model, or single ones; the others are kept as they are",
    )
    p.add_argument("--metrics", type=Path, nargs="*", default=[], help="JSON files of measured figures")
    p.add_argument("--card-only", action="store_true", help="keep the graphs, renew manifest and card")
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    names = [n for given in args.graphs for n in GRAPHS.get(given, (given,))]
    if not args.card_only:
        if args.precision == "int8":
            samples = load_samples(args.data, "validation")
            for model in [m for m in GRAPHS if set(GRAPHS[m]) & set(names)]:
                feeds = feeds_of(model, args.fp32, samples)
                quantise_graphs(args.fp32, args.out, feeds, names, args.family)
        else:
            for name in names:
                shutil.copyfile(args.fp32 / f"{name}.onnx", args.out / f"{name}.onnx")
    contents = manifest(args.out, args)
    write_json(args.out / "manifest.json", contents)
    write_text(args.out / "MODEL_CARD.md", model_card(contents))


if __name__ == "__main__":
    main()
