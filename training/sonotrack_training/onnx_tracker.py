"""Runs the exported tracker graphs on a clip, as the engines do (docs/reference/graphs.md); the
state lives here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .anchors import Guidance, Guide
from .rollout import carry


class OnnxTracker:
    """The three graphs under ``folder`` on the CPU; ``start`` once, then ``track`` frame by frame.

    ``watch`` is told the name and the inputs of every graph that runs.
    """

    def __init__(
        self,
        folder: Path,
        threads: int = 1,
        watch: Callable[[str, dict[str, np.ndarray]], None] = lambda name, feed: None,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._graphs = {
            name: onnxruntime.InferenceSession(
                str(folder / f"{name}.onnx"), options, ["CPUExecutionProvider"]
            )
            for name in ("deaot-encoder", "deaot-memorize", "deaot-propagate")
        }
        self._watch = watch

    def _run(self, name: str, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self._watch(name, feed)
        return self._graphs[name].run(None, feed)

    def _memory(self) -> np.ndarray:
        feed = {"features16": self._features[0], "masks": self._masks[None]}
        return self._run("deaot-memorize", feed)[0]

    def start(self, image: np.ndarray, masks: np.ndarray, active: np.ndarray) -> None:
        """``image`` u8[S, S]; ``masks`` f32[N, M, M], sum 1; ``active`` f32[N]."""
        self._guidance = Guidance(image)
        self._first = self._masks = masks.astype(np.float32)
        self._active = active
        self._features = self._run("deaot-encoder", {"image": image[None, None]})
        memory = self._memory()
        self._references = np.concatenate([memory, np.zeros_like(memory)])

    def track(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``image`` u8[S, S] -> masks f32[N, M, M] and quality f32[N]."""
        memory = self._memory()
        features = self._features = self._run("deaot-encoder", {"image": image[None, None]})
        guide = Guide(*(part[None] for part in self._guidance.next(image)))
        sources = [torch.from_numpy(m)[None] for m in (self._masks, self._first, self._first)]
        masks, quality = self._run(
            "deaot-propagate",
            {
                "image": image[None, None],
                "carried": carry(sources, guide)[0].numpy(),
                "evidence": guide.evidence[0].numpy(),
                "known": guide.known[0].numpy(),
                "features16": features[0],
                "features8": features[1],
                "features4": features[2],
                "references": self._references,
                "previous_memory": memory,
                "active": self._active,
            },
        )
        self._masks = masks[0]
        return self._masks, quality
