"""What a worker answers over its pipes, whichever release runs it; standard library and numpy.

A line `COUNT FILE.npy` on standard input is answered with one of JSON: for each of COUNT counted
frames the milliseconds of detection and mesh, of the whole, and of CPU over all threads.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def answer(probe: Callable[[Any], Any], compare: Callable[[Any], object]) -> None:
    """Answer until standard input ends; `probe` and `compare` are what a counted frame does."""
    kept: dict[str, Any] = {}
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        count, _, name = line.strip().partition(" ")
        if name not in kept:
            kept[name] = np.load(name)
            _once(probe, compare, kept[name])
        print(
            json.dumps([_once(probe, compare, kept[name]) for _ in range(int(count))]), flush=True
        )


def _once(probe: Callable[[Any], Any], compare: Callable[[Any], object], rgb: Any) -> list[float]:
    began, worked = time.perf_counter(), time.process_time()
    seen = probe(rgb)
    if seen.embedding is None:
        raise SystemExit(f"no face was compared: {seen.refusal}")
    compare(seen.embedding)
    whole, cpu = time.perf_counter() - began, time.process_time() - worked
    stages = dict(seen.stage_milliseconds)
    return [stages["detect"] + stages["mesh"], whole * 1000, cpu * 1000]
