"""`wiegand`: a reader on two GPIO lines, whose pulses the kernel stamps (libgpiod 2)."""

from __future__ import annotations

import importlib
from datetime import timedelta
from types import ModuleType

from edgeverify.claims.card_number import TornReadError, written
from edgeverify.claims.reading import Reader, ReaderGoneError, ReaderThread
from edgeverify.claims.source import SourceKind, Surroundings
from edgeverify.claims.wiegand_format import payload
from edgeverify.domain import ClaimSource
from edgeverify.settings import ClaimSettings
from edgeverify.settings.readers import WiegandSettings

WIEGAND = ClaimSource(name="wiegand", is_card_reader=True)

GAP_NANOSECONDS = 25_000_000
"""Bits come 1 to 2 ms apart, and frames at least 25 ms (SIA AC-01)."""
GAP_SECONDS = GAP_NANOSECONDS / 1e9
LONGEST_BITS = 128
EVENTS = 512
"""What the kernel keeps for us; a frame of 37 bits is 37."""


class WiegandFrames:
    """Pulses to frames of bits; a pulse that the kernel lost tears its frame."""

    def __init__(self) -> None:
        self._bits: list[int] = []
        self._at = 0
        self._number: int | None = None
        self._is_torn = False

    def pulse(self, bit: int, at: int, number: int) -> list[int] | None:
        """Take one pulse, its time in nanoseconds and the kernel's running number.

        Returns the frame that it ends by coming after a gap. Raises TornReadError for a torn one;
        the pulse then counts as the first of the next.
        """
        whole: list[int] | None = None
        torn = False
        if self._bits and at - self._at > GAP_NANOSECONDS:
            whole, torn = self._taken()
        self._is_torn |= self._number is not None and number != self._number + 1
        self._number, self._at = number, at
        if len(self._bits) < LONGEST_BITS:
            self._bits.append(bit)
        else:
            self._is_torn = True
        if torn:
            raise TornReadError("pulses were lost")
        return whole

    def silence(self) -> list[int] | None:
        """Return the frame that a silence ends. Raises TornReadError."""
        if not self._bits:
            return None
        whole, torn = self._taken()
        if torn:
            raise TornReadError("pulses were lost")
        return whole

    def _taken(self) -> tuple[list[int], bool]:
        taken = self._bits, self._is_torn
        self._bits, self._is_torn = [], False
        return taken


class WiegandReader:
    """Both lines, taken together."""

    def __init__(self, settings: WiegandSettings, gpiod: ModuleType) -> None:
        """`gpiod` is the package of libgpiod. Raises ReaderGoneError."""
        self._settings = settings
        self._frames = WiegandFrames()
        self._pulses: list[tuple[int, int, int]] = []
        wanted = gpiod.LineSettings(
            direction=gpiod.line.Direction.INPUT,
            edge_detection=gpiod.line.Edge.FALLING,
            bias=gpiod.line.Bias.PULL_UP,
        )
        lines = (settings.data0_line, settings.data1_line)
        try:
            self._request = gpiod.request_lines(
                settings.chip,
                consumer="edgeverify",
                config={lines: wanted},
                event_buffer_size=EVENTS,
            )
        except (OSError, ValueError) as error:
            raise ReaderGoneError(
                f"Lines {lines[0]} and {lines[1]} of {settings.chip} cannot be taken: {error}."
            ) from None

    def read(self, timeout_seconds: float) -> str | None:
        """Return the next card number, or None."""
        wait = timeout_seconds
        while True:
            while self._pulses:
                whole = self._frames.pulse(*self._pulses.pop(0))
                if whole is not None:
                    return self._number(whole)
                wait = GAP_SECONDS
            if not self._more(wait):
                whole = self._frames.silence()
                return None if whole is None else self._number(whole)

    def close(self) -> None:
        """Give the lines back."""
        try:
            self._request.release()
        except (OSError, ValueError):
            return

    def _more(self, timeout_seconds: float) -> bool:
        try:
            if not self._request.wait_edge_events(timedelta(seconds=timeout_seconds)):
                return False
            self._pulses = [
                (
                    int(event.line_offset == self._settings.data1_line),
                    event.timestamp_ns,
                    event.global_seqno,
                )
                for event in self._request.read_edge_events()
            ]
        except (OSError, ValueError) as error:
            raise ReaderGoneError(f"{self._settings.chip} has gone: {error}.") from None
        return True

    def _number(self, bits: list[int]) -> str:
        return written(payload(bits, self._settings.bits), self._settings.number)


def _start(settings: ClaimSettings, surroundings: Surroundings) -> ReaderThread:
    def open_reader() -> Reader:
        try:
            gpiod = importlib.import_module("gpiod")
        except ImportError:
            raise ReaderGoneError(
                "The package gpiod is missing: install edgeverify[readers]."
            ) from None
        return WiegandReader(settings.wiegand, gpiod)

    return ReaderThread(WIEGAND, open_reader, surroundings)


KIND = SourceKind(source=WIEGAND, start=_start)
