"""Which state directory a config means: one place that every command asks.

The running daemon's first, then the installed service's, then one that is named on the command
line, then the user's own. Only the daemon itself begins where it is told to. Nothing is made or
changed here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from edgeverify.atomic_file import read_plain
from edgeverify.errors import StateError
from edgeverify.state import DOOR_FILE, StateDirectory, state_path, user_name
from edgeverify.status_socket import SOCKET_NAME, is_running


class Means(Enum):
    """By what a state directory was taken, in words for people."""

    NAMED = "named by --state or $STATE_DIRECTORY"
    RUNNING = "the running daemon's"
    INSTALLED = "the installed service's"
    OWN = "your own"


@dataclass(frozen=True, slots=True)
class Installed:
    """Where services keep their states and configs: NAME.yaml goes with the state NAME."""

    states: Path = Path("/var/lib/edgeverify")
    configs: Path = Path("/etc/edgeverify")


INSTALLED = Installed()
NOT_A_DOOR = "models"
"""The folder beside the states that all doors share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundState:
    """The state that a config means, by what it was taken, and the door's others that were not."""

    place: StateDirectory
    means: Means
    others: tuple[Path, ...] = ()
    named: Path | None = None
    """What --state or $STATE_DIRECTORY named; another than `place` where a service has the door."""

    @property
    def is_as_named(self) -> bool:
        """True where nothing was named, or just what was taken."""
        return self.named is None or _is_same(self.named, self.place.folder)


def find_state(
    config: Path,
    door: str,
    option: Path | None,
    environ: Mapping[str, str],
    *,
    command: str,
    may_begin: bool = False,
    installed: Installed = INSTALLED,
) -> FoundState:
    """Return the state of `door`, whose config is the file `config`; it need not exist yet.

    `command` is what the user typed, for advice; `may_begin` is for commands that make a new
    state where there is none. Raises StateError where this user may not look, or where several
    installed services have a door of this name.
    """
    services, closed = _services(installed, config, door)
    named = named_state(door, option, environ)
    own = _own(door, environ)
    known = (*services, *((own,) if own is not None and _is_of(own, door) else ()))
    running = [folder for folder in _with(named, known) if is_running(folder)]
    of_service = _is_installed(config, installed)
    if named is not None and not (running or services or (closed and of_service)):
        chosen, means = named, Means.NAMED
        _refuse_unreadable(chosen, door, command)
    elif running:
        chosen, means = _same_as(named, running) or running[0], Means.RUNNING
    elif closed and not (may_begin and not of_service):
        hint = f", or name your own: --state {own}" if own in known and not of_service else ""
        raise _no_right(closed, door, command, hint)
    elif services:
        chosen, means = _only(services, config, door, named), Means.INSTALLED
    elif own in known or not of_service:
        chosen, means = own or state_path(door, None, _without_systemd(environ)), Means.OWN
    else:
        chosen, means = installed.states / config.stem, Means.INSTALLED
    others = tuple(folder for folder in _with(named, known) if not _is_same(folder, chosen))
    return FoundState(place=StateDirectory(chosen, door), means=means, others=others, named=named)


