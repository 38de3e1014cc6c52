"""`claims:`, `decision:`, `lockout:`, `clock:`: who may ask, and what it takes to be let in."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from edgeverify.settings.readers import (
    KeyboardSettings,
    OsdpSettings,
    PcscSettings,
    SerialSettings,
    WiegandSettings,
)
from edgeverify.settings.section import Section

_DIGITS = re.compile("[0-9a-f]{12}")


class ClaimSettings(Section):
    """Where claims come from."""

    sources: tuple[
        Literal["mqtt", "fixed", "walk_up", "keyboard", "serial", "pcsc", "wiegand", "osdp"], ...
    ] = Field(default=("mqtt",), min_length=1, strict=False)
    """One or more of `mqtt` (a reader publishes), `fixed` (a room with one occupant), `walk_up` (no
    reader: everybody valid now counts as claimed), and the readers at this machine: `keyboard`,
    `serial`, `pcsc`, `wiegand`, `osdp`, each with its section below."""
    exit_sources: tuple[Literal["keyboard", "serial", "pcsc", "wiegand", "osdp"], ...] = Field(
        default=(), strict=False
    )
    """Readers at this machine that hang at the exit, with their sections below: whoever holds a
    card to one has gone out (`rules.anti_passback`), and nothing opens. A reader elsewhere
    publishes on the door's `exit` topic instead."""
    fixed_card: str = ""
    """The occupant's card number, for `fixed`."""
    max_age_seconds: float = Field(default=10.0, gt=0, le=300)
    """A claim older (or newer) than this on arrival is refused as `claim_expired`."""
    retry_pause_seconds: float = Field(default=3.0, ge=0, le=300)
    """`fixed` and `walk_up`: pause after a decision before the next attempt begins."""

    keyboard: KeyboardSettings = KeyboardSettings()
    serial: SerialSettings = SerialSettings()
    pcsc: PcscSettings = PcscSettings()
    wiegand: WiegandSettings = WiegandSettings()
    osdp: OsdpSettings = OsdpSettings()

    @model_validator(mode="after")
    def _readers_are_named(self) -> Self:
        needed = {
            "keyboard": ("keyboard.device", self.keyboard.device),
            "serial": ("serial.port", self.serial.port),
            "osdp": ("osdp.port", self.osdp.port and self.osdp.key_file),
        }
        started = (*self.sources, *self.exit_sources)
        for source, (key, value) in needed.items():
            if source in started and not value:
                also = " and osdp.key_file" if source == "osdp" else ""
                where = "sources" if source in self.sources else "exit_sources"
                raise ValueError(f"{where} has {source!r}, so {key}{also} must be set")
        if {"serial", "osdp"} <= {*started} and self.serial.port == self.osdp.port:
            raise ValueError("serial.port and osdp.port are the same; each reader has its own")
        if "pcsc" in started and self.pcsc.application and not self.pcsc.key_file:
            raise ValueError("pcsc.application needs pcsc.key_file, which checks what it holds")
        return self

    @model_validator(mode="after")
    def _bytes_that_are_turned_round_are_counted(self) -> Self:
        for source, reader in (("keyboard", self.keyboard), ("serial", self.serial)):
            is_read = source in (*self.sources, *self.exit_sources)
            if source == "serial" and self.serial.protocol != "line":
                continue
            number = reader.number
            is_counted = number.byte_order == "as_read" or number.bytes
            if is_read and reader.typed == "decimal" and not is_counted:
                raise ValueError(
                    f"{source}.number.byte_order is reversed, so {source}.number.bytes must say "
                    "how many bytes the cards have (4, most of them): a decimal number leaves "
                    "zeros out in front, and turned round two cards would have one number"
                )
        return self

    @model_validator(mode="after")
    def _fixed_needs_a_card(self) -> Self:
        if "fixed" in self.sources and not self.fixed_card:
            raise ValueError("sources has 'fixed', so fixed_card must name the occupant's card")
        if len(set(self.sources)) != len(self.sources):
            raise ValueError("sources names one source twice")
        if len(set(self.exit_sources)) != len(self.exit_sources):
            raise ValueError("exit_sources names one source twice")
        if both := set(self.sources) & set(self.exit_sources):
            raise ValueError(
                f"{min(both)!r} stands in sources and in exit_sources, but one reader hangs on one "
                "side of the door: take readers of two kinds, or let one publish over MQTT"
            )
        return self


