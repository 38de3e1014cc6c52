"""The last sequence that a subscriber accepted, kept over its restarts.

Without it an event recorded within its few seconds of life could be played to a lock that has just
started. The number is on disk before the event is handed out: a lock that dies in between has
missed a grant, and never opens twice for one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from edgeverify.atomic_file import write_whole
from edgeverify.errors import StateError

MAX_DIGITS = 20


def default_sequence_file(door: str, host: str, environ: Mapping[str, str]) -> Path:
    """Return where the last sequence of `door` at the broker `host` is kept.

    In systemd's state folder (`STATE_DIRECTORY`), else in the user's (XDG base directories).
    """
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    state = environ.get("XDG_STATE_HOME") or f"{environ.get('HOME') or ''}/.local/state"
    folder = Path(given) if given else Path(state) / "edgeverify-lock"
    broker = hashlib.sha256(host.encode()).hexdigest()[:8]
    return folder / f"{door}-{broker}.sequence"


class SequenceFile:
    """One number in a file, written whole or not at all. Raises StateError where it cannot be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unusable("make a folder for", error) from None

    def read(self) -> int | None:
        """Return the number, or None where there is none yet or the file was damaged.

        StateError where the file is there and cannot be read: then nothing is known, and nothing
        may be opened.
        """
        try:
            with self.path.open("rb") as file:
                text = file.read(MAX_DIGITS + 2).decode("ascii").strip()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            return None
        except OSError as error:
            raise self._unusable("read", error) from None
        return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None

    def write(self, sequence: int) -> None:
        """Keep `sequence`, durably."""
        try:
            write_whole(self.path, f"{sequence}\n".encode())
        except OSError as error:
            raise self._unusable("write", error) from None

    def _unusable(self, what: str, error: OSError) -> StateError:
        reason = error.strerror or os.strerror(error.errno or 0)
        return StateError(
            f"cannot {what} {self.path}, which keeps the last sequence: {reason}",
            advice="Name another file with `sequence_file`.",
        )
