"""`osdp`: a reader on RS-485 under the secure channel; libosdp is its control panel."""

from __future__ import annotations

import importlib
import time
from types import ModuleType

from edgeverify.claims.card_number import TornReadError, written
from edgeverify.claims.reading import Reader, ReaderGoneError, ReaderThread
from edgeverify.claims.source import SourceKind, Surroundings
from edgeverify.claims.wiegand_format import payload
from edgeverify.domain import ClaimSource
from edgeverify.errors import KeyUnusableError
from edgeverify.osdp_key import load_osdp_key
from edgeverify.settings import ClaimSettings
from edgeverify.settings.readers import OsdpSettings

OSDP = ClaimSource(name="osdp", is_card_reader=True)

SECURE_SECONDS = 10.0
"""A reader whose secure channel is down for longer has vanished."""


class OsdpReader:
    """One reader on one port. Nothing is taken from it while the secure channel is not up."""

    def __init__(self, settings: OsdpSettings, key: bytes, modules: tuple[ModuleType, ...]) -> None:
        """`modules` are libosdp's package and `edgeverify.osdp_port`. Raises ReaderGoneError."""
        self._settings = settings
        self._osdp, port_module = modules
        try:
            self._port = port_module.OsdpPort(settings.port, settings.baud)
        except (OSError, ValueError) as error:  # a SerialException is an OSError
            raise ReaderGoneError(f"{settings.port} cannot be opened: {error}.") from None
        device = self._osdp.PDInfo(
            settings.address, self._port, key, flags=[self._osdp.LibFlag.EnforceSecure]
        )
        self._panel = self._osdp.ControlPanel([device], log_level=self._osdp.LogLevel.Emergency)
        self._panel.start()
        self._secure_at = time.monotonic()

    def read(self, timeout_seconds: float) -> str | None:
        """Return the next card number, or None."""
        if self._port.problem:
            raise ReaderGoneError(f"{self._settings.port} has gone: {self._port.problem}.")
        now = time.monotonic()
        if self._panel.is_sc_active(self._settings.address):
            self._secure_at = now
        elif now - self._secure_at > SECURE_SECONDS:
            raise ReaderGoneError(
                f"Reader {self._settings.address} on {self._settings.port} does not open the "
                "secure channel. Check its address, its speed and its key."
            )
        event = self._panel.get_event(self._settings.address, timeout_seconds)
        if not event or event["event"] != self._osdp.Event.CardRead:
            return None
        return self._number(event)

    def close(self) -> None:
        """End the panel and close the port."""
        self._panel.teardown()
        self._port.close()

    def _number(self, event: dict[str, object]) -> str:
        data = event["data"]
        if not isinstance(data, bytes):
            raise TornReadError("a card without data")
        if event["format"] == self._osdp.CardFormat.ASCII:
            return data.decode("ascii", "replace").strip("\0 \r\n")
        length = event.get("length")
        bits = [byte >> (7 - at) & 1 for byte in data for at in range(8)]
        count = length if isinstance(length, int) and 0 < length <= len(bits) else len(bits)
        return written(payload(bits[:count], self._settings.bits), self._settings.number)


def _start(settings: ClaimSettings, surroundings: Surroundings) -> ReaderThread:
    def open_reader() -> Reader:
        try:
            names = ("osdp", "edgeverify.osdp_port")
            modules = tuple(importlib.import_module(name) for name in names)
        except ImportError:
            raise ReaderGoneError(
                "libosdp or pyserial is missing: install edgeverify[readers]."
            ) from None
        try:
            key = load_osdp_key(surroundings.folder / settings.osdp.key_file)
        except KeyUnusableError as error:
            raise ReaderGoneError(f"{error.problem}.") from None
        return OsdpReader(settings.osdp, key, modules)

    return ReaderThread(OSDP, open_reader, surroundings)


KIND = SourceKind(source=OSDP, start=_start)
