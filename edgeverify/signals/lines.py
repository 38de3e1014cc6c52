"""The GPIO lines of LEDs and buzzer, through the kernel's character device (libgpiod 2)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType

from edgeverify.settings.signals import OutputSettings, SignalSettings

CONSUMER = "edgeverify-signals"


class LinesGoneError(Exception):
    """Lines cannot be taken, or have vanished: a sentence for people."""


class OutputLine:
    """One line, held as an output that is off at first."""

    def __init__(self, chip: str, settings: OutputSettings, gpiod: ModuleType) -> None:
        """`gpiod` is the package of libgpiod. Raises LinesGoneError."""
        if settings.line is None:
            raise ValueError("an output without a line")
        self._chip, self._line, self._value = chip, settings.line, gpiod.line.Value
        self._is_on = False
        wanted = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT,
            active_low=settings.active == "low",
            output_value=self._value.INACTIVE,
        )
        try:
            self._request = gpiod.request_lines(
                chip, consumer=CONSUMER, config={self._line: wanted}
            )
        except (OSError, ValueError) as error:
            raise LinesGoneError(
                f"Line {self._line} of {chip} cannot be taken: {error}. "
                "`gpioinfo` shows who holds it."
            ) from None

    def put(self, *, is_on: bool) -> None:
        """Move the line, or see that it is still there. Raises LinesGoneError."""
        try:
            if is_on is not self._is_on:
                self._request.set_value(
                    self._line, self._value.ACTIVE if is_on else self._value.INACTIVE
                )
                self._is_on = is_on
            else:
                self._request.get_value(self._line)
        except (OSError, ValueError) as error:
            raise LinesGoneError(f"Line {self._line} of {self._chip} has gone: {error}.") from None

    def close(self) -> None:
        """Switch it off and give it back; where it has gone, nothing is left to do."""
        with suppress(OSError, ValueError):
            self._request.set_value(self._line, self._value.INACTIVE)
        with suppress(OSError, ValueError):
            self._request.release()


@contextmanager
def held_lines(
    settings: SignalSettings, gpiod: ModuleType | None = None
) -> Iterator[Mapping[str, OutputLine]]:
    """Hold every line of the settings, by the output's name; off and given back at the end.

    Raises LinesGoneError, and holds none then.
    """
    package = gpiod or _package()
    held: dict[str, OutputLine] = {}
    try:
        for name, each in settings.outputs.items():
            held[name] = OutputLine(settings.chip, each, package)
        yield held
    finally:
        for line in held.values():
            line.close()


def _package() -> ModuleType:
    try:
        return importlib.import_module("gpiod")
    except ImportError:
        raise LinesGoneError("The package gpiod is missing: install edgeverify[signals].") from None