class DecisionSettings(Section):
    """What it takes to be let in."""

    max_fmr: float = Field(default=0.0001, gt=0, le=0.1)
    """False match rate of one probe frame against one reference; selects the threshold from the
    bundle's operating points."""
    group_factor: float = Field(default=10.0, ge=1, le=1000)
    """In every group of people that the evidence can speak for, the measured rate is at most this
    many times `max_fmr`; a smaller factor takes a stricter threshold."""
    own_people: Literal["tighten", "warn", "off"] = "tighten"
    """From 10 enrolled people on, all pairs of references are compared at each reload. Where two
    would match, `tighten` holds both cards to a higher threshold; `warn` only reports the pair;
    `off` compares nothing."""
    threshold: float | None = None
    """A threshold by hand instead, in the bundle's score units; shown as degraded for ever."""
    accept_points: str = ""
    """12 hexadecimal digits of operating points that are accepted although they are looser than
    those that this door has used; the fault `threshold_held` names them."""
    window_frames: int = Field(default=5, ge=1, le=50)
    """n: the last n compared frames are looked at."""
    required_matches: int = Field(default=3, ge=1, le=50)
    """k: this many of them must match."""
    max_comparisons: int = Field(default=15, ge=1, le=500)
    """At most this many comparisons in one transaction."""
    timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """From the claim to a denial, if nothing was decided before."""
    fusion: Literal["votes", "mean"] = "votes"
    """`votes`: k of n. `mean`: the mean raw score of the last n; needs operating points measured
    on such means."""

    @field_validator("accept_points")
    @classmethod
    def _points_are_named_by_digits(cls, value: str) -> str:
        if value and not _DIGITS.fullmatch(value):
            raise ValueError(
                "is 12 hexadecimal digits in quotes, as the fault threshold_held names them"
            )
        return value

    @model_validator(mode="after")
    def _k_of_n_is_possible(self) -> Self:
        if self.required_matches > self.window_frames:
            raise ValueError(
                f"required_matches ({self.required_matches}) cannot exceed "
                f"window_frames ({self.window_frames})"
            )
        if self.max_comparisons < self.required_matches:
            raise ValueError(
                f"max_comparisons ({self.max_comparisons}) is below "
                f"required_matches ({self.required_matches}): nobody could ever enter"
            )
        return self


class LockoutSettings(Section):
    """After repeated failures. NIST SP 800-63B: at most 5 in a row, then at least 30 s."""

    max_failures: int = Field(default=5, ge=1, le=100)
    """Failures in a row that lock a card: `non_match`, `presentation_attack` and
    `challenge_failed` count."""
    first_seconds: float = Field(default=30.0, ge=30, le=86400)
    """Doubles with each further lock-out."""
    max_seconds: float = Field(default=900.0, ge=30, le=86400)
    """The longest lock-out."""
    reset_hours: float = Field(default=24.0, gt=0, le=8760)
    """Failures older than this are forgotten."""


class ClockSettings(Section):
    """When the wall clock is trusted."""

    allow_unsynced: bool = False
    """Grant even though the clock is not to be trusted (never set since boot, below an earlier
    time, or after a leap that nothing confirms); shown as degraded. For doors without a time
    server."""
    max_step_seconds: float = Field(default=3600.0, gt=0)
    """A larger jump forward, or small steps of more than this in a day, denies until something
    confirms it: the battery clock, where the machine was off meanwhile, or `edgeverify clock
    accept`. Raise it (604800 is a week) for a
    machine without a battery clock that must open by itself after a power cut of that length."""
