"""A byte that somebody changed in the state is told, or changes nothing; and never a traceback."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from edgeverify.daemon.sealed_facts import PURPOSE, SealedFacts, StateFiles, witness
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Embedding, Outcome
from edgeverify.errors import EdgeverifyError
from edgeverify.journal import Journal, JournalSeal
from edgeverify.journal.database import integrity
from edgeverify.journal.proofs import doubtful
from edgeverify.journal.reading import recent
from edgeverify.key_rotation import accepted_keys
from edgeverify.keys import load_master_key
from edgeverify.lockout import LockoutState
from edgeverify.references import PhotoEmbedding, ReferenceStore
from edgeverify.state import StateDirectory, existing_state, open_state
from tests.doors import NOON, decided

SPACE = "a" * 64
LATER = NOON + timedelta(days=1)
CARDS = ("0012345", "7777777")


@dataclass
class Start:
    """What a start on a state came to: what it would act on, and whether anything was said."""

    acts_on: tuple[object, ...] = ()
    said: tuple[str, ...] = ()


@contextmanager
def _parts(state: StateDirectory) -> Iterator[tuple[Journal, KeyRing, StateFiles, bytes]]:
    """Open what a door opens, in its order."""
    secret = load_master_key(
        "", config_folder=state.folder, default=state.master_key, environ={}, may_create=False
    ).secret
    ring = KeyRing(state.signing_keys, now=LATER)
    journal = Journal.open(state.journal, now=LATER, seal=JournalSeal(secret)).journal
    try:
        files = StateFiles(state, SealedFacts(journal, secret, PURPOSE))
        yield journal, ring, files, secret
    finally:
        journal.close()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> StateDirectory:
    """A door's state after a day: decisions, a lock-out, a rotated and an announced key."""
    state = open_state(tmp_path_factory.mktemp("door") / "state", "front-door")
    load_master_key(
        "", config_folder=state.folder, default=state.master_key, environ={}, may_create=True
    )
    locked = LockoutState(failures=5, last_failure_at=NOON, locked_until=LATER)
    with _parts(state) as (journal, ring, files, secret):
        witness(journal, ring, state.signing_keys, secret, now=NOON)
        for number in range(6):
            outcome = Outcome.GRANT if number % 2 else Outcome.DENY
            entry = decided(str(number), outcome=outcome, at=NOON, lockouts={CARDS[0]: locked})
            journal.record(entry, ring.current)
        ring.rotate(door="front-door", now=NOON, previous_days=30)
        journal.record(decided("after", at=NOON), ring.current)
        ring.announce(door="front-door", begins_at=LATER + timedelta(days=9))
        files.keep()
        with ReferenceStore(state.references, secret, now=NOON) as store:
            for card in CARDS:
                values = np.linspace(0.1, 0.2 + len(card), 128, dtype=np.float32)
                embedding = Embedding(values=values, embedding_space=SPACE)
                photo = PhotoEmbedding(photo="a.jpg", digest="d", embedding=embedding)
                store.put(card, "Ada", (photo,), now=NOON)
    _start(state)  # remembers the key that signs now
    return state


def _start(state: StateDirectory) -> Start:
    """Start on a state as the daemon does, and look as the commands do."""
    said: list[str] = []
    try:
        existing_state(state.folder, "front-door")
        with _parts(state) as (journal, ring, files, secret):
            said += [one.name.value for one in journal.degradations()]
            said += [
                one.name.value
                for one in witness(journal, ring, state.signing_keys, secret, now=LATER)
            ]
            said += [one.name.value for one in files.look()]
            lockouts, floor = journal.lockouts(), journal.floor()
            with ReferenceStore(state.references, secret, now=LATER) as store:
                loaded = store.load(SPACE)
                said += ["references_replaced"] * (store.moved_aside is not None)
                said += [f"{card}: {why}" for card, why in loaded.unusable.items()]
                people = {
                    card: (one.name, one.embedding.values.tobytes())
                    for card, one in loaded.usable.items()
                }
            keys = accepted_keys(state.signing_keys, LATER)
        said += integrity(state.journal)
        said += doubtful(state.journal, ring.current.ever())
        rows = [(row.sequence, row.card, row.outcome, row.reason) for row in recent(state.journal)]
    except EdgeverifyError as error:
        return Start(said=(*said, str(error)))
    return Start(acts_on=(people, lockouts, floor, sorted(keys), rows), said=tuple(said))


def _changed(state: StateDirectory, name: str, position: int, bits: int, folder: Path) -> Start:
    copy = StateDirectory(folder / "state", state.door)
    shutil.copytree(state.folder, copy.folder)
    path = copy.folder / name
    content = bytearray(path.read_bytes())
    content[position] ^= bits
    path.write_bytes(bytes(content))
    start = _start(copy)
    shutil.rmtree(copy.folder)
    return start


def test_an_untouched_state_says_nothing(state: StateDirectory, tmp_path: Path) -> None:
    shutil.copytree(state.folder, tmp_path / "state")
    start = _start(StateDirectory(tmp_path / "state", state.door))
    assert start.said == ()
    assert len(start.acts_on) == 5


SOME = 40
MANY = int(os.environ.get("EDGEVERIFY_CHANGED_BYTES", "60"))
FILES = (
    "door",
    "master.key",
    "signing-keys.json",
    "next-signing-key.json",
    "journal.sqlite",
    "references.sqlite",
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "tries", [SOME, pytest.param(MANY, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_a_changed_byte_is_told_or_changes_nothing(
    state: StateDirectory, name: str, tries: int, tmp_path: Path
) -> None:
    right = _changed(state, name, 0, 0, tmp_path)
    assert right.said == (), "no byte changed"
    size = (state.folder / name).stat().st_size
    draw = random.Random(tries)  # the same places in each run
    told = 0
    for _ in range(min(tries, 8 * size)):
        position, bits = draw.randrange(size), 1 << draw.randrange(8)
        start = _changed(state, name, position, bits, tmp_path)
        told += bool(start.said)
        assert start.said or start.acts_on == right.acts_on, f"silent: byte {position} ^ {bits}"
    assert told
