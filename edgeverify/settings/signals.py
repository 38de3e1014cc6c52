"""`signals:`: LEDs and a buzzer at the door on GPIO lines; without a line there is none."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from edgeverify.domain import Signal
from edgeverify.settings.section import Section

MOST_STEPS = 20
SHORTEST_STEP_SECONDS = 0.02
LONGEST_SIGNAL_SECONDS = 10.0


def _rhythm(value: tuple[float, ...]) -> tuple[float, ...]:
    if len(value) > MOST_STEPS:
        raise ValueError(f"has {len(value)} steps, and may have {MOST_STEPS}")
    if any(step < SHORTEST_STEP_SECONDS for step in value):
        raise ValueError(f"each step lasts at least {SHORTEST_STEP_SECONDS} seconds")
    if sum(value) > LONGEST_SIGNAL_SECONDS:
        raise ValueError(
            f"lasts {sum(value):g} seconds in all, and may last {LONGEST_SIGNAL_SECONDS:g}"
        )
    return value


Rhythm: TypeAlias = Annotated[tuple[float, ...], AfterValidator(_rhythm)]


class OutputSettings(Section):
    """One LED or buzzer: its line, and for each signal the seconds that it is on, off, on ..."""

    line: int | None = Field(default=None, ge=0, le=1023)
    """The line's number on the chip, not the pin's on the header (`gpioinfo`); empty: there is
    none."""
    active: Literal["high", "low"] = "high"
    """The level at which it is on."""
    prompt: Rhythm = Field(default=(), strict=False)
    """Something is asked of the person. Empty: it stays off."""
    grant: Rhythm = Field(default=(), strict=False)
    """The person is let in."""
    deny: Rhythm = Field(default=(), strict=False)
    """The person is not let in, for whatever reason."""
    fault: Rhythm = Field(default=(), strict=False)
    """Nobody can be let in now (camera or broker are away, for example)."""

    def rhythm(self, signal: Signal) -> tuple[float, ...]:
        """Return the seconds on, off, on ... of a signal; empty where this output keeps still."""
        rhythms: dict[Signal, tuple[float, ...]] = {
            Signal.PROMPT: self.prompt,
            Signal.GRANT: self.grant,
            Signal.DENY: self.deny,
            Signal.FAULT: self.fault,
        }
        return rhythms[signal]


class GreenSettings(OutputSettings):
    """The green LED.

    By default it is steady for *granted*, and the red one flickers for *denied*: whoever cannot
    tell the colours can tell the rhythms.
    """

    prompt: Rhythm = Field(default=(0.15, 0.15, 0.15), strict=False)
    """Something is asked of the person: seconds on, off, on ...; at most 20 steps and 10 seconds.
    Empty: it stays off."""
    grant: Rhythm = Field(default=(3.0,), strict=False)
    """The person is let in."""


class RedSettings(OutputSettings):
    """The red LED; with the green one it gives the amber of a two-colour LED."""

    prompt: Rhythm = Field(default=(0.15, 0.15, 0.15), strict=False)
    """Something is asked of the person."""
    deny: Rhythm = Field(default=(0.3, 0.2, 0.3, 0.2, 0.3, 0.2, 0.3), strict=False)
    """The person is not let in, for whatever reason."""
    fault: Rhythm = Field(default=(0.05,), strict=False)
    """Nobody can be let in now (camera or broker are away, for example)."""


class BuzzerSettings(OutputSettings):
    """An active buzzer, which sounds while its line is on."""

    prompt: Rhythm = Field(default=(0.08,), strict=False)
    """Something is asked of the person."""
    grant: Rhythm = Field(default=(0.1, 0.1, 0.1), strict=False)
    """The person is let in."""
    deny: Rhythm = Field(default=(0.8,), strict=False)
    """The person is not let in, for whatever reason."""


class SignalSettings(Section):
    """LEDs and a buzzer for whoever stands at the door, on GPIO lines.

    Each is off unless it has a `line`. They show what the screen would; needs the extra
    `[signals]` (docs/signals.md).
    """

    chip: str = "/dev/gpiochip0"
    """The GPIO chip (`gpiodetect` lists them)."""
    fault_every_seconds: float = Field(default=10.0, ge=1, le=3600)
    """How often `fault` is shown while nobody can be let in."""
    green: GreenSettings = GreenSettings()
    red: RedSettings = RedSettings()
    buzzer: BuzzerSettings = BuzzerSettings()

    @property
    def outputs(self) -> dict[str, OutputSettings]:
        """Return by name what has a line."""
        named = {"green": self.green, "red": self.red, "buzzer": self.buzzer}
        return {name: each for name, each in named.items() if each.line is not None}

    @model_validator(mode="after")
    def _a_line_each(self) -> Self:
        lines = [each.line for each in self.outputs.values()]
        if len(set(lines)) != len(lines):
            raise ValueError("green, red and buzzer need a line each")
        return self
