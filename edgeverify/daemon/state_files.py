"""Are the key files as this door wrote them? Their digests are sealed with the master key.

A changed private key is told by its name (`key_witness`); a changed end of an old key, or another
key that is announced, by nothing but this.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from edgeverify.daemon.sealed_facts import SealedFacts
from edgeverify.domain import Degradation, FaultName
from edgeverify.errors import JournalUnavailableError
from edgeverify.key_rotation import NEXT_KEY_FILE
from edgeverify.state import StateDirectory

LOG = logging.getLogger(__name__)

PURPOSE = "edgeverify.state-file.v1"
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class StateFiles:
    """The files beside the databases that decide whose word counts."""

    state: StateDirectory
    facts: SealedFacts

    def look(self) -> tuple[Degradation, ...]:
        """Compare each with what was sealed, and seal what is there now: it is said once a start.

        Nothing is said of a file that was never sealed, and where the journal cannot be read.
        """
        changed = []
        try:
            for path in self._paths:
                sealed, found = self.facts.read(_fact(path)), _digest(path)
                if sealed is not None and sealed != found:
                    changed.append(path.name)
            self.keep()
        except JournalUnavailableError:
            return ()
        if not changed:
            return ()
        detail = f"{' and '.join(changed)}: not as this door wrote it"
        LOG.error("%s: %s", FaultName.STATE_CHANGED, detail)
        return (Degradation(name=FaultName.STATE_CHANGED, detail=detail),)

    def keep(self) -> None:
        """Seal what is there, after this door wrote it. Raises JournalUnavailableError."""
        for path in self._paths:
            self.facts.keep(_fact(path), _digest(path))

    @property
    def _paths(self) -> tuple[Path, ...]:
        return (self.state.signing_keys, self.state.signing_keys.with_name(NEXT_KEY_FILE))


def _fact(path: Path) -> str:
    return f"file {path.name}"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ABSENT
    except OSError as error:
        return f"unreadable:{error.errno}"
