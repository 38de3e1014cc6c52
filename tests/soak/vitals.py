"""What a process holds: memory, handles, threads, children; read beside it, again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

import psutil

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Vitals:
    """The daemon's own resident memory (MiB), open handles, threads, and its child processes."""

    resident_mebibytes: float
    handles: int
    threads: int
    children: int


def at_rest(pid: int, *, seconds: float = 6.0, every: float = 0.25) -> Vitals:
    """Watch a process for a while and give the median of each figure."""
    process = psutil.Process(pid)
    seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with process.oneshot():
            seen.append(
                Vitals(
                    resident_mebibytes=process.memory_info().rss / MEBIBYTE,
                    handles=process.num_fds(),
                    threads=process.num_threads(),
                    children=len(process.children(recursive=True)),
                )
            )
        time.sleep(every)
    return Vitals(
        resident_mebibytes=round(median(each.resident_mebibytes for each in seen), 1),
        handles=int(median(each.handles for each in seen)),
        threads=int(median(each.threads for each in seen)),
        children=int(median(each.children for each in seen)),
    )
