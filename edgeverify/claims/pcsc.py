"""`pcsc`: a contactless reader of the PC/SC service, by the card's own number or a signed one."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edgeverify.atomic_file import read_plain
from edgeverify.claims.card_number import TornReadError, written
from edgeverify.claims.reading import Reader, ReaderGoneError, ReaderThread
from edgeverify.claims.source import SourceKind, Surroundings
from edgeverify.domain import ClaimSource
from edgeverify.settings import ClaimSettings
from edgeverify.settings.readers import PcscSettings

PCSC = ClaimSource(name="pcsc", is_card_reader=True)

GET_UID = (0xFF, 0xCA, 0x00, 0x00, 0x00)
"""PC/SC part 3, section 3.2.2.1.3: the number that the card gives itself."""
CARD_CONTEXT = b"edgeverify.card.v1\n"
"""Stands before the card's own number and the text in what is signed."""
SIGNATURE_BYTES = 64
OK = (0x90, 0x00)
REFUSED = (
    "The PC/SC service (pcscd) refuses this user: polkit needs the rule edgeverify-pcsc.rules "
    "(docs/readers.md)."
)
"""From Debian 13 on pcscd asks polkit, which by default lets in who sits at the screen alone."""
RANDOM_NUMBER = 0x08
"""ISO/IEC 14443-3: a number of four bytes that begins so is drawn again for each touch."""


class PcscReader:
    """One reader of the service, under a context of its own, so that a restart is seen."""

    def __init__(
        self, settings: PcscSettings, key: Ed25519PublicKey | None, scard: ModuleType
    ) -> None:
        """`scard` is pyscard's `smartcard.scard`. Raises ReaderGoneError."""
        self._settings, self._key, self._api = settings, key, scard
        code, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if code == scard.SCARD_W_SECURITY_VIOLATION:
            raise ReaderGoneError(REFUSED)
        if code != scard.SCARD_S_SUCCESS:
            raise ReaderGoneError("The PC/SC service (pcscd) does not answer.")
        code, names = scard.SCardListReaders(self._context, [])
        fitting = [name for name in names or () if settings.reader in name]
        if code != scard.SCARD_S_SUCCESS or not fitting:
            self.close()
            wanted = f" named {settings.reader!r}" if settings.reader else ""
            raise ReaderGoneError(f"PC/SC has no reader{wanted}.")
        self._name = fitting[0]
        self._state = scard.SCARD_STATE_UNAWARE
        self._has_card = False

    def read(self, timeout_seconds: float) -> str | None:
        """Return a card's number once it is laid on the reader, or None."""
        api = self._api
        code, states = api.SCardGetStatusChange(
            self._context, int(timeout_seconds * 1000), [(self._name, self._state)]
        )
        if code == api.SCARD_E_TIMEOUT:
            return None
        if code != api.SCARD_S_SUCCESS:
            raise ReaderGoneError(f"{self._name} has gone: {api.SCardGetErrorMessage(code)}")
        ((_, now, _),) = states
        self._state = now & ~api.SCARD_STATE_CHANGED
        if now & (api.SCARD_STATE_UNKNOWN | api.SCARD_STATE_UNAVAILABLE | api.SCARD_STATE_IGNORE):
            raise ReaderGoneError(f"{self._name} has gone.")
        had, self._has_card = self._has_card, bool(now & api.SCARD_STATE_PRESENT)
        return self._number() if self._has_card and not had else None

    def close(self) -> None:
        """Give the context back."""
        self._api.SCardReleaseContext(self._context)

    def _number(self) -> str:
        api = self._api
        code, card, protocol = api.SCardConnect(
            self._context,
            self._name,
            api.SCARD_SHARE_SHARED,
            api.SCARD_PROTOCOL_T0 | api.SCARD_PROTOCOL_T1,
        )
        if code == api.SCARD_W_SECURITY_VIOLATION:
            raise ReaderGoneError(REFUSED)
        if code != api.SCARD_S_SUCCESS:
            raise TornReadError("the card was taken away")
        try:
            own = self._ask(card, protocol, GET_UID)
            if not self._settings.application:
                if len(own) == 4 and own[0] == RANDOM_NUMBER:
                    raise TornReadError("the card draws another number for each touch")
                return written(own, self._settings.number)
            return self._signed_number(card, protocol, own)
        finally:
            api.SCardDisconnect(card, api.SCARD_LEAVE_CARD)

    def _signed_number(self, card: int, protocol: int, own: bytes) -> str:
        """Return the number in the application's file: its length, the text, its signature."""
        name, file = bytes.fromhex(self._settings.application), bytes.fromhex(self._settings.file)
        self._ask(card, protocol, (0x00, 0xA4, 0x04, 0x00, len(name), *name, 0x00))
        self._ask(card, protocol, (0x00, 0xA4, 0x02, 0x0C, len(file), *file))
        content = self._ask(card, protocol, (0x00, 0xB0, 0x00, 0x00, 0x00))
        length = content[0] if content else 0
        text, signature = content[1 : 1 + length], content[1 + length :][:SIGNATURE_BYTES]
        if self._key is None:
            raise TornReadError("no key is there to check the card with")
        try:
            self._key.verify(signature, CARD_CONTEXT + own + text)
            return text.decode("ascii")
        except (InvalidSignature, UnicodeDecodeError):
            raise TornReadError("the card's signature does not fit") from None

    def _ask(self, card: int, protocol: int, command: tuple[int, ...]) -> bytes:
        code, answer = self._api.SCardTransmit(card, protocol, list(command))
        if code != self._api.SCARD_S_SUCCESS:
            raise TornReadError("the card was taken away")
        if tuple(answer[-2:]) != OK:
            raise TornReadError("the card does not know this command")
        return bytes(answer[:-2])


def load_card_key(path: Path) -> Ed25519PublicKey:
    """Read the key of whoever wrote the cards. Raises ReaderGoneError."""
    try:
        key = load_pem_public_key(read_plain(path))
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ReaderGoneError(f"claims.pcsc.key_file is not an Ed25519 public key (PEM): {path}.")
    return key


def _start(settings: ClaimSettings, surroundings: Surroundings) -> ReaderThread:
    def open_reader() -> Reader:
        try:
            scard = importlib.import_module("smartcard.scard")
        except ImportError:
            raise ReaderGoneError(
                "The package pyscard is missing: install edgeverify[readers]."
            ) from None
        wanted = settings.pcsc
        key = load_card_key(surroundings.folder / wanted.key_file) if wanted.application else None
        return PcscReader(wanted, key, scard)

    return ReaderThread(PCSC, open_reader, surroundings)


KIND = SourceKind(source=PCSC, start=_start)
