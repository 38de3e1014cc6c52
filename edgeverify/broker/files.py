"""The folder of a broker: what lies where, for whom, and written once."""

from __future__ import annotations

import errno
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FILE, PUBLIC_FILE, advice_on, write_whole
from edgeverify.errors import BrokerSetupError

BROKER_USER = "mosquitto"
DOOR_USER = "edgeverify"


@dataclass(frozen=True, slots=True)
class Owner:
    """A user that a file is given to; only root can give."""

    name: str
    user: int
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who runs the broker and the door here; None: whoever set the broker up (`is_root`?)."""

    broker: Owner | None
    door: Owner | None
    is_root: bool


def owners_here() -> Owners:
    """Return the users of Debian's Mosquitto and of the door's service, where root asks."""
    if os.geteuid() != 0:
        return Owners(broker=None, door=None, is_root=False)
    return Owners(broker=owner_of(BROKER_USER), door=owner_of(DOOR_USER), is_root=True)


def can_enter(owner: Owner, folder: Path) -> bool:
    """Return whether a user that is not root may come as far as `folder`."""
    for each in (folder, *folder.parents):
        if not each.exists():
            continue
        status = each.stat()
        bit = 0o001
        if status.st_uid == owner.user:
            bit = 0o100
        elif status.st_gid == owner.group:
            bit = 0o010
        if not status.st_mode & bit:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """Writes below one folder; `made` collects what is new."""

    folder: Path
    made: list[Path]

    def make_folder(self, path: Path, *, owner: Owner | None = None, mode: int = 0o755) -> None:
        """Make a folder unless it is there; BrokerSetupError where that cannot be."""
        if path.is_dir():
            return
        try:
            path.mkdir(parents=True, mode=mode)
            path.chmod(mode)
            _give(path, owner)
        except OSError as error:
            raise _cannot("make", path, error) from None

    def secret(self, path: Path, content: bytes, owner: Owner | None = None) -> None:
        """Write a private file that was not there, for its owner alone."""
        self._write(path, content, PRIVATE_FILE, owner, may_replace=False)

    def public(self, path: Path, content: bytes) -> None:
        """Write a file for everybody, unless it is there."""
        if not path.exists():
            self._write(path, content, PUBLIC_FILE, None, may_replace=False)

    def renew(self, path: Path, content: bytes, mode: int, owner: Owner | None = None) -> None:
        """Rewrite a file of our own."""
        self._write(path, content, mode, owner, may_replace=True)

    def _write(
        self, path: Path, content: bytes, mode: int, owner: Owner | None, *, may_replace: bool
    ) -> None:
        try:
            write_whole(path, content, mode=mode, may_replace=may_replace)
            _give(path, owner)
        except OSError as error:
            raise _cannot("write", path, error) from None
        self.made.append(path)


def read(path: Path) -> bytes:
    """Return a file's bytes. Raises BrokerSetupError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _cannot("read", path, error) from None


def _give(path: Path, owner: Owner | None) -> None:
    if owner is not None:
        os.chown(path, owner.user, owner.group)


def owner_of(name: str) -> Owner | None:
    """Return a user of this machine, None where there is none of that name."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Owner(name, found.pw_uid, found.pw_gid)


def _cannot(what: str, path: Path, error: OSError) -> BrokerSetupError:
    is_refused = error.errno in {errno.EPERM, errno.EACCES}
    own = "Run it as root, or take a folder of your own."
    advice = own if is_refused else advice_on(error)
    return BrokerSetupError(f"cannot {what} {path}: {error.strerror}", advice=advice)
