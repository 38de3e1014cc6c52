"""`keyboard`: a USB reader that types the number, grabbed so that nothing else hears it."""

from __future__ import annotations

import importlib
import select
import time
from types import ModuleType

from edgeverify.claims.card_number import TornReadError, from_text, matched
from edgeverify.claims.reading import Reader, ReaderGoneError, ReaderThread
from edgeverify.claims.source import SourceKind, Surroundings
from edgeverify.domain import ClaimSource
from edgeverify.settings import ClaimSettings
from edgeverify.settings.readers import KeyboardSettings

KEYBOARD = ClaimSource(name="keyboard", is_card_reader=True)

EV_KEY, PRESSED = 1, 1
"""linux/input-event-codes.h; a release is 0, a repeat 2."""
EV_SYN, SYN_DROPPED = 0, 3
"""The kernel's word that its buffer was full and keys are gone."""
LOST = -1
"""No key has this code: it stands for keys that nobody heard."""
ENDS = frozenset({15, 28, 96})
"""Tab, Enter and the keypad's: what readers can be set to type behind a number."""
CHARACTERS = {
    **dict(zip(range(2, 12), "1234567890", strict=True)),
    **dict(zip(range(16, 26), "QWERTYUIOP", strict=True)),
    **dict(zip(range(30, 39), "ASDFGHJKL", strict=True)),
    **dict(zip(range(44, 51), "ZXCVBNM", strict=True)),
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),
    **dict(zip((12, 13, 39, 51, 52, 53, 57), "-=;,./ ", strict=True)),
    **dict(zip((55, 74, 78, 83), "*-+.", strict=True)),
}
"""Key codes of a US keyboard, which is what such readers are; letters in capitals."""
NEUTRAL = frozenset({42, 54, 58, 69})
"""Shift, Caps Lock and Num Lock: readers press them for capital letters, and before digits."""
PAUSE_SECONDS = 0.5
"""A reader types without a pause; what has not ended by then never will."""
UNHEARD_SECONDS = PAUSE_SECONDS
"""A number that comes this soon after the reader was opened may have begun before."""
LONGEST = 64


class Typing:
    """Key presses to numbers. Pure; times are seconds of the events."""

    def __init__(self) -> None:
        self._typed = ""
        self._is_odd = False
        self._at = 0.0

    def press(self, code: int, at: float) -> str | None:
        """Take a key; return what was typed once its end comes. Raises TornReadError."""
        if (self._typed or self._is_odd) and not 0 <= at - self._at <= PAUSE_SECONDS:
            self._typed, self._is_odd = "", False
            self._at = at
            raise TornReadError("the reader stopped in the middle of a number")
        self._at = at
        if code in NEUTRAL:
            return None
        if code not in ENDS:
            character = CHARACTERS.get(code)
            self._is_odd |= character is None or len(self._typed) >= LONGEST
            self._typed += (character or "")[: LONGEST - len(self._typed)]
            return None
        typed, odd = self._typed, self._is_odd
        self._typed, self._is_odd = "", False
        if odd:
            raise TornReadError("the reader typed something that is not a number")
        return typed.strip() or None


class KeyboardReader:
    """An open and grabbed input device."""

    def __init__(self, settings: KeyboardSettings, evdev: ModuleType) -> None:
        """`evdev` is python-evdev. Raises ReaderGoneError."""
        self._settings = settings
        self._typing = Typing()
        self._keys: list[tuple[int, float]] = []
        try:
            self._device = evdev.InputDevice(settings.device)
        except OSError as error:
            raise ReaderGoneError(f"{settings.device} cannot be opened: {error}.") from None
        try:
            self._device.grab()
        except OSError as error:
            self._device.close()
            raise ReaderGoneError(
                f"{settings.device} cannot be grabbed: {error}. Another program holds it."
            ) from None
        self._unheard_until = time.monotonic() + UNHEARD_SECONDS

    def read(self, timeout_seconds: float) -> str | None:
        """Return the next card number, or None."""
        if not self._keys:
            self._keys = self._some(timeout_seconds)
        while self._keys:
            code, at = self._keys.pop(0)
            try:
                typed = self._typing.press(code, at)
            except TornReadError:
                self._typing.press(code, at)  # the pause ended the old number; this key is new
                raise
            if typed is not None:
                return self._number(typed)
        return None

    def close(self) -> None:
        """Let the device go; closing ends the grab."""
        try:
            self._device.close()
        except OSError:
            return

    def _some(self, timeout_seconds: float) -> list[tuple[int, float]]:
        try:
            if not select.select([self._device.fd], [], [], timeout_seconds)[0]:
                return []
            events = list(self._device.read())
        except (OSError, ValueError) as error:
            raise ReaderGoneError(f"{self._settings.device} has gone: {error}.") from None
        keys = [
            (event.code if event.type == EV_KEY else LOST, event.timestamp())
            for event in events
            if (event.type == EV_KEY and event.value == PRESSED)
            or (event.type == EV_SYN and event.code == SYN_DROPPED)
        ]
        if keys and time.monotonic() < self._unheard_until:
            keys.insert(0, (LOST, keys[0][1]))
        self._unheard_until = 0.0 if keys else self._unheard_until
        return keys

    def _number(self, typed: str) -> str:
        wanted = self._settings.characters
        if wanted and len(typed) != wanted:
            raise TornReadError(f"{len(typed)} characters where {wanted} are expected")
        found = matched(typed, self._settings.pattern, "claims.keyboard.pattern")
        return from_text(found, self._settings.typed, self._settings.number)


def _start(settings: ClaimSettings, surroundings: Surroundings) -> ReaderThread:
    def open_reader() -> Reader:
        try:
            evdev = importlib.import_module("evdev")
        except ImportError:
            raise ReaderGoneError(
                "The package evdev is missing: install edgeverify[readers]."
            ) from None
        return KeyboardReader(settings.keyboard, evdev)

    return ReaderThread(KEYBOARD, open_reader, surroundings)


KIND = SourceKind(source=KEYBOARD, start=_start)
