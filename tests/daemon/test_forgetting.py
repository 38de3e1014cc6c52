"""Forgetting while the door runs: somebody over its socket, and what is beyond its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edgeverify.daemon.control import Control
from edgeverify.daemon.upkeep import Upkeep
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, Film
from edgeverify.domain import Embedding
from edgeverify.errors import StateError
from edgeverify.journal.reading import acts, recent
from edgeverify.keys import SigningKeys
from edgeverify.references import ReferenceStore
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.references.sealing import PhotoEmbedding
from tests.daemon.conftest import STAFF
from tests.daemon.stage import DoorOnStage, StillClock, fixed_keys
from tests.doors import NOON


@dataclass
class Ring:
    current: SigningKeys


@dataclass
class LaterBy:
    """Time that has passed for certain since noon."""

    passed: timedelta

    def at_least(self) -> datetime:
        return NOON + self.passed

    def wall(self) -> datetime:
        return NOON + self.passed


def _control(
    door: DoorOnStage, store: ReferenceStore, evidence: EvidenceFolder, clock: StillClock
) -> Control:
    """The handlers of the socket with what these two of them use, and nothing else."""
    nothing: dict[str, object] = dict.fromkeys(("health", "tickets", "clock"))
    return Control(
        **nothing,  # type: ignore[arg-type]
        records=door.door.records,
        journal=door.journal,
        time=clock,  # type: ignore[arg-type]
        keys=Ring(fixed_keys()),  # type: ignore[arg-type]
        board=door.door.board,
        store=store,
        evidence=evidence,
    )


def test_a_running_door_forgets_whoever_has_left_and_nobody_who_has_not(
    stage: Callable[..., DoorOnStage], tmp_path: Path
) -> None:
    door = stage(Film.OTHER_WALKS_UP, staff=(STAFF[0],))
    gone = "7777777"
    for name, card in (("c-1", gone), ("c-2", OWNER_CARD)):
        door.claim(card, name=name)
        assert door.play()
    door.journal.mark_sent(row.sequence for row in door.journal.outbox())
    evidence = EvidenceFolder(tmp_path / "evidence", bytes(32))
    for row in recent(door.journal.path):
        evidence.keep(row.event_id, b"a picture")
    values = np.ones(8, np.float32)
    photo = PhotoEmbedding(
        photo="a.jpg",
        digest="0" * 64,
        embedding=Embedding(values=values, embedding_space="a" * 64),
    )
    with ReferenceStore(tmp_path / "references.sqlite", bytes(32), now=NOON) as store:
        store.put(gone, "Gone", (photo,), now=NOON)
        requests = _control(door, store, evidence, door.clock).requests()
        with pytest.raises(StateError, match="still in the config"):
            requests["person-forget"]({"card": OWNER_CARD, "user": "ada", "keep_days": 0})
        done = requests["person-forget"]({"card": gone, "user": "ada", "keep_days": 0})
        assert (done["reference"], done["decisions"], done["pictures"]) == (True, 1, 1)
        assert store.list() == ()
        requests["evidence-shown"]({"event_id": "event-1", "user": "bob"})
    words = [row.card for row in recent(door.journal.path)]
    assert gone not in words
    assert OWNER_CARD in words
    assert OTHER_CARD not in words
    said = [(act.act, act.by_user) for act in reversed(acts(door.journal.path))]
    assert said == [("person forget", "ada"), ("evidence shown", "bob")]
    door.claim(OWNER_CARD, name="c-3")
    assert door.play(), "the door goes on"


def test_a_picture_that_cannot_be_deleted_keeps_no_decision_beyond_its_time(
    stage: Callable[..., DoorOnStage], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    door = stage(Film.OTHER_WALKS_UP)
    door.claim(OWNER_CARD)
    assert door.play()
    door.journal.mark_sent(row.sequence for row in door.journal.outbox())
    (tmp_path / "evidence" / "e-1.picture").mkdir(parents=True)
    left = dict.fromkeys(("keys", "files", "journal_was_read", "store", "gate", "clock", "faults"))
    upkeep = Upkeep(
        **left,  # type: ignore[arg-type]
        journal=door.journal,
        time=LaterBy(timedelta(days=4000)),  # type: ignore[arg-type]
        board=door.door.board,
        evidence=EvidenceFolder(tmp_path / "evidence", bytes(32)),
    )
    assert recent(door.journal.path)
    upkeep.prune_journal()
    assert recent(door.journal.path) == ()
    assert "e-1.picture cannot be destroyed: Is a directory" in caplog.text
