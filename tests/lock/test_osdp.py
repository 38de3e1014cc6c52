"""An OSDP output: the real libosdp at both ends of a pair of ptys, under the secure channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import osdp
import pytest

from edgeverify.lock.relay import osdp as relay
from edgeverify.lock.relay.osdp import OsdpOutput
from edgeverify.lock.relay.output import RelayError
from edgeverify.lock.settings import OsdpRelay
from edgeverify.osdp_port import OsdpPort
from tests.osdp_bus import KEY, Wire
from tests.waiting import until


class Device:
    """libosdp's peripheral with eight outputs; `commands` are those for outputs."""

    def __init__(self, port: str, key: bytes) -> None:
        self._port = OsdpPort(port, 115200)
        info = osdp.PDInfo(0, self._port, key, flags=[osdp.LibFlag.EnforceSecure])
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

    def show_a_card(self) -> None:
        """Report a card, as a device with a reader beside its outputs does."""
        event = {
            "event": osdp.Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": osdp.CardFormat.Wiegand,
            "length": 16,
            "data": b"\x12\x34",
        }
        assert self._device.submit_event(event)

    def close(self) -> None:
        self._device.teardown()
        self._port.close()


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


def test_cards_that_its_reader_reports_are_not_kept_for_years() -> None:
    with _bus() as (device, port):
        output = OsdpOutput(_settings(port), KEY, is_energised_at_rest=False)
        try:
            output.put(released=False, energised=False)
            device.show_a_card()
            kept = output._panel.event_queue[0]
            until(lambda: kept.qsize() == 1, "the card on the bus")
            output.put(released=False, energised=False)
            assert kept.empty()
        finally:
            output.close()


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
