"""The state directory: where it is, and whose it is.

One config, one door, one state. Whoever changes state holds the lock, and is the directory's
owner: a root shell that enrolled somebody would leave files that the service cannot read.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FOLDER, read_plain, write_whole
from edgeverify.errors import StateError
from edgeverify.home_folder import expanded

DOOR_FILE = "door"
LOCK_FILE = "lock"


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """What lies where. Made by `open_state`, which has checked owner, mode and door."""

    folder: Path
    door: str

    @property
    def references(self) -> Path:
        """SQLite: the encrypted references."""
        return self.folder / "references.sqlite"

    @property
    def journal(self) -> Path:
        """SQLite: decisions, outbox, lock-outs, claim ids."""
        return self.folder / "journal.sqlite"

    @property
    def master_key(self) -> Path:
        """32 bytes, where no other place is set."""
        return self.folder / "master.key"

    @property
    def signing_keys(self) -> Path:
        """The Ed25519 signing key and the public halves of its predecessors."""
        return self.folder / "signing-keys.json"

    @property
    def mode(self) -> Path:
        """The last command of an operator, and the numbers of those that were obeyed."""
        return self.folder / "door-mode.json"

    @property
    def evidence(self) -> Path:
        """Sealed pictures of decisions, where they are kept."""
        return self.folder / "evidence"

    @property
    def socket(self) -> Path:
        """Where the running daemon answers commands."""
        return self.folder / "edgeverify.sock"


def state_path(door: str, option: Path | None, environ: Mapping[str, str]) -> Path:
    """Return where the state of `door` lies; nothing is touched.

    `--state`, else $STATE_DIRECTORY (systemd; the first of several), else
    $XDG_STATE_HOME/edgeverify/DOOR, which is ~/.local/state/edgeverify/DOOR unless set.
    """
    if option is not None:
        return expanded(option).absolute()
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    # XDG Base Directory Specification: a relative value is to be ignored.
    base = environ.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):
        base = str(Path(environ.get("HOME") or _home_of_this_user()) / ".local" / "state")
    return Path(base) / "edgeverify" / door


def open_state(path: Path, door: str) -> StateDirectory:
    """Open the state directory at `path`, making it where it is absent (mode 0700).

    Raises StateError when it belongs to another user or another door, is not a directory, or is a
    directory that holds other things.
    """
    try:
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except FileExistsError:
        raise StateError(f"the state directory {path} is not a directory") from None
    except OSError as error:
        raise StateError(
            f"the state directory {path} cannot be made: {error.strerror}",
            advice="Name another with --state, or run this as the service's user.",
        ) from None
    check_owner(path)
    marker = path / DOOR_FILE
    try:
        if marker.exists():
            owner_door = read_plain(marker).decode().strip()
        else:
            _refuse_a_strangers_folder(path)
            write_whole(marker, f"{door}\n".encode())
            owner_door = door
        _refuse_another_door(path, owner_door, door)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(PRIVATE_FOLDER)
    except UnicodeError:
        raise StateError(f"{marker} is damaged: it does not name a door") from None
    except OSError as error:
        raise StateError(
            f"the state directory {path} cannot be used: {error.filename or marker}: "
            f"{error.strerror}"
        ) from None
    return StateDirectory(path, door)


def existing_state(path: Path, door: str) -> StateDirectory:
    """Return the state directory at `path` for reading; nothing is made or changed.

    Raises StateError where there is none, or where it is another door's.
    """
    marker = path / DOOR_FILE
    try:
        owner_door = read_plain(marker).decode().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise StateError(
            f"the door {door!r} has no state in {path}",
            advice="Its daemon makes it at the first start; --state names another directory.",
        ) from None
    except UnicodeError:
        raise StateError(f"{marker} is damaged: it does not name a door") from None
    except OSError as error:
        raise StateError(f"{marker} cannot be read: {error.strerror}") from None
    _refuse_another_door(path, owner_door, door)
    return StateDirectory(path, door)


@contextmanager
def as_owner(path: Path) -> Iterator[None]:
    """Let root work as the owner of `path`, or of the folder that it is to be made in.

    So root may type every command, and leaves no file that the service cannot read. Anybody else
    stays who they are. Raises StateError where this root may not become another user.
    """
    if os.geteuid() != 0:
        yield
        return
    nearest = next(folder for folder in (path, *path.parents) if folder.exists()).stat()
    group, groups = os.getegid(), os.getgroups()
    try:
        os.setgroups(_groups(nearest.st_uid, nearest.st_gid))
        os.setegid(nearest.st_gid)
        os.seteuid(nearest.st_uid)
    except OSError as error:
        os.setegid(group)
        raise StateError(
            f"root cannot work as {user_name(nearest.st_uid)}, to whom {path} belongs: "
            f"{error.strerror}"
        ) from None
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def _groups(user: int, group: int) -> list[int]:
    try:
        return os.getgrouplist(pwd.getpwuid(user).pw_name, group)
    except KeyError:
        return [group]


def check_owner(path: Path) -> None:
    """Refuse to work on another user's state, root included. Raises StateError."""
    owner, user = path.stat().st_uid, os.geteuid()
    if owner != user:
        name = user_name(owner)
        raise StateError(
            f"the state directory {path} belongs to {name}, and this is {user_name(user)}",
            advice=f"Run: sudo -u {name} edgeverify ...",
        )


def _refuse_another_door(path: Path, found: str, door: str) -> None:
    if found != door:
        raise StateError(
            f"the state directory {path} belongs to the door {found!r}, not {door!r}",
            advice="Each door has its own: check `door:` in the config, or name it with --state.",
        )


def _refuse_a_strangers_folder(path: Path) -> None:
    """`--state /home/me` must not turn a home folder into a state directory."""
    known = {LOCK_FILE, "references.sqlite", "journal.sqlite", "master.key", "signing-keys.json"}
    # systemd may have put its own things there, and a lost+found is no content either
    others = sorted({entry.name for entry in path.iterdir()} - known - {"lost+found"})
    if others and not any((path / name).exists() for name in known):
        raise StateError(
            f"{path} is not a state directory of edgeverify: it holds {others[0]!r}",
            advice="Name an empty or a new directory.",
        )


def _home_of_this_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        raise StateError(
            f"user {os.geteuid()} has no home and no entry in /etc/passwd, so nothing says where "
            "the state lies",
            advice="Name it with --state DIR.",
        ) from None


def user_name(uid: int) -> str:
    """Return what a user is called; `#1234` where the machine does not know."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
