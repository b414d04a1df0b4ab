"""The flow of the native runtime (`native/core/dis_flow.h`, `anchored_flow.h`), for training and for measuring it.

Compiled once from the sources beside which it lies, into the build folder; needs a C++17 compiler.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
COMPILE = ["c++", "-std=c++17", "-O3", "-march=native", "-fPIC", "-shared", "-fno-plt"]


def _sources() -> list[Path]:
    abi = Path(__file__).parent / "native" / "flow_abi.cc"
    return [abi, *sorted((ROOT / "native" / "core").glob("*.cc"))]


@functools.cache
def _library() -> ctypes.CDLL:
    headers = sorted((ROOT / "native" / "core").glob("*.h"))
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in [*_sources(), *headers])).hexdigest()
    path = ROOT / "build" / "training" / f"flow-{digest[:16]}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        command = [*COMPILE, f"-I{ROOT / 'native'}", *map(str, _sources()), "-o", str(partial)]
        subprocess.run(command, check=True)
        partial.replace(path)
    library = ctypes.CDLL(str(path))
    library.sonotrack_flow_create.restype = ctypes.c_void_p
    library.sonotrack_flow_create.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p]
    library.sonotrack_flow_compute.argtypes = [ctypes.c_void_p] * 5
    library.sonotrack_flow_free.argtypes = [ctypes.c_void_p]
    library.sonotrack_anchors_create.restype = ctypes.c_void_p
    library.sonotrack_anchors_create.argtypes = [ctypes.c_int, *4 * [ctypes.c_float]]
    library.sonotrack_anchors_start.argtypes = 2 * [ctypes.c_void_p]
    library.sonotrack_anchors_set.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    library.sonotrack_anchors_follow.argtypes = 3 * [ctypes.c_void_p]
    library.sonotrack_anchors_found.restype = ctypes.c_bool
    library.sonotrack_anchors_found.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        *3 * [ctypes.POINTER(ctypes.POINTER(ctypes.c_float))],
    ]
    library.sonotrack_anchors_free.argtypes = [ctypes.c_void_p]
    return library


class NativeFlow:
    """Flow between gray pictures u8[H, W] of one size; not for two threads at once.

    ``options`` are fields of the C++ options, as ``"finest_scale=1 alpha=30"``. Raises ValueError for
    an unknown name or a value out of range.
    """

    def __init__(self, height: int, width: int, options: str = "") -> None:
        self.shape = (height, width)
        self.handle = _library().sonotrack_flow_create(width, height, options.encode())
        if not self.handle:
            raise ValueError(f"expected settings of the flow but received {options!r} at {self.shape}")

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            _library().sonotrack_flow_free(self.handle)

    def __call__(
        self, present: np.ndarray, before: np.ndarray, initial: np.ndarray | None = None
    ) -> np.ndarray:
        """f32[H, W, 2] in px, x first, on ``present``: where its tissue was in ``before``."""
        pictures = [np.ascontiguousarray(p, np.uint8) for p in (present, before)]
        for picture in pictures:
            if picture.shape != self.shape:
                raise ValueError(f"expected a picture {self.shape} but received {picture.shape}")
        out = np.empty((*self.shape, 2), np.float32)
        start = None if initial is None else np.ascontiguousarray(initial, np.float32)
        if start is not None and start.shape != out.shape:
            raise ValueError(f"expected an initial flow {out.shape} but received {start.shape}")
        pointers = [p.ctypes.data for p in (*pictures, out)]
        _library().sonotrack_flow_compute(
            self.handle, *pointers, None if start is None else start.ctypes.data
        )
        return out


class Found(NamedTuple):
    """Of a frame into one of its sources, on S px: ``flow`` f32[S, S, 2] px, x first; ``match`` f32[S, S], -1 to 1;
    ``variance`` f32[S, S] px²."""

    flow: np.ndarray
    match: np.ndarray
    variance: np.ndarray


class NativeAnchors:
    """`AnchoredFlow` of one stream of frames u8[S, S]; not for two threads at once.

    ``variances``: of a step, of a mismatch, of a measurement into an anchor. ``jump_match``: the mean match below which a step
    is searched anew.
    """

    SOURCES = 3  # the frame before, and two anchors

    def __init__(
        self,
        side: int,
        variances: tuple[float, float, float] = (0.005, 0.05, 16.0),
        jump_match: float = 0.4,
    ) -> None:
        self.search = NativeFlow(side, side)
        self.handle = _library().sonotrack_anchors_create(side, *variances, jump_match)

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            _library().sonotrack_anchors_free(self.handle)

    def _picture(self, frame: np.ndarray) -> np.ndarray:
        if frame.shape != self.search.shape or frame.dtype != np.uint8:
            raise ValueError(f"expected u8{self.search.shape} but received {frame.dtype}{frame.shape}")
        return np.ascontiguousarray(frame)

    def start(self, frame: np.ndarray) -> None:
        """A stream begins; ``frame`` is anchor 0."""
        _library().sonotrack_anchors_start(self.handle, self._picture(frame).ctypes.data)

    def set_anchor(self, index: int) -> None:
        """The frame last followed becomes anchor ``index``."""
        _library().sonotrack_anchors_set(self.handle, index)

    def follow(self, frame: np.ndarray) -> list[Found | None]:
        """What was found of the next frame into every source; None for an anchor that is not set."""
        picture = self._picture(frame)
        _library().sonotrack_anchors_follow(self.handle, picture.ctypes.data, self.search.handle)
        return [self._found(i) for i in range(self.SOURCES)]

    def _found(self, index: int) -> Found | None:
        maps = [ctypes.POINTER(ctypes.c_float)() for _ in Found._fields]
        if not _library().sonotrack_anchors_found(self.handle, index, *map(ctypes.byref, maps)):
            return None
        height, width = self.search.shape
        shapes = [(height, width, 2), (height, width), (height, width)]
        return Found(
            *(np.ctypeslib.as_array(m, s).copy() for m, s in zip(maps, shapes, strict=True))
        )
