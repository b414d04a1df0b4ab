"""Several processes that train copies of one model and now and then take the mean of their weights.

Local SGD (Stich 2019): on a CPU two one-thread processes do more steps a second than one process with two threads, and
wait for each other only every few steps.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor


class Workers:
    """One process's view of the group: its `rank` of `count`."""

    def __init__(self, rank: int = 0, count: int = 1):
        self.rank, self.count = rank, count

    @property
    def first(self) -> bool:
        """Whether this process logs, validates and saves."""
        return self.rank == 0

    @torch.no_grad()
    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replaces each tensor by its mean over the group; all must call it, with tensors of the same shapes."""
        if self.count == 1:
            return
        tensors = list(tensors)
        # one message for all; reshape, not view: convolution weights may lie in channels_last order
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        flat /= self.count
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.reshape(tensor.shape))

    def mean(self, value: float) -> float:
        """The mean of one number over the group."""
        holder = torch.tensor([value], dtype=torch.float64)
        self.average([holder])
        return float(holder)


def _enter(
    rank: int, count: int, meeting: str, job: Callable[..., None], args: tuple[Any, ...]
) -> None:
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
    try:
        job(Workers(rank, count), *args)
    finally:
        dist.destroy_process_group()


def run(count: int, job: Callable[..., None], *args: Any) -> None:
    """`job(workers, *args)` in `count` processes (here when it is one); returns when all have ended."""
    if count == 1:
        job(Workers(), *args)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        mp.start_processes(_enter, (count, meeting, job, args), nprocs=count, start_method="spawn")
