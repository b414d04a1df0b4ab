"""Runs the exported tracker graphs on a clip, as the engines do (docs/reference/graphs.md); the
state lives here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime


class OnnxTracker:
    """The three graphs under ``folder`` on the CPU; ``start`` once, then ``track`` frame by
    frame."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._encode, self._memorize, self._propagate = (
            onnxruntime.InferenceSession(
                str(folder / f"deaot-{name}.onnx"), options, ["CPUExecutionProvider"]
            )
            for name in ("encoder", "memorize", "propagate")
        )

    def start(self, image: np.ndarray, masks: np.ndarray, active: np.ndarray) -> None:
        """``image`` u8[S, S]; ``masks`` f32[N, M, M], sum 1; ``active`` f32[N]."""
        self._image, self._masks, self._active = (
            image[None, None],
            masks[None].astype(np.float32),
            active,
        )
        self._features = self._encode.run(None, {"image": self._image})
        memory = self._memory()
        self._references = np.concatenate([memory, np.zeros_like(memory)])
        self._valid = np.array([1, 0], np.float32)

    def _memory(self) -> np.ndarray:
        return self._memorize.run(None, {"features16": self._features[0], "masks": self._masks})[0]

    def track(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``image`` u8[S, S] -> masks f32[N, M, M] and quality f32[N]."""
        memory, before, self._image = self._memory(), self._image, image[None, None]
        self._features = self._encode.run(None, {"image": self._image})
        self._masks, quality = self._propagate.run(
            None,
            {
                "image": self._image,
                "previous_image": before,
                "previous_masks": self._masks,
                "features16": self._features[0],
                "features8": self._features[1],
                "features4": self._features[2],
                "references": self._references,
                "reference_valid": self._valid,
                "previous_memory": memory,
                "active": self._active,
            },
        )
        return self._masks[0], quality
