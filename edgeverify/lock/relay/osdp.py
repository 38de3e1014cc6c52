"""An output of an OSDP device, under the secure channel (libosdp as control panel).

The device's own timer ends a release as well (OSDP 2.2, control code 5: on for a time, then off),
so that a cable that breaks meanwhile leaves no door released.
"""

from __future__ import annotations

import time

import osdp

from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import OsdpRelay
from edgeverify.osdp_port import OsdpPort

ONLINE_SECONDS = 8.0
TIMER_TENTHS = 255
"""The device's timer, in tenths of a second; libosdp 3.2 carries eight of its sixteen bits."""
OFF_NOW, ON_FOR_A_TIME = 1, 5
"""Permanent off, ending a timer; temporary on (OSDP 2.2, table of output control codes)."""


class OsdpOutput:
    """One output of one device; nothing is sent while the secure channel is not up."""

    def __init__(self, settings: OsdpRelay, key: bytes, *, is_energised_at_rest: bool) -> None:
        """`key` is the secure channel's, 16 bytes."""
        self._settings = settings
        if is_energised_at_rest:
            raise RelayError("An OSDP output cannot keep a fail_safe lock: its timer would end.")
        try:
            self._port = OsdpPort(settings.port, settings.baud)
        except (OSError, ValueError) as error:  # a SerialException is an OSError
            raise RelayError(f"{settings.port} cannot be opened: {error}.") from None
        device = osdp.PDInfo(settings.address, self._port, key, flags=[osdp.LibFlag.EnforceSecure])
        self._panel = osdp.ControlPanel([device], log_level=osdp.LogLevel.Emergency)
        self._panel.start()

    def put(self, *, released: bool, energised: bool) -> None:  # noqa: ARG002 - the contract's
        """Send one output command over the secure channel."""
        self._wait_secure()
        self._forget_events()
        command = {
            "command": osdp.Command.Output,
            "output_no": self._settings.output,
            "control_code": ON_FOR_A_TIME if released else OFF_NOW,
            # In tenths of a second.
            "timer_count": TIMER_TENTHS if released else 0,
        }
        if not self._panel.submit_command(self._settings.address, command):
            raise RelayError(f"The OSDP device on {self._settings.port} takes no command.")

    def close(self) -> None:
        """End the panel and close the port."""
        self._panel.teardown()
        self._port.close()

    def _forget_events(self) -> None:
        """Empty libosdp's queue: a device that reads cards as well would fill it for years."""
        while self._panel.get_event(self._settings.address, timeout=0) is not None:
            pass

    def _wait_secure(self) -> None:
        until = time.monotonic() + ONLINE_SECONDS
        while not self._panel.is_sc_active(self._settings.address):
            if self._port.problem:
                raise RelayError(f"{self._settings.port} has gone: {self._port.problem}.")
            if time.monotonic() > until:
                raise RelayError(
                    f"The OSDP device {self._settings.address} on {self._settings.port} does not "
                    "open the secure channel. Check its address, its speed and its key."
                )
            time.sleep(0.02)
