"""What PyTorch and the disk say when they fail, as sentences."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from edgeverify.atomic_file import whole_file
from edgeverify_train.errors import TrainingError

_MEMORY = ("out of memory", "can't allocate memory", "DefaultCPUAllocator")


@contextmanager
def out_of_memory_said(batch: int, size: int) -> Iterator[None]:
    """Turn a want of memory in the block into a TrainingError that says what to change."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and not any(w in str(error) for w in _MEMORY):
            raise
        half = max(2, batch // 2)
        raise TrainingError(
            f"a batch of {batch} pictures of {size} pixels does not fit into memory",
            advice=f"Take --set training.batch={half} --set training.accumulate=2, "
            "or training.precision=bf16.",
        ) from None


def save(path: Path, value: object) -> None:
    """Write a checkpoint whole, or leave what was there; TrainingError where the disk refuses."""
    try:
        with whole_file(path) as file:
            torch.save(value, file)
    except (OSError, RuntimeError) as error:
        found: BaseException | None = error
        while found is not None and not isinstance(found, OSError):
            found = found.__cause__ or found.__context__
        full = isinstance(found, OSError) and found.errno in {errno.ENOSPC, errno.EDQUOT}
        why = "the disk is full" if full else str(found or error).splitlines()[0]
        raise TrainingError(
            f"{path} cannot be written: {why}",
            advice="Make room; what was written before is whole: `edgeverify-train resume "
            f"{path.parent.parent}` goes on from it.",
        ) from None
