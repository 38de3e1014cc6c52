"""An OSDP output: the real libosdp at both ends of a pair of ptys, under the secure channel."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import osdp
import pytest
import serial

from edgeverify.lock.relay import osdp as relay
from edgeverify.lock.relay.osdp import OsdpOutput, _Port
from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import OsdpRelay
from tests.waiting import patience, until

KEY = bytes(range(16))


class Wire:
    """Two serial ports with bytes going both ways."""

    def __init__(self) -> None:
        self._ends = [pty.openpty() for _ in range(2)]
        for _, near in self._ends:
            tty.setraw(near)
        self.ports = [os.ttyname(near) for _, near in self._ends]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(patience(5))
        for ours, near in self._ends:
            os.close(ours)
            os.close(near)

    def _carry(self) -> None:
        (left, _), (right, _) = self._ends
        other = {left: right, right: left}
        while not self._stop.is_set():
            for end in select.select([left, right], [], [], 0.05)[0]:
                os.write(other[end], os.read(end, 4096))


class Device:
    """libosdp's peripheral with eight outputs; `commands` are those for outputs."""

    def __init__(self, port: str, key: bytes) -> None:
        self._serial = serial.Serial(port, 115200, timeout=0)
        info = osdp.PDInfo(0, _Port(self._serial), key, flags=[osdp.LibFlag.EnforceSecure])
        able = osdp.PDCapabilities(
            [
                (osdp.Capability.OutputControl, 1, 8),
                (osdp.Capability.CommunicationSecurity, 1, 1),
            ]
        )
        self.commands: list[dict[str, int]] = []
        self._device = osdp.PeripheralDevice(
            info, able, log_level=osdp.LogLevel.Emergency, command_handler=self._take
        )
        self._device.start()

    def _take(self, command: dict[str, int]) -> tuple[int, None]:
        if command["command"] == osdp.Command.Output:
            self.commands.append(command)
        return 0, None

    def close(self) -> None:
        self._device.teardown()
        self._serial.close()


@contextmanager
def _bus(key: bytes = KEY) -> Iterator[tuple[Device, str]]:
    wire = Wire()
    device = Device(wire.ports[1], key)
    try:
        yield device, wire.ports[0]
    finally:
        device.close()
        wire.close()


def _settings(port: str) -> OsdpRelay:
    return OsdpRelay(kind="osdp", port=port, baud=115200, output=3, key_file="osdp.key")


def test_an_output_is_on_for_a_bounded_time_and_off_at_once() -> None:
    with _bus() as (device, port):
        output = OsdpOutput(_settings(port), KEY, is_energised_at_rest=False)
        try:
            output.put(released=True, energised=True)
            until(lambda: len(device.commands) == 1, "the release")
            output.put(released=False, energised=False)
            until(lambda: len(device.commands) == 2, "the end of the release")
        finally:
            output.close()
    on, off = device.commands
    assert (on["output_no"], on["control_code"], on["timer_count"]) == (3, 5, 255)
    assert (off["output_no"], off["control_code"]) == (3, 1)


def test_with_another_key_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "ONLINE_SECONDS", 3.0)
    with _bus(bytes(reversed(KEY))) as (device, port):
        output = OsdpOutput(_settings(port), KEY, is_energised_at_rest=False)
        try:
            with pytest.raises(RelayError, match="does not open the secure channel"):
                output.put(released=True, energised=True)
        finally:
            output.close()
        assert device.commands == []


def test_an_output_with_a_timer_is_no_fail_safe_lock() -> None:
    with pytest.raises(RelayError, match="fail_safe"):
        OsdpOutput(_settings("/dev/null"), KEY, is_energised_at_rest=True)
