"""From the settings to the output they mean; each kind's library is imported when it is meant."""

from __future__ import annotations

import importlib

from edgeverify.lock.relay.command import CommandOutput
from edgeverify.lock.relay.output import Output, RelayError
from edgeverify.lock.settings import (
    CommandRelay,
    GpioRelay,
    HidRelay,
    LockSettings,
    OsdpRelay,
    SerialRelay,
)


def open_output(settings: LockSettings, secret: bytes) -> Output:
    """Open what `relay` names. `secret` is the OSDP key, empty elsewhere. Raises RelayError."""
    try:
        return _opened(settings, secret)
    except ImportError as error:
        raise RelayError(
            f"The package {error.name} is not installed. Install edgeverify-lock as docs/lock.md "
            "says, or edgeverify[lock]."
        ) from None


def _opened(settings: LockSettings, secret: bytes) -> Output:
    relay, rests_energised = settings.relay, settings.lock_type == "fail_safe"
    if isinstance(relay, CommandRelay):
        return CommandOutput(relay)
    if isinstance(relay, GpioRelay):
        from edgeverify.lock.relay.gpio import GpioOutput  # noqa: PLC0415 - only where meant

        return GpioOutput(relay, is_energised_at_rest=rests_energised)
    if isinstance(relay, HidRelay):
        from edgeverify.lock.relay.usb_hid import HidOutput  # noqa: PLC0415

        return HidOutput(relay, importlib.import_module("hidraw"))
    if isinstance(relay, SerialRelay):
        from edgeverify.lock.relay.usb_serial import SerialOutput  # noqa: PLC0415

        return SerialOutput(relay)
    assert isinstance(relay, OsdpRelay)  # noqa: S101 - the union's last member
    from edgeverify.lock.relay.osdp import OsdpOutput  # noqa: PLC0415

    return OsdpOutput(relay, secret, is_energised_at_rest=rests_energised)
