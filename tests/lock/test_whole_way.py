"""From a card on a reader, through daemon, broker and lock program, to the relay and back."""

from __future__ import annotations

import os
import pty
import time
import tty
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.claims.reading import SAME_CARD_SECONDS
from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.journal.reading import acts, recent
from edgeverify.keys import SigningKeys, load_signing_keys
from edgeverify.state import StateDirectory
from tests.doors import DOOR
from tests.lock.stage import Lock, lock
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.world import World, world
from tests.waiting import until

__all__ = ["props"]

UNKNOWN_CARD = "0000000042"


@pytest.fixture
def reader() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def door(tmp_path: Path, props: Props, reader: tuple[int, str]) -> Iterator[World]:
    with world(tmp_path, props) as made:
        serial = {"port": reader[1], "protocol": "line", "pattern": "[0-9A-Za-z-]+"}
        made.configure(claims={"sources": ["serial"], "serial": serial})
        yield made


def _keys(door: World) -> SigningKeys:
    place = StateDirectory(door.state, DOOR)
    return load_signing_keys(place.signing_keys, now=datetime.now(timezone.utc))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_card_at_the_reader_moves_the_relay_and_the_journal_knows(
    door: World, reader: tuple[int, str], tmp_path: Path
) -> None:
    door.start()
    with lock(tmp_path / "lock", door.broker, _keys(door)) as running:
        until(lambda: "the broker is there" in running.log, "the lock to connect", 20)

        def touch(card: str) -> Reason:
            before = len(recent(door.journal, limit=100))
            time.sleep(
                SAME_CARD_SECONDS + 0.1
            )  # sooner, a reader takes the card for one that lies there
            os.write(reader[0], f"\n{card}\n".encode())
            until(lambda: len(recent(door.journal, limit=100)) > before, "a decision", 20)
            return recent(door.journal, limit=1)[0].reason

        assert touch(UNKNOWN_CARD) is Reason.UNKNOWN_REFERENCE
        assert "released" not in running.moves
        until(lambda: touch(OWNER_CARD) is Reason.MATCH, "the owner to be seen", 60)
        until(lambda: "released" in running.moves, "the relay")
        _tell_how_long(door, running)
        until(lambda: running.moves[-1] == "resting", "the end of the release")
        until(lambda: _journalled(door), "the lock's states in the journal", 20)
    granted = [row for row in recent(door.journal) if row.outcome is Outcome.GRANT]
    assert len(granted) == running.moves.count("released") == 1
    assert (granted[0].card, granted[0].source) == (OWNER_CARD, "serial")
    assert door.stop() == 0


def _journalled(door: World) -> bool:
    said = [act.act for act in acts(door.journal) if act.by_user == "edgeverify-lock"]
    return {"lock open (grant)", "lock locked (time)"} <= set(said)


def _tell_how_long(door: World, running: Lock) -> None:
    """Print the time from the decision to the relay; no test may depend on it."""
    issued = next(r.issued_at for r in recent(door.journal) if r.outcome is Outcome.GRANT)
    seconds = running.relay_log.stat().st_mtime - issued.timestamp()
    print(f"from the decision to the relay: {1000 * seconds:.0f} ms")  # noqa: T201 - a figure
