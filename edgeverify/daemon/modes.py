"""The mode that operators have set: heard, checked, kept on disk, and said in the status."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.atomic_file import read_plain, write_whole
from edgeverify.claims.source import Arrival
from edgeverify.domain import Command, DoorMode
from edgeverify.errors import CommandRefusedError, JournalUnavailableError
from edgeverify.events import ModeStatement, Signer, state_mode
from edgeverify.events.command import SignedCommand, command_of, read_command
from edgeverify.events.mode_statement import STATEMENT_SECONDS
from edgeverify.logs import fields
from edgeverify.policy.mode import Rules, check, standing
from edgeverify.status_socket import Json

LOG = logging.getLogger(__name__)

MAX_WAITING = 32
MAX_FILE_BYTES = 65536


class Time(Protocol):
    """The wall clock under the project's rules of trust."""

    def wall(self) -> datetime:
        """Return aware UTC."""

    def is_trusted(self) -> bool:
        """Return whether it counts."""


class Acts(Protocol):
    """Where it is written down who did what."""

    def note_act(self, act: str, subject: str, *, at: datetime, by_user: str) -> None:
        """Write it down. Raises JournalUnavailableError."""


@dataclass(frozen=True, slots=True)
class _Heard:
    payload: bytes
    is_retained: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the file holds: the last number obeyed of each key, and the last command as it came."""

    sequences: Mapping[str, int] = field(default_factory=dict)
    raw: str = ""
    command: Command | None = None

    def to_bytes(self) -> bytes:
        return json.dumps({"sequences": dict(self.sequences), "command": self.raw}).encode()


class Modes:
    """`heard` is called on a network thread, `look` on the main thread, the rest from anywhere."""

    def __init__(
        self,
        file: Path,
        *,
        door: str,
        keys: Callable[[], Mapping[str, Ed25519PublicKey]],
        longest_open: Callable[[], timedelta],
        time: Time,
        acts: Acts,
    ) -> None:
        """Read `file`. One that cannot be read keeps the door locked down until a command comes."""
        self._file = file
        self._door = door
        self._keys = keys
        self._longest_open = longest_open
        self._time = time
        self._acts = acts
        self._waiting: deque[_Heard] = deque(maxlen=MAX_WAITING)
        self._unwritten: deque[tuple[str, str, datetime, str]] = deque(maxlen=MAX_WAITING)
        self._refused: dict[str, Json] | None = None
        self._is_lost = False
        self._is_written = True
        self._kept = self._read()
        self._told = self.mode

    @property
    def mode(self) -> DoorMode:
        """What stands now."""
        if self._is_lost:
            return DoorMode.LOCKDOWN
        kept = self._kept
        return standing(
            kept.command,
            now=self._time.wall(),
            is_clock_trusted=self._time.is_trusted(),
            is_signed=self._is_signed(kept),
        )

    def is_locked_down(self) -> bool:
        """Return whether nobody is to be let in."""
        return self.mode is DoorMode.LOCKDOWN

    def heard(self, arrival: Arrival) -> None:
        """Take one message; returns at once."""
        self._waiting.append(_Heard(arrival.payload, arrival.is_retained, self._time.wall()))

    def look(self) -> bool:
        """Obey what was heard; return whether there is something new to say."""
        is_news = False
        while self._waiting:
            is_news = True
            self._take(self._waiting.popleft())
        self._write_acts()
        self._write_again()
        mode = self.mode
        if mode is not self._told:
            LOG.warning("mode", extra=fields(mode=mode.value, before=self._told.value))
            self._told, is_news = mode, True
        return is_news

    def facts(self, signer: Signer) -> dict[str, Json]:
        """Return what the status says: codes and times alone, and while open a signed statement."""
        mode, command, now = self.mode, self._kept.command, self._time.wall()
        said: dict[str, Json] = {"name": mode.value}
        if command is not None and command.mode is mode:
            said["since"] = command.issued_at.isoformat()
            said["until"] = command.until.isoformat() if command.until else None
        if command is not None:
            said["command_id"] = command.id
        if self._refused is not None:
            said["refused"] = self._refused
        if mode is DoorMode.OPEN and command is not None and command.until is not None:
            ends = min(command.until, now + timedelta(seconds=STATEMENT_SECONDS))
            statement = ModeStatement(door=self._door, mode=mode, issued_at=now, expires_at=ends)
            said["statement"] = dict(state_mode(statement, signer))
        return said

    def _take(self, heard: _Heard) -> None:
        try:
            self._obey(heard)
        except CommandRefusedError as error:
            self._refused = {"id": error.command_id, "name": error.name}
            LOG.warning("a command was refused: %s", error.problem)

    def _obey(self, heard: _Heard) -> None:
        if heard.is_retained:
            raise CommandRefusedError("retained", "no operator's command is retained")
        signed = read_command(heard.payload, self._keys())
        command, kept = signed.command, self._kept
        rules = Rules(
            door=self._door,
            last_sequence=kept.sequences.get(signed.keyid, 0),
            longest_open=self._longest_open(),
        )
        check(command, rules, now=heard.at, is_clock_trusted=self._time.is_trusted())
        self._keep(heard, signed)
        self._refused = None
        act = f"mode {command.mode.value}"
        self._unwritten.append((act, command.id, heard.at, f"operator {signed.keyid}"))
        LOG.warning("command obeyed", extra=fields(mode=command.mode.value, operator=signed.keyid))

    def _keep(self, heard: _Heard, signed: SignedCommand) -> None:
        """Put the number and the command on disk before anything follows from them.

        A lock-down counts also where the disk does not take it.
        """
        sequences = {**self._kept.sequences, signed.keyid: signed.command.sequence}
        kept = _Kept(sequences, heard.payload.decode("utf-8"), signed.command)
        try:
            write_whole(self._file, kept.to_bytes())
        except OSError as error:
            if signed.command.mode is not DoorMode.LOCKDOWN:
                detail = f"{self._file} cannot be written: {error.strerror}"
                raise CommandRefusedError("state_unavailable", detail, signed.command.id) from None
            LOG.error("a lock-down is not on disk: %s", error.strerror)  # noqa: TRY400 - for people
            self._is_written = False
        else:
            self._is_written = True
        self._kept, self._is_lost = kept, False

    def _write_again(self) -> None:
        """Put on disk what is not there, or not any more: the next start must know it."""
        if self._kept.command is None:
            return
        try:
            if self._is_written and self._file.exists():
                return
            write_whole(self._file, self._kept.to_bytes())
        except OSError:
            return  # as on a full disk: at the next look
        self._is_written = True
        LOG.warning("%s was not there, and was written again", self._file)

    def _write_acts(self) -> None:
        while self._unwritten:
            act, subject, at, who = self._unwritten[0]
            try:
                self._acts.note_act(act, subject, at=at, by_user=who)
            except JournalUnavailableError:
                return  # named as a fault already; it is written once the journal is back
            self._unwritten.popleft()

    def _is_signed(self, kept: _Kept) -> bool:
        """Return whether the command's key is still an operator's."""
        if kept.command is None:
            return False
        try:
            read_command(kept.raw.encode(), self._keys())
        except CommandRefusedError:
            return False
        return True

    def _read(self) -> _Kept:
        try:
            raw = read_plain(self._file, MAX_FILE_BYTES)
        except FileNotFoundError:
            return _Kept()
        except OSError as error:
            return self._lost(str(error.strerror))
        try:
            return _kept_of(json.loads(raw))
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._lost("it is damaged")

    def _lost(self, why: str) -> _Kept:
        self._is_lost = True
        LOG.error("%s: %s; locked down until an operator commands", self._file, why)
        return _Kept()


def _kept_of(record: Mapping[str, object]) -> _Kept:
    raw, sequences = str(record["command"]), record["sequences"]
    if not isinstance(sequences, dict):
        raise TypeError("sequences must be an object")
    command = command_of(_payload(raw)) if raw else None
    return _Kept({str(key): int(value) for key, value in sequences.items()}, raw, command)


def _payload(raw: str) -> bytes:
    return b64decode(json.loads(raw)["data_base64"], validate=True)
