"""What a panel tells its reader to do, as frozen types. Pure.

Codes and units are those of OSDP 2.2: LED (temporary control 1 cancels, 2 sets; permanent control
1 sets; times in tenths of a second), buzzer (control 1 is off), text (3 and 4 are temporary, time
in seconds). libosdp passes one half of an LED command on: the temporary one where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

COLORS = ("", "red", "green", "amber", "blue", "magenta", "cyan", "white")
"""By OSDP's number; "" is dark."""

LED, BUZZER, TEXT = 2, 3, 4
"""libosdp's numbers for these commands; a test compares them with the library's."""
CANCEL, SET_TEMPORARY, SET_PERMANENT = 1, 2, 1
BUZZER_OFF = 1
TEMPORARY_TEXT = frozenset({3, 4})
TENTHS = 10.0


@dataclass(frozen=True, slots=True)
class LedCommand:
    """`color` is the one that a person sees, "" for dark. `seconds` is None for the lasting one.

    `is_cancel` ends a temporary light, so that the lasting one shows again.
    """

    color: str
    seconds: float | None
    is_cancel: bool = False


@dataclass(frozen=True, slots=True)
class BuzzerCommand:
    """`seconds` is 0 where it is to be silent."""

    seconds: float


@dataclass(frozen=True, slots=True)
class TextCommand:
    """`row` and `column` count from 0; `seconds` is None for a text that lasts."""

    text: str
    row: int
    column: int
    seconds: float | None


PanelCommand: TypeAlias = LedCommand | BuzzerCommand | TextCommand


def read_command(raw: Mapping[str, object]) -> PanelCommand | None:
    """Return what one of libosdp's mappings means; None where a screen shows nothing of it."""
    kind = _number(raw, "command")
    if kind == LED:
        return _led(raw)
    if kind == BUZZER:
        return _buzzer(raw)
    if kind == TEXT:
        return _text(raw)
    return None


def _led(raw: Mapping[str, object]) -> LedCommand | None:
    control = _number(raw, "control_code")
    is_temporary = raw.get("temporary") is True
    on, off = _color(raw, "on_color"), _color(raw, "off_color")
    never_on = _number(raw, "on_count") == 0 and _number(raw, "off_count") > 0
    color = off if never_on else on or off
    if is_temporary:
        if control == CANCEL:
            return LedCommand("", None, is_cancel=True)
        tenths = _number(raw, "timer_count")
        seconds = tenths / TENTHS if tenths else math.inf
        return LedCommand(color, seconds) if control == SET_TEMPORARY else None
    return LedCommand(color, None) if control == SET_PERMANENT else None


def _buzzer(raw: Mapping[str, object]) -> BuzzerCommand:
    if _number(raw, "control_code") <= BUZZER_OFF:
        return BuzzerCommand(0.0)
    times = _number(raw, "rep_count")
    tenths = max(1, _number(raw, "on_count")) + _number(raw, "off_count")
    return BuzzerCommand(times * tenths / TENTHS if times else math.inf)


def _text(raw: Mapping[str, object]) -> TextCommand:
    said = str(raw.get("data") or "")
    printable = "".join(sign if sign.isprintable() else " " for sign in said).rstrip()
    is_temporary = _number(raw, "control_code") in TEMPORARY_TEXT
    return TextCommand(
        text=printable,
        row=max(0, _number(raw, "offset_row") - 1),
        column=max(0, _number(raw, "offset_col") - 1),
        seconds=float(_number(raw, "temp_time")) if is_temporary else None,
    )


def _color(raw: Mapping[str, object], name: str) -> str:
    number = _number(raw, name)
    return COLORS[number] if 0 <= number < len(COLORS) else ""


def _number(raw: Mapping[str, object], name: str) -> int:
    value = raw.get(name)
    return value if isinstance(value, int) else 0
