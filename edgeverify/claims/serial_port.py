"""`serial`: a reader behind a serial port, RDM6300 frames or text lines."""

from __future__ import annotations

import importlib
from types import ModuleType

from edgeverify.claims.card_number import TornReadError, from_text, matched, written
from edgeverify.claims.reading import Reader, ReaderGoneError, ReaderThread
from edgeverify.claims.source import SourceKind, Surroundings
from edgeverify.domain import ClaimSource
from edgeverify.settings import ClaimSettings
from edgeverify.settings.readers import SerialSettings

SERIAL = ClaimSource(name="serial", is_card_reader=True)

START, END = 0x02, 0x03
RDM_BODY = 12
"""Characters between them: version, four bytes of number, checksum, all in hexadecimal."""
LINE_END = b"\r\n"
"""Behind them, where an ID-12 or ID-20 sends a frame (ID Innovations, its ASCII format)."""
LONGEST_LINE = 256
SILENCE_SECONDS = 0.5
"""A frame or line is sent in one piece: what is not whole by then never becomes whole."""


class RdmFrames:
    """Bytes to card bytes (version first); what does not fit its checksum is torn."""

    def __init__(self) -> None:
        self._begun: bytearray | None = None

    def take(self, byte: int) -> bytes | None:
        """Take one byte; return a card once it is whole. Raises TornReadError."""
        if byte == START:
            torn, self._begun = self._begun, bytearray()
            if torn:
                raise TornReadError("a frame broke off")
            return None
        if self._begun is None:
            return None  # between frames: the reader was plugged in while it sent
        if byte in LINE_END and len(self._begun) == RDM_BODY:
            return None
        if byte != END:
            self._begun.append(byte)
            if len(self._begun) > RDM_BODY:
                self._begun = None
                raise TornReadError("a frame is too long")
            return None
        body, self._begun = bytes(self._begun), None
        return _checked(body)

    def silence(self) -> None:
        """Forget a frame that has stopped in its middle."""
        if self._begun:
            self._begun = None
            raise TornReadError("a frame broke off")


def _checked(body: bytes) -> bytes:
    try:
        raw = bytes.fromhex(body.decode("ascii"))
    except ValueError:
        raise TornReadError("a frame is not hexadecimal") from None
    if len(body) != RDM_BODY:
        raise TornReadError("a frame is too short")
    if 2 * len(raw) != RDM_BODY:
        raise TornReadError("a frame is not hexadecimal")  # fromhex passes over blanks
    check = 0
    for byte in raw[:-1]:
        check ^= byte
    if check != raw[-1]:
        raise TornReadError("a checksum does not fit")
    return raw[:-1]


class TextLines:
    """Bytes to lines; one that began before we listened is not whole and is left out."""

    def __init__(self) -> None:
        self._begun: bytearray | None = None

    def take(self, byte: int) -> str | None:
        """Take one byte; return a line once it is whole. Raises TornReadError."""
        if byte in b"\r\n":
            line, self._begun = self._begun, bytearray()
            try:
                return line.decode("ascii").strip() or None if line else None
            except UnicodeDecodeError:
                raise TornReadError("a line is not ASCII") from None
        if self._begun is not None:
            self._begun.append(byte)
            if len(self._begun) > LONGEST_LINE:
                self._begun = None
                raise TornReadError("a line is too long")
        return None

    def silence(self) -> None:
        """After a silence a new line begins; what had begun before it was torn."""
        torn, self._begun = self._begun, bytearray()
        if torn:
            raise TornReadError("a line broke off")


class SerialReader:
    """An open port."""

    def __init__(self, settings: SerialSettings, serial: ModuleType) -> None:
        """Open the port; `serial` is pyserial. Raises ReaderGoneError."""
        self._settings = settings
        self._gone: tuple[type[Exception], ...] = (serial.SerialException, OSError)
        self._frames = RdmFrames() if settings.protocol == "rdm6300" else TextLines()
        self._waiting = b""
        self._silent = 0.0
        try:
            self._port = serial.Serial(settings.port, settings.baud, exclusive=True)
        except (*self._gone, ValueError) as error:
            raise ReaderGoneError(f"{settings.port} cannot be opened: {error}.") from None

    def read(self, timeout_seconds: float) -> str | None:
        """Return the next card number, or None."""
        if not self._waiting:
            self._waiting = self._some(timeout_seconds)
            if not self._waiting:
                self._silent += timeout_seconds
                if self._silent >= SILENCE_SECONDS:
                    self._silent = 0.0
                    self._frames.silence()
                return None
            self._silent = 0.0
        while self._waiting:
            byte, self._waiting = self._waiting[0], self._waiting[1:]
            whole = self._frames.take(byte)
            if whole is not None:
                return self._number(whole)
        return None

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _some(self, timeout_seconds: float) -> bytes:
        try:
            self._port.timeout = timeout_seconds
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        except self._gone as error:
            raise ReaderGoneError(f"{self._settings.port} has gone: {error}.") from None

    def _number(self, whole: bytes | str) -> str:
        if isinstance(whole, bytes):
            # The version comes first; what is printed on the card are the other four bytes.
            return written(whole[1:], self._settings.number)
        found = matched(whole, self._settings.pattern, "claims.serial.pattern")
        return from_text(found, self._settings.typed, self._settings.number)


def _start(settings: ClaimSettings, surroundings: Surroundings) -> ReaderThread:
    def open_reader() -> Reader:
        try:
            serial = importlib.import_module("serial")
        except ImportError:
            raise ReaderGoneError(
                "The package pyserial is missing: install edgeverify[readers]."
            ) from None
        return SerialReader(settings.serial, serial)

    return ReaderThread(SERIAL, open_reader, surroundings)


KIND = SourceKind(source=SERIAL, start=_start)
