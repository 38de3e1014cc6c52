"""The page's log-ins: names, roles and Argon2id hashes (RFC 9106) in one private file.

A password may be guessed five times, then with pauses that double.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError, KeyUnusableError
from edgeverify.private_files import read_private
from edgeverify.web.folder import give_to_owner
from edgeverify.web.roles import Role

FREE = 5
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 900.0
FORGOTTEN_AFTER_SECONDS = 3600.0
MOST_KEPT = 4096
"""Addresses and names; the longest unheard go first, so that a flood cannot fill the memory."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class Attempts:
    """Failures by address, and by name from anywhere; `now` is monotonic seconds."""

    _records: OrderedDict[str, _Record] = field(default_factory=OrderedDict)

    def pause(self, address: str, name: str, now: float) -> float:
        """Return for how many seconds no password is looked at; 0: it is."""
        found = [self._records.get(key) for key in _keys(address, name)]
        return max((max(0.0, one.until - now) for one in found if one is not None), default=0.0)

    def failed(self, address: str, name: str, now: float) -> None:
        """Count a wrong password."""
        for key in _keys(address, name):
            record = self._records.setdefault(key, _Record())
            if now - record.last > FORGOTTEN_AFTER_SECONDS:
                record.failures = 0
            record.failures += 1
            record.last = now
            if record.failures >= FREE:
                doubled = FIRST_PAUSE_SECONDS * 2 ** min(record.failures - FREE, 16)
                record.until = now + min(doubled, LONGEST_PAUSE_SECONDS)
            self._records.move_to_end(key)
        while len(self._records) > MOST_KEPT:
            self._records.popitem(last=False)

    def succeeded(self, address: str, name: str) -> None:
        """Forget the failures of this address and name."""
        for key in _keys(address, name):
            self._records.pop(key, None)


def _keys(address: str, name: str) -> tuple[str, str]:
    return f"address {address}", f"name {name[:80].casefold()}"


FILE = "logins.json"
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,39}$")
SHORTEST = 10
LONGEST = 200
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who may log in. `fingerprint` changes with password and role."""

    name: str
    role: Role
    hash: str

    @property
    def fingerprint(self) -> str:
        """Return what a session was made under; another one ends it."""
        return hashlib.sha256(f"{self.role.value}\n{self.hash}".encode()).hexdigest()[:32]


class Logins:
    """Reads the file each time: a password that was set counts at once, without a restart."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(24))
        # One at a time: each takes 64 MiB, and a flood of log-ins must not take the machine.
        self._lock = threading.Lock()

    def all(self) -> dict[str, Login]:
        """Return everybody by name; empty where no file is. Raises KeyUnusableError."""
        if not self._path.exists():
            return {}
        content = read_private(self._path, what="the page's log-ins", limit=MAX_BYTES)
        try:
            return {
                str(name): Login(str(name), Role(one["role"]), str(one["hash"]))
                for name, one in json.loads(content).items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyUnusableError(
                f"the page's log-ins in {self._path} are damaged",
                advice="Remove the file, and make each again with `edgeverify web password`.",
            ) from None

    def find(self, name: str) -> Login | None:
        """Return one by name."""
        return self.all().get(name)

    def check(self, name: str, password: str) -> Login | None:
        """Return the log-in where the password is right; a stranger's name takes as long."""
        found = self.find(name)
        with self._lock:
            try:
                self._hasher.verify(found.hash if found else self._nobody, password[:LONGEST])
            except (Argon2Error, InvalidHashError):
                return None
        return found

    def put(self, name: str, role: Role, password: str) -> bool:
        """Set somebody's password and role; return whether they are new. Raises ConfigError."""
        if not NAME.match(name):
            raise ConfigError(
                f"{name!r} cannot be the name of a log-in",
                advice="Use 1 to 40 letters, digits and . _ - beginning with a letter or digit.",
            )
        if not SHORTEST <= len(password) <= LONGEST:
            raise ConfigError(
                f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}",
                advice="Take four or five words that have nothing to do with each other.",
            )
        if password.lower().startswith(name.lower()) or len(set(password)) < 5:
            raise ConfigError(
                "this password would be guessed at once",
                advice="Take four or five words that have nothing to do with each other.",
            )
        known = self.all()
        is_new = name not in known
        self._write(known | {name: Login(name, role, self._hasher.hash(password))})
        return is_new

    def remove(self, name: str) -> bool:
        """Take somebody's log-in away; return whether there was one."""
        known = self.all()
        found = known.pop(name, None)
        if found is None:
            return False
        self._write(known)
        return True

    def _write(self, known: dict[str, Login]) -> None:
        told = {one.name: {"role": one.role.value, "hash": one.hash} for one in known.values()}
        write_whole(self._path, json.dumps(told, indent=1).encode() + b"\n")
        give_to_owner(self._path)