def named_state(door: str, option: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return what --state names, else $STATE_DIRECTORY, else None."""
    is_named = option is not None or bool(environ.get("STATE_DIRECTORY", "").split(":")[0])
    return state_path(door, option, environ) if is_named else None


def find_daemon(
    option: Path | None,
    environ: Mapping[str, str],
    *,
    command: str,
    installed: Installed = INSTALLED,
) -> Path:
    """Return the state directory to ask without a config: the one named, else the only running.

    Looked through are $STATE_DIRECTORY, the installed services' directories, and those of this
    user. Raises StateError when there is none, or more than one.
    """
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if option is not None or given:
        return option if option is not None else Path(given)
    own = _own("any", environ)
    listed, may_look = _listed(installed.states)
    mine = [] if own is None else _listed(own.parent)[0]
    with_socket = [folder for folder in (*listed, *mine) if _is_there(folder / SOCKET_NAME)]
    running = [folder for folder in with_socket if is_running(folder)]
    if len(running) == 1:
        return running[0]
    if running:
        doors = ", ".join(str(folder) for folder in running)
        raise StateError("several daemons are running", advice=f"Choose with --state: {doors}")
    if not may_look or any(not _may_enter(folder) for folder in listed):
        raise StateError(
            f"{_user()} may not look into {installed.states}, where the services keep their state",
            advice=f"Type: sudo {command}",
        )
    raise StateError(
        "no daemon is running on this machine",
        advice="Start one (systemctl start edgeverify), or name its directory with --state.",
    )


def _own(door: str, environ: Mapping[str, str]) -> Path | None:
    """Return the user's own state of this door; None for a user who has no home at all."""
    try:
        return state_path(door, None, _without_systemd(environ))
    except StateError:
        return None


def _services(installed: Installed, config: Path, door: str) -> tuple[list[Path], Path | None]:
    """Return the installed services' states of this door, and one that cannot be looked into.

    That of the config's own name comes first: it is the one that the service will use.
    """
    listed, may_look = _listed(installed.states)
    if not may_look:
        return [], installed.states
    by_name = installed.states / config.stem
    if _is_installed(config, installed) and by_name in listed:
        # Whatever door it holds: opening it says so where that is another one.
        if not _may_enter(by_name):
            return [], by_name
        others = [folder for folder in listed if folder != by_name and _is_of(folder, door)]
        return [by_name, *others], None
    closed = next((folder for folder in listed if not _may_enter(folder)), None)
    return [folder for folder in listed if _is_of(folder, door)], closed


def _with(named: Path | None, known: Sequence[Path]) -> tuple[Path, ...]:
    """Return the known states, and the named one where it is none of them."""
    if named is None or _same_as(named, known):
        return tuple(known)
    return (*known, named)


def _same_as(named: Path | None, known: Sequence[Path]) -> Path | None:
    """Return which of the known states was named, or None."""
    return next((one for one in known if named is not None and _is_same(named, one)), None)


def _only(services: Sequence[Path], config: Path, door: str, named: Path | None) -> Path:
    if len(services) == 1 or services[0].name == config.stem:
        return services[0]
    chosen = _same_as(named, services)
    if chosen is not None:
        return chosen
    names = ", ".join(str(folder) for folder in services)
    raise StateError(
        f"several services of this machine have a door {door!r}", advice=f"Choose: --state {names}"
    )


def _refuse_unreadable(folder: Path, door: str, command: str) -> None:
    try:
        folder.stat()
    except PermissionError:
        raise _no_right(folder, door, command) from None
    except OSError:
        return
    if not _may_enter(folder):
        raise _no_right(folder, door, command)


def _no_right(folder: Path, door: str, command: str, hint: str = "") -> StateError:
    return StateError(
        f"the state of the door {door!r} is kept in {folder}, which {_user()} may not read",
        advice=f"Type: sudo {command}{hint}",
    )


def _listed(states: Path) -> tuple[list[Path], bool]:
    """Return the doors' folders in `states` in order, and whether this user may look."""
    try:
        found = sorted(path for path in states.iterdir() if path.name != NOT_A_DOOR)
        return [path for path in found if path.is_dir()], True
    except (FileNotFoundError, NotADirectoryError):
        return [], True
    except OSError:
        return [], not _is_there(states)


def _is_of(folder: Path, door: str) -> bool:
    try:
        return read_plain(folder / DOOR_FILE).decode().strip() == door
    except (OSError, UnicodeError):
        return False


def _is_installed(config: Path, installed: Installed) -> bool:
    return config.absolute().parent.resolve() == installed.configs.resolve()


def _may_enter(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK, effective_ids=True)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one == other


def _without_systemd(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != "STATE_DIRECTORY"}


def _user() -> str:
    return user_name(os.geteuid())
