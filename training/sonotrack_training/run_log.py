"""What a training run leaves behind: a JSON line a record, and checkpoints that are never half-written."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import torch


class RunLog:
    """Appends records to a JSON-lines file, each with the time since the log was opened."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.began = path, time.monotonic()

    def write(self, **record: Any) -> None:
        seconds = round(time.monotonic() - self.began, 1)
        with self.path.open("a") as file:
            file.write(json.dumps({"seconds": seconds, **record}) + "\n")


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes beside `path`, then renames: a power cut leaves the old checkpoint or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def write_text(path: Path, text: str) -> None:
    """Writes beside `path`, then renames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    os.replace(partial, path)


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2) + "\n")
