"""The clips that tracking is measured on: ``python -m sonotrack_training.evaluation_clips --data
DATA --out DIR`` writes them as folders, so that other programs track the same frames.

``DIR/PART/CLIP/frames/ID.png`` with ``masks/ID.png``. Parts: ``loops``, cine loops as they are;
``long``, the same many times over, with speckle of its own on every frame; ``pairs``, end-diastole
to end-systole in one step; ``thyroid``, a clip whose truth jumps.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from .data.clips import speckle

PARTS = ("loops", "long", "pairs", "thyroid")
GRAIN = 1.0  # px of the frame, of the speckle that is laid on


@dataclass(frozen=True)
class LabelledClip:
    """``frames`` u8[H, W] and ``labels`` u8[H, W] (0 background) of one clip."""

    name: str
    frames: list[np.ndarray]
    labels: list[np.ndarray]


def read_clip(folder: Path) -> LabelledClip:
    """A folder with ``frames/ID.png`` and ``masks/ID.png``."""
    names = sorted(p.name for p in (folder / "frames").glob("*.png"))
    frames = [np.asarray(Image.open(folder / "frames" / n).convert("L")) for n in names]
    labels = [np.asarray(Image.open(folder / "masks" / n)) for n in names]
    return LabelledClip(folder.name, frames, labels)


def write_clip(clip: LabelledClip, folder: Path) -> None:
    """As `read_clip` reads it; the folder's own name is its choice."""
    for name, images in (("frames", clip.frames), ("masks", clip.labels)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(images):
            Image.fromarray(image).save(folder / name / f"{i:05}.png", compress_level=1)


def read_pairs(root: Path) -> Iterator[LabelledClip]:
    """The end-diastolic and end-systolic frames listed in ``camus_ed_es_pairs.json``, as clips of
    two frames."""
    for name, *ids in json.loads((root / "camus_ed_es_pairs.json").read_text()):
        frames = [
            np.asarray(Image.open(root / name / "images" / f"{i}.png").convert("L")) for i in ids
        ]
        labels = [np.asarray(Image.open(root / name / "masks" / f"{i}.png")) for i in ids]
        if frames[0].shape != frames[1].shape:  # the two frames of a pair may differ by a row
            size = frames[0].shape[::-1]
            frames[1] = cv2.resize(frames[1], size, interpolation=cv2.INTER_AREA)
            labels[1] = cv2.resize(labels[1], size, interpolation=cv2.INTER_NEAREST)
        yield LabelledClip(ids[0], frames, labels)


def repeated(clip: LabelledClip, cycles: int, noise: float) -> LabelledClip:
    """``clip`` over and over; every frame but the first, whose masks are given, with multiplicative
    speckle of strength ``noise`` of its own. The same on every call."""
    rng = np.random.default_rng([1, *clip.name.encode()])
    frames = []
    for frame in clip.frames * cycles:
        high, wide = frame.shape
        field = speckle(rng, max(high, wide), GRAIN)[:high, :wide] if frames else 0
        frames.append(np.clip(frame * (1 + noise * field), 0, 255).astype(np.uint8))
    return LabelledClip(clip.name, frames, clip.labels * cycles)


@dataclass(frozen=True)
class Selection:
    """How much of the data is taken."""

    loops: int = 12
    pairs: int = 100
    cycles: int = 10  # of the part long
    noise: float = 0.2  # speckle of the part long


def clips_of(part: str, data: Path, selection: Selection) -> Iterator[LabelledClip]:
    """One part's clips, each made when it is asked for; ``data`` holds ``clips/labelled`` and
    ``eval``. Raises ValueError for another part."""
    labelled = data / "clips/labelled"
    if part in ("loops", "long"):
        for folder in sorted(labelled.glob("loop_*"))[: selection.loops]:
            clip = read_clip(folder)
            yield clip if part == "loops" else repeated(clip, selection.cycles, selection.noise)
    elif part == "pairs":
        for i, clip in enumerate(read_pairs(data / "eval")):
            if i < selection.pairs:
                yield clip
    elif part == "thyroid":
        yield read_clip(labelled / "Train_0002")
    else:
        raise ValueError(f"expected one of {', '.join(PARTS)} for `part` but received {part!r}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a program that reads the clips."""
    parser.add_argument("--data", type=Path, required=True, help="holds clips/ and eval/")
    parser.add_argument("--parts", default="loops,pairs,thyroid", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--loops", type=int, default=Selection.loops)
    parser.add_argument("--pairs", type=int, default=Selection.pairs)
    parser.add_argument("--cycles", type=int, default=Selection.cycles, help="of the part long")
    parser.add_argument("--noise", type=float, default=Selection.noise, help="of the part long")


def selection_of(a: argparse.Namespace) -> Selection:
    """What `add_arguments` read."""
    return Selection(a.loops, a.pairs, a.cycles, a.noise)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    for part in a.parts.split(","):
        for clip in clips_of(part, a.data, selection_of(a)):
            write_clip(clip, a.out / part / clip.name)


if __name__ == "__main__":
    main()
