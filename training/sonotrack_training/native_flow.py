"""The dense flow of the native runtime (`native/core/dis_flow.h`), for training and for measuring it.

Compiled once from the sources beside which it lies, into the build folder; needs a C++17 compiler.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
COMPILE = ["c++", "-std=c++17", "-O3", "-march=native", "-fPIC", "-shared", "-fno-plt"]


def _sources() -> list[Path]:
    abi = Path(__file__).parent / "native" / "dis_flow_abi.cc"
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
