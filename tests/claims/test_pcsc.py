"""Contactless cards: the real pcscd and vsmartcard's virtual reader, with a card of our own in it.

`make test-readers` runs it, and so does CI: pcscd and vsmartcard-vpcd are Debian packages, pyscard
is compiled.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeverify.claims.pcsc import CARD_CONTEXT, KIND, PcscReader
from edgeverify.claims.reading import ReaderGoneError
from edgeverify.settings.readers import PcscSettings
from tests.absent import absent
from tests.claims.readers import reading
from tests.doors import public_pem
from tests.virtual_card import AID, DRIVER, card_in_field, is_listening, reader_config, reader_port
from tests.waiting import patience, until

pytestmark = pytest.mark.slow

PROGRAMS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
SOCKET = "/run/pcscd/pcscd.comm"
UID = bytes.fromhex("04a1b2c3d4e580")
WRITER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Service:
    """pcscd with one virtual reader."""

    def __init__(self, folder: Path) -> None:
        self.port = reader_port()
        self._folder = folder
        self._log = folder.with_name("pcscd.log")  # it reads every file of its folder
        folder.mkdir()
        (folder / "vpcd").write_text(reader_config(self.port))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self._log.open("ab")
        command = ["pcscd", "--foreground", "--config", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        until(self._is_there, "pcscd's virtual reader", 20)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(patience(10))
            self._process = None

    def _is_there(self) -> bool:
        """Whether both slots wait for a card: pcscd closes the first where the second fails."""
        assert self._process is not None
        text = self._log.read_text(errors="replace")
        assert self._process.poll() is None, text
        assert "Address already in use" not in text, text
        return is_listening(self.port) and is_listening(self.port + 1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    if importlib.util.find_spec("smartcard") is None:
        absent("pyscard is not installed: make test-readers")
    if shutil.which("pcscd", path=PROGRAMS) is None or not DRIVER.exists():
        absent("pcscd or vsmartcard-vpcd is not installed: make test-readers")
    if os.geteuid() != 0:
        absent("pcscd needs root for its socket: sudo make test-readers")
    if _another_answers():
        absent("another pcscd runs here: systemctl stop pcscd.socket pcscd")
    made = Service(tmp_path / "reader.conf.d")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _another_answers() -> bool:
    with socket.socket(socket.AF_UNIX) as asked:
        return asked.connect_ex(SOCKET) == 0


@contextmanager
def laid_on(service: Service, uid: bytes = UID, content: bytes = b"") -> Iterator[None]:
    with card_in_field(service.port, uid, content):
        yield


def _signed(uid: bytes, text: bytes, key: Ed25519PrivateKey = WRITER) -> bytes:
    return bytes((len(text),)) + text + key.sign(CARD_CONTEXT + uid + text)


def test_a_card_is_read_by_its_own_number(service: Service) -> None:
    with reading(KIND, {"pcsc": {}}) as desk:
        until(lambda: desk.away == "", "the reader", 20)
        with laid_on(service):
            until(lambda: desk.cards == [UID.hex().upper()], "the card", 20)
        with laid_on(service, bytes.fromhex("08112233")):
            until(lambda: desk.refused == ["refused"], "the number drawn anew", 20)
        with laid_on(service, bytes.fromhex("01020304")):
            until(lambda: desk.cards[1:] == ["01020304"], "the next card", 20)


def test_a_user_whom_polkit_refuses_is_told_of_the_rule() -> None:
    """Debian 13's pcscd answers so; the constant is the package's own."""
    if importlib.util.find_spec("smartcard") is None:
        absent("pyscard is not installed: make test-readers")
    scard = importlib.import_module("smartcard.scard")
    refusing = SimpleNamespace(
        SCARD_SCOPE_USER=scard.SCARD_SCOPE_USER,
        SCARD_S_SUCCESS=scard.SCARD_S_SUCCESS,
        SCARD_W_SECURITY_VIOLATION=scard.SCARD_W_SECURITY_VIOLATION,
        SCardEstablishContext=lambda _scope: (scard.SCARD_W_SECURITY_VIOLATION, 0),
    )
    with pytest.raises(ReaderGoneError, match="polkit needs the rule"):
        PcscReader(PcscSettings(), None, refusing)  # type: ignore[arg-type]


def test_a_signed_number_is_believed_on_its_own_card_alone(
    service: Service, tmp_path: Path
) -> None:
    pem = public_pem(tmp_path, WRITER.public_key())
    chosen = {"application": AID, "key_file": pem.name}
    stranger = Ed25519PrivateKey.generate()
    with reading(KIND, {"pcsc": chosen}, tmp_path) as desk:
        until(lambda: desk.away == "", "the reader", 20)
        for number, (uid, content) in enumerate(
            (
                (UID[::-1], _signed(UID, b"0012345")),
                (UID, _signed(UID, b"0012345", stranger)),
                (UID, _signed(UID, b"0012345")[:-1]),
                (UID, b""),
            ),
            start=1,
        ):
            with laid_on(service, uid, content):
                until(lambda count=number: len(desk.refused) == count, "the refusal", 20)  # type: ignore[misc]
        assert desk.cards == []
        with laid_on(service, UID, _signed(UID, b"0012345")):
            until(lambda: desk.cards == ["0012345"], "the card", 20)


def test_a_service_that_vanishes_is_named_and_comes_back_alone(service: Service) -> None:
    with reading(KIND, {"pcsc": {}}) as desk:
        until(lambda: desk.away == "", "the reader", 20)
        service.stop()
        until(lambda: desk.away not in ("", "not begun"), "the fault", 20)
        service.start()
        until(lambda: desk.away == "", "its return", 30)
        with laid_on(service):
            until(lambda: desk.cards == [UID.hex().upper()], "the card", 20)


def test_a_reader_that_is_not_there_is_named(service: Service) -> None:
    with reading(KIND, {"pcsc": {"reader": "ACR122"}}) as desk:
        until(lambda: "no reader named 'ACR122'" in desk.away, "the fault", 20)
    service.stop()
