"""The small files of the state under a running door: what the next start needs lies there still.

The door itself needs none of them once it runs, so nothing else would tell that one has gone, and
the next start would end, or sign with a key that no lock knows. Secrets are never written again:
whoever took one away may have meant it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
from contextlib import suppress
from pathlib import Path

from edgeverify.atomic_file import read_plain, write_whole
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import FaultName
from edgeverify.errors import KeyUnusableError
from edgeverify.keys import read_signing_keys
from edgeverify.state import DOOR_FILE, LOCK_FILE, StateDirectory
from edgeverify.state_lock import StateLock

LOG = logging.getLogger(__name__)

GONE = "{} is gone: put it back, from a backup if need be, before the next start"
ANOTHER = "{} is not the one that this door works with"
NO_FILE = "a folder, a pipe or a device"
HELD = "another process took the {} of this state: two programs write to it"


class StateWatch:
    """`look` is called by the supervisor every few seconds."""

    def __init__(
        self, state: StateDirectory, lock: StateLock, keys: KeyRing, faults: FaultBoard
    ) -> None:
        """Remember what lies there at the start; the door has been opened with it."""
        self._state = state
        self._lock = lock
        self._keys = keys
        self._faults = faults
        self._master = ""
        with suppress(OSError):  # a key that may not be read is not the one that was opened here
            self._master = _digest(state.master_key).replace(NO_FILE, "")
        self._seen: tuple[str, ...] = ()
        self._said = ""

    def look(self) -> None:
        """Name what is not there, and take it back once it is; what is no secret is made again."""
        try:
            found = tuple(self._problems())
        except OSError:
            return  # nobody can tell now, as in a folder that may not be entered
        # Twice, because a key that rotates just now lies there before the door works with it.
        told = "; ".join(each for each in found if each in self._seen)
        self._seen = found
        if told != self._said:
            self._say(told)

    def _problems(self) -> list[str]:
        """Return what is wrong, in words. Raises OSError."""
        state = self._state
        if not state.folder.is_dir():
            return []  # the journal is told to be away; there is nothing to put anything into
        problems = []
        self._keep_name()
        if not self._lock.hold_on(state):
            problems.append(HELD.format(LOCK_FILE))
        if self._master and (found := _digest(state.master_key)) != self._master:
            problems.append((ANOTHER if found else GONE).format(state.master_key.name))
        if not state.signing_keys.exists():
            problems.append(GONE.format(state.signing_keys.name))
        elif not self._is_signing_key_ours():
            problems.append(ANOTHER.format(state.signing_keys.name))
        return problems

    def _keep_name(self) -> None:
        """Write down again whose state it is: without it no command finds the door."""
        marker = self._state.folder / DOOR_FILE
        if not marker.exists():
            with suppress(OSError):  # a full disk: at the next look
                write_whole(marker, f"{self._state.door}\n".encode())
                LOG.warning("%s was gone, and was written again", marker)

    def _is_signing_key_ours(self) -> bool:
        try:
            return read_signing_keys(self._state.signing_keys).keyid == self._keys.current.keyid
        except KeyUnusableError:
            return False

    def _say(self, told: str) -> None:
        """Put it beside what others have said of the state, in place of what was said here."""
        name = FaultName.STATE_CHANGED
        stands = [each.detail for each in self._faults.snapshot() if each.name is name]
        others = [part for detail in stands for part in detail.split("; ") if part]
        mine = self._said.split("; ")
        detail = "; ".join((*(part for part in others if part not in mine), *filter(None, [told])))
        self._faults.state(name, detail, present=bool(detail))
        if told:
            LOG.error("%s: %s", name, told)
        else:
            LOG.warning("the files of the state are there again")
        self._said = told


def _digest(path: Path) -> str:
    """Return what is there, as SHA-256; empty where nothing is. Raises OSError."""
    try:
        return hashlib.sha256(read_plain(path)).hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.EINVAL, errno.EFBIG, errno.ELOOP):
            return NO_FILE
        raise
