"""A GPU made of numpy: TensorRT's behaviour, as much as our code sees of it.

Engines compute the mean of each colour plane, so that answers depend on every chip. What the real
builder refuses is refused: a profile that differs from a graph's fixed input, an open input without
a profile, a constraint that is broken, a second logger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.runtime.tensorrt_surface.cuda_driver import FakeDriver
from tests.runtime.tensorrt_surface.fake_tensorrt import fake_tensorrt


class Gpu:
    """What happened on the fake device, and how it should misbehave."""

    def __init__(self, version: str) -> None:
        self.hang: Callable[[], object] = lambda: None
        self.no_driver = False
        self.no_device = False
        self.driver_too_old = False
        self.recording = False
        self.spoilt = False
        self.raises_while_recording = False
        self.refuses_while_recording = False
        self.foreign_timing = False
        self.one_fused_layer = False
        self.loses_names = False
        self.loggers = 0
        self.calls: list[str] = []
        self.threads: set[int] = set()
        self.built: list[dict[str, Any]] = []
        self.ignores_precision = False
        self.parse_fails = False
        self.build_fails = False
        self.wrong_graph = False
        self.answers_otherwise = False
        self.refuses_timing = False
        self.execute_fails = False
        self.replay: Callable[[], None] = lambda: None
        self.tensorrt = fake_tensorrt(self, version)
        self.cuda = FakeDriver(self)

    def note(self, what: str) -> None:
        self.calls.append(what)
        self.threads.add(threading.get_ident())
