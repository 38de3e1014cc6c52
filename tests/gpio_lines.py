"""GPIO without the hardware: a strict stand-in for `gpiod.request_lines`, and nothing else of it.

Settings, enums and signatures are the real package's. What is faked is the chip: a machine that
runs tests has no lines. Whatever a kernel would refuse is refused here: a line taken twice, a write
to an input, a line that was released.
"""

from __future__ import annotations

import inspect
import queue
from datetime import timedelta
from types import SimpleNamespace

import gpiod
from gpiod.line import Direction, Value
from typing_extensions import Self

SIGNATURE = inspect.signature(gpiod.Chip.request_lines)
"""The package's own function has it too, but for the path; in release 2.2 it takes anything."""


class Chip:
    """One chip of 64 lines; `levels` are electrical: True is high."""

    def __init__(self, path: str = "/dev/gpiochip0") -> None:
        self.path = path
        self.is_there = True
        self.levels: dict[int, bool] = {}
        self.history: list[tuple[int, bool]] = []
        self.taken: dict[int, Request] = {}

    @property
    def module(self) -> SimpleNamespace:
        """What the code under test takes for the package."""
        return SimpleNamespace(
            LineSettings=gpiod.LineSettings, line=gpiod.line, request_lines=self.request_lines
        )

    def request_lines(self, path: str, *args: object, **kwargs: object) -> Request:
        given = SIGNATURE.bind(None, *args, **kwargs).arguments
        if path != self.path or not self.is_there:
            raise FileNotFoundError(2, "No such file or directory", path)
        ((named, settings),) = given["config"].items()
        lines = named if isinstance(named, tuple) else (named,)
        if not all(0 <= line < 64 for line in lines):
            raise ValueError("line offset out of range")
        if any(line in self.taken for line in lines):
            raise OSError(16, "Device or resource busy")
        assert isinstance(settings, gpiod.LineSettings)
        return Request(self, lines, settings)

    def press(self, line: int, *, high: bool) -> None:
        """Change an input from outside."""
        self.levels[line] = high
        if line in self.taken:
            self.taken[line].edge(line, rising_level=high)

    def pulse(self, line: int, at_nanoseconds: int, *, is_lost: bool = False) -> None:
        """Pull a line down for an instant, as a Wiegand reader does; the kernel may lose it."""
        self.taken[line].pulse(line, at_nanoseconds, is_lost=is_lost)

    def moved(self, line: int, *, high: bool) -> None:
        """Take in what an output was set to."""
        self.levels[line] = high
        self.history.append((line, high))

    def unplug(self) -> None:
        self.is_there = False
        for request in [*self.taken.values()]:
            request.edges.put(None)


class Request:
    def __init__(self, chip: Chip, lines: tuple[int, ...], settings: gpiod.LineSettings) -> None:
        self._chip, self._lines, self._settings = chip, lines, settings
        self._number = 0
        self.edges: queue.Queue[SimpleNamespace | None] = queue.Queue()
        self._waiting: list[SimpleNamespace] = []
        chip.taken |= dict.fromkeys(lines, self)
        if settings.direction is Direction.OUTPUT:
            self._write(settings.output_value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def set_value(self, line: int, value: Value) -> None:
        self._is_ours(line)
        if self._settings.direction is not Direction.OUTPUT:
            raise PermissionError(1, "Operation not permitted")
        self._write(value)

    def get_value(self, line: int) -> Value:
        self._is_ours(line)
        high = self._chip.levels.get(line, self._settings.bias is gpiod.line.Bias.PULL_UP)
        return Value.ACTIVE if high is not self._settings.active_low else Value.INACTIVE

    def wait_edge_events(self, timeout: timedelta | float | None = None) -> bool:
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        try:
            edge = self.edges.get(timeout=seconds)
        except queue.Empty:
            return False
        if edge is None:
            raise OSError(19, "No such device")
        self._waiting.append(edge)
        return True

    def read_edge_events(self, max_events: int | None = None) -> list[SimpleNamespace]:
        found, self._waiting = self._waiting[:max_events], self._waiting[max_events or 64 :]
        return found

    def edge(self, line: int, *, rising_level: bool) -> None:
        kinds = gpiod.EdgeEvent.Type
        rising = rising_level is not self._settings.active_low
        kind = kinds.RISING_EDGE if rising else kinds.FALLING_EDGE
        self.edges.put(SimpleNamespace(event_type=kind, Type=kinds, line_offset=line))

    def pulse(self, line: int, at: int, *, is_lost: bool) -> None:
        assert self._settings.edge_detection is gpiod.line.Edge.FALLING
        self._number += 1
        if not is_lost:
            edge = SimpleNamespace(line_offset=line, timestamp_ns=at, global_seqno=self._number)
            self.edges.put(edge)

    def release(self) -> None:
        if self._chip.is_there:
            self._is_ours(self._lines[0])
        for line in self._lines:  # a chip that is gone holds nothing for anybody
            self._chip.taken.pop(line, None)
        if not self._chip.is_there:
            raise OSError(19, "No such device")

    def _write(self, value: Value) -> None:
        high = (value is Value.ACTIVE) is not self._settings.active_low
        (line,) = self._lines
        self._chip.moved(line, high=high)

    def _is_ours(self, line: int) -> None:
        if self._chip.taken.get(line) is not self or not self._chip.is_there:
            raise OSError(19, "No such device")
