"""The lock's own YAML as frozen types: every default, bound and unit. No I/O."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from edgeverify.settings import MqttSettings, Section, fits_a_topic
from edgeverify.settings.operation import LogSettings

LONGEST_RELEASE_SECONDS = 120
"""No pulse is longer, whatever a config says: the relay's own process refuses it too."""


LONGEST_OSDP_SECONDS = 25
"""An OSDP output's own timer ends a release after 25.5 s."""


class GpioRelay(Section):
    """A relay on a line of this machine's GPIO."""

    kind: Literal["gpio"]
    """A relay on a GPIO line (`[lock]`: gpiod)."""
    chip: str = "/dev/gpiochip0"
    """The GPIO chip (`gpiodetect` lists them)."""
    line: int = Field(ge=0, le=1023)
    """The line's number on the chip, not the pin's on the header (`gpioinfo` lists them)."""
    active: Literal["high", "low"] = "high"
    """The level at which the relay's coil is energised; many relay boards are `low`."""


class HidRelay(Section):
    """A USB relay board that speaks HID (ids 16c0:05df, sold as `USBRelay1` to `USBRelay8`)."""

    kind: Literal["usb_hid"]
    """A relay on a USB board that speaks HID."""
    channel: int = Field(default=1, ge=1, le=8)
    """Which of the board's relays."""
    serial: str = ""
    """The board's own five letters, where several are plugged in; empty: the only one."""


class SerialRelay(Section):
    """A USB relay board behind a serial port (CH340; frames of A0, channel, state, sum)."""

    kind: Literal["usb_serial"]
    """A relay on a USB board behind a serial port."""
    port: str = Field(min_length=1)
    """Its stable name, such as /dev/serial/by-id/usb-1a86_USB_Serial-if00-port0."""
    channel: int = Field(default=1, ge=1, le=8)
    """Which of the board's relays."""
    baud: int = Field(default=9600, ge=1200, le=921600)
    """Bits per second."""


class OsdpRelay(Section):
    """An output of an OSDP device on RS-485, with secure channel."""

    kind: Literal["osdp"]
    """An output of an OSDP device."""
    port: str = Field(min_length=1)
    """The RS-485 adapter's stable name, such as /dev/serial/by-id/usb-FTDI_..."""
    baud: int = Field(default=9600, ge=9600, le=230400)
    """Bits per second."""
    address: int = Field(default=0, ge=0, le=126)
    """The device's address on the bus."""
    output: int = Field(default=0, ge=0, le=63)
    """The number of its output."""
    key_file: str = Field(min_length=1)
    """File with the secure channel's key: 32 hexadecimal digits (mode 0600)."""


class CommandRelay(Section):
    """A program of yours, started without a shell and with fixed arguments."""

    kind: Literal["command"]
    """A program that releases and a program that locks."""
    release: tuple[str, ...] = Field(min_length=1, strict=False)
    """Program and arguments that release the door; the program's path begins with /."""
    rest: tuple[str, ...] = Field(min_length=1, strict=False)
    """Program and arguments that lock it again; run at the start and after each release."""
    timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """A program that runs for longer is ended, and named as a fault."""

    @model_validator(mode="after")
    def _paths_are_whole(self) -> Self:
        for name, words in (("release", self.release), ("rest", self.rest)):
            if not words[0].startswith("/"):
                raise ValueError(f"{name} must begin with a program's whole path, not {words[0]!r}")
        return self


Relay = Annotated[
    GpioRelay | HidRelay | SerialRelay | OsdpRelay | CommandRelay, Field(discriminator="kind")
]


class GpioInput(Section):
    """A contact or button on a GPIO line."""

    chip: str = "/dev/gpiochip0"
    """The GPIO chip."""
    line: int = Field(ge=0, le=1023)
    """The line's number on the chip."""
    active: Literal["high", "low"] = "low"
    """The level that means `pressed` or `door open`. A contact to ground that opens with the door,
    with the pull-up, is `high`."""
    bias: Literal["pull_up", "pull_down", "none"] = "pull_up"
    """The line's own resistor."""
    debounce_milliseconds: int = Field(default=30, ge=0, le=1000)
    """Shorter changes are contact bounce."""


class LockSettings(Section):
    """The whole configuration of one lock."""

    door: str
    """The door's name, as in the daemon's config."""
    keys: tuple[str, ...] = Field(min_length=1, strict=False)
    """PEM files with the door's public key (`edgeverify keys show --pem`), relative to this file.
    A key that the door announces is accepted by itself."""
    lock_type: Literal["fail_secure", "fail_safe"]
    """`fail_secure`: the door stays locked without power; the relay's coil is energised to release
    (a strike). `fail_safe`: the door opens without power, as an escape route must; the coil is
    energised to keep it locked (a magnet)."""
    relay: Relay
    pulse_seconds: float = Field(default=5.0, ge=0.2, le=LONGEST_RELEASE_SECONDS)
    """A grant releases the door for this long."""
    relock_when_opened: bool = True
    """Lock again as soon as the door contact says that the door was opened."""
    held_open_seconds: float = Field(default=30.0, ge=1, le=3600)
    """A door that stands open for longer is `held_open`."""
    door_contact: GpioInput | None = None
    """Tells whether the door is open; without one `held_open`, `forced`, `opened_without_grant`
    and `granted_not_opened` cannot be told."""
    exit_button: GpioInput | None = None
    """Inside the door; releases it without a decision of the door."""
    exit_releases: bool = True
    """False: the button only says that somebody goes out (a handle that opens mechanically)."""
    follow_open: bool = False
    """Stay released while the door says, signed and again every 15 seconds, that an operator has
    opened it; locked again when it no longer does, at the latest after 45 seconds, and at once when
    the broker is gone."""
    allow_unsynced_clock: bool = False
    """Open although this machine's clock was not set since it started. Without it an old grant
    could pass for a new one on a machine without a battery clock."""
    mqtt: MqttSettings = MqttSettings()
    log: LogSettings = LogSettings()

    _door_fits_a_topic = field_validator("door")(fits_a_topic)

    @model_validator(mode="after")
    def _osdp_can_do_it(self) -> Self:
        if isinstance(self.relay, OsdpRelay):
            if self.lock_type == "fail_safe":
                raise ValueError("an osdp output has a timer and cannot keep a fail_safe lock")
            if self.pulse_seconds > LONGEST_OSDP_SECONDS:
                raise ValueError(
                    f"pulse_seconds is at most {LONGEST_OSDP_SECONDS} with an osdp output"
                )
        return self

    @model_validator(mode="after")
    def _lines_differ(self) -> Self:
        lines: list[tuple[str, int]] = [
            (each.chip, each.line)
            for each in (self.relay, self.door_contact, self.exit_button)
            if isinstance(each, GpioRelay | GpioInput)
        ]
        if len(set(lines)) != len(lines):
            raise ValueError("relay, door_contact and exit_button need a line each")
        return self
