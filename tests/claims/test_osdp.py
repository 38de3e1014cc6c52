"""An OSDP reader: libosdp's own peripheral at the other end of a pair of ptys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import osdp
import pytest

from edgeverify.claims import osdp as source
from edgeverify.claims.osdp import KIND
from edgeverify.osdp_port import OsdpPort
from tests.claims.readers import Desk, reading
from tests.claims.test_card_number import frame
from tests.osdp_bus import KEY, Wire
from tests.waiting import until


class _Reader:
    """A card reader that reports what is laid on it."""

    def __init__(self, port: str, key: bytes | None, *, is_secure: bool = True) -> None:
        self._port = OsdpPort(port, 115200)
        flags = [osdp.LibFlag.EnforceSecure] if is_secure else []
        info = osdp.PDInfo(0, self._port, key, flags=flags)
        able = osdp.PDCapabilities(
            [(osdp.Capability.CardDataFormat, 3, 1)]
            + ([(osdp.Capability.CommunicationSecurity, 1, 1)] if is_secure else [])
        )
        self._device = osdp.PeripheralDevice(info, able, log_level=osdp.LogLevel.Emergency)
        self._device.start()

    @property
    def is_secure(self) -> bool:
        return bool(self._device.is_sc_active())

    def card(self, bits: list[int]) -> None:
        padded = [*bits, *[0] * (-len(bits) % 8)]
        data = int("".join(map(str, padded)), 2).to_bytes(len(padded) // 8, "big")
        event = {
            "event": osdp.Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": osdp.CardFormat.Wiegand,
            "length": len(bits),
            "data": data,
        }
        self._device.submit_event(event)

    def close(self) -> None:
        self._device.teardown()
        self._port.close()


@contextmanager
def _bus(folder: Path) -> Iterator[tuple[Wire, dict[str, object]]]:
    key_file = folder / "osdp.key"
    key_file.write_text(KEY.hex())
    key_file.chmod(0o600)
    wire = Wire()
    settings = {"port": wire.ports[0], "baud": 115200, "key_file": "osdp.key"}
    try:
        yield wire, {"osdp": settings}
    finally:
        wire.close()


def test_a_card_over_the_secure_channel(tmp_path: Path) -> None:
    with _bus(tmp_path) as (wire, settings), reading(KIND, settings, tmp_path) as desk:
        reader = _Reader(wire.ports[1], KEY)
        until(lambda: reader.is_secure, "the secure channel", 20)
        reader.card(frame(1234567, 26))
        until(lambda: desk.cards == ["1234567"], "the card")
        bits = frame(7, 26)
        reader.card([*bits[:5], 1 - bits[5], *bits[6:]])
        until(lambda: desk.refused == ["refused"], "the torn read")
        reader.close()
    assert desk.cards == ["1234567"]


@pytest.mark.parametrize(
    ("key", "is_secure"), [(bytes(reversed(KEY)), True), (None, False)], ids=["other key", "none"]
)
def test_without_the_right_key_nobody_is_claimed_and_the_reader_is_named(
    key: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_secure: bool
) -> None:
    monkeypatch.setattr(source, "SECURE_SECONDS", 3.0)
    with _bus(tmp_path) as (wire, settings), reading(KIND, settings, tmp_path) as desk:
        reader = _Reader(wire.ports[1], key, is_secure=is_secure)
        reader.card(frame(1234567, 26))
        until(lambda: "secure channel" in desk.away, "the fault", 20)
        reader.close()
    assert desk.cards == []


def test_lost_bytes_cost_time_and_no_card_is_misread(tmp_path: Path) -> None:
    with _bus(tmp_path) as (wire, settings), reading(KIND, settings, tmp_path) as desk:
        reader = _Reader(wire.ports[1], KEY)
        until(lambda: reader.is_secure, "the secure channel", 20)
        wire.lose(3)
        until(lambda: wire.lost == 3, "the bytes to be lost", 20)
        until(lambda: _claimed(desk, reader), "the card", 30)
        reader.close()
    assert set(desk.cards) == {"1234567"}


def _claimed(desk: Desk, reader: _Reader) -> bool:
    """Lay the card there anew until it is heard: what was sent into a broken channel is gone."""
    if not desk.cards and reader.is_secure:
        reader.card(frame(1234567, 26))
    return bool(desk.cards)


def test_a_reader_whose_wire_is_cut_is_named_and_comes_back_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SECURE_SECONDS", 3.0)
    with _bus(tmp_path) as (wire, settings), reading(KIND, settings, tmp_path) as desk:
        reader = _Reader(wire.ports[1], KEY)
        until(lambda: reader.is_secure, "the secure channel", 20)
        wire.is_cut = True
        until(lambda: "secure channel" in desk.away, "the fault", 30)
        wire.is_cut = False
        until(lambda: _claimed(desk, reader), "the card after its return", 30)
        assert desk.away == ""
        reader.close()


def test_a_key_that_others_can_read_is_named(tmp_path: Path) -> None:
    with _bus(tmp_path) as (_, settings):
        (tmp_path / "osdp.key").chmod(0o644)
        with reading(KIND, settings, tmp_path) as desk:
            until(lambda: "readable by others" in desk.away, "the fault")
