"""The door's state, opened at a start: keys, references, journal, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from edgeverify.config import LoadedConfig
from edgeverify.daemon.door.evidence import Evidence
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.sealed_facts import PURPOSE, SealedFacts, StateFiles, witness
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.timekeeping import BELIEVED_FACT, BOOT_FACT, DOUBT_FACT, LEAST_FACT
from edgeverify.domain import Degradation
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal, JournalSeal
from edgeverify.keys import load_master_key
from edgeverify.references import ReferenceStore
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.references.takeover import take_over
from edgeverify.state import StateDirectory

T = TypeVar("T")


def open_master_key(
    config: LoadedConfig, state: StateDirectory, environ: Mapping[str, str]
) -> bytes:
    """Return the master key's secret; references sealed with the state's own one move to it.

    Raises EdgeverifyError where it is missing, malformed or not this state's.
    """
    master = load_master_key(
        config.settings.keys.master_key_file,
        config_folder=config.folder,
        default=state.master_key,
        environ=environ,
        may_create=not state.references.exists(),
    )
    if master.source != str(state.master_key):
        take_over(state.references, state.master_key, master.secret, master.source)
    return master.secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedState:
    """What is open from start to end, the key files beside it, and what earlier runs left."""

    store: ReferenceStore
    journal: Journal
    files: StateFiles
    evidence: EvidenceFolder
    known: Remembered

    @property
    def pictures(self) -> Evidence:
        """What keeps evidence pictures there."""
        return Evidence(self.evidence)


def open_references_and_journal(
    state: StateDirectory,
    secret: bytes,
    keys: KeyRing,
    *,
    faults: FaultBoard,
    now: datetime,
    undo: ExitStack,
) -> OpenedState:
    """Open both, name what was wrong with them, and leave to `undo` how they are closed.

    `now` is aware wall time. Raises EdgeverifyError for what a door must not start with.
    """
    store = ReferenceStore(state.references, secret, now=now, may_wait=True)
    undo.callback(store.close)
    opened = Journal.open(state.journal, now=now, seal=JournalSeal(secret))
    journal = opened.journal
    undo.callback(journal.close)
    _say(faults, opened.notices)
    files = StateFiles(state, SealedFacts(journal, secret, PURPOSE))
    _say(faults, _changed(files, journal, keys, secret, now))
    return OpenedState(
        store=store,
        journal=journal,
        files=files,
        evidence=EvidenceFolder(state.evidence, secret),
        known=_remembered(journal, now),
    )


def _changed(
    files: StateFiles, journal: Journal, keys: KeyRing, secret: bytes, now: datetime
) -> tuple[Degradation, ...]:
    """Name what of the state is not this door's own; one cause has one name."""
    replaced = witness(journal, keys, files.state.signing_keys, secret, now=now)
    changed = files.look()
    return replaced or changed


def _say(faults: FaultBoard, notices: tuple[Degradation, ...]) -> None:
    for notice in notices:
        faults.raise_fault(notice.name, notice.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the journal knows of earlier runs; nothing where it cannot be read at the start.

    `floor` is the newest trusted wall time, `least` one that passed; ids have their ends. The clock
    is doubted where a leap stood unconfirmed.
    """

    floor: datetime | None
    boot: str | None
    believed: str | None
    claim_ids: Mapping[str, datetime]
    least: datetime | None = None
    is_doubted: bool = False


def _remembered(journal: Journal, now: datetime) -> Remembered:
    """Read what is there at the wall time `now` (aware)."""
    return Remembered(
        floor=_or_none(journal.floor),
        boot=_or_none(lambda: journal.fact(BOOT_FACT)),
        believed=_or_none(lambda: journal.fact(BELIEVED_FACT)),
        claim_ids=_or_none(lambda: journal.claim_ids(now)) or {},
        least=_time(_or_none(lambda: journal.fact(LEAST_FACT))),
        is_doubted=bool(_or_none(lambda: journal.fact(DOUBT_FACT))),
    )


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except JournalUnavailableError:
        return None


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return None if found.tzinfo is None else found
