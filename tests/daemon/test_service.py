"""The real daemon as a process: real broker, real video at its own pace, real signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.client import EventChecker, Feed
from edgeverify.client.subscriber_state import AnnouncedKeys
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.events import Topics
from edgeverify.journal.reading import DecisionRow, recent
from edgeverify.keys import load_signing_keys, read_signing_keys
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.traffic import OUT_OF_TIME, Witness
from tests.soak.world import DOOR, World, world
from tests.waiting import patience, until

__all__ = ["props"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BOB = {"card": OTHER_CARD, "name": "Bob", "photos": ["bob.jpg"]}


@pytest.fixture
def door(tmp_path: Path, props: Props) -> Iterator[World]:
    with world(tmp_path, props) as made:
        made.start()
        yield made


def test_a_day_at_the_door(door: World) -> None:
    """Grant, non-match, reload to another config, a broken config, and an orderly end."""
    with Witness(door.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        witness.hears(OTHER_CARD, Reason.NON_MATCH)
        witness.hears(UNKNOWN_CARD, Reason.UNKNOWN_REFERENCE)
        _are_signed_by(door, witness)

        # The manager takes Ada out and tells the daemon.
        door.configure(staff=[BOB])
        assert door.process is not None
        door.process.send_signal(signal.SIGHUP)
        until(lambda: door.status().get("references") == 1, "Ada's reference to go")
        witness.hears(OWNER_CARD, Reason.UNKNOWN_REFERENCE)

        # A new colleague's photo was forgotten: the others go on, and whoever asks is told.
        door.configure(staff=[BOB, {"card": "7", "name": "Eve", "photos": ["eve.jpg"]}])
        command = [sys.executable, "-m", "edgeverify", "reload", "--state", str(door.state)]
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert told.returncode == 1, told
        assert told.stdout.splitlines() == ["the config is in force", "1 unchanged, 1 refused"]
        assert "problem: card 7 (Eve): eve.jpg: there is no such file" in told.stderr
        assert "Copy it there" in told.stderr

        _a_lock_follows_its_keys(door)

        # What is read at the start only is not in force yet, and whoever reloads hears that.
        door.configure(staff=[BOB], metrics={"textfile": str(door.folder / "other.prom")})
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert told.returncode == 0, told
        assert "warning: changed, but read only at start: metrics. Restart the" in told.stderr
        assert "restart_needed" in door.reasons()

        # Then somebody mistypes a key: the door goes on with what it has, and says so.
        door.configure(liveliness="off")
        until(lambda: "config_rejected" in door.reasons(), "the broken config to be named")
        assert door.status()["references"] == 1
        witness.hears(OTHER_CARD, Reason.NON_MATCH)

    assert door.stop() == 0
    assert "Traceback" not in door.log


def _a_lock_follows_its_keys(door: World) -> None:
    """The next key is announced in the retained status, signed by the first, and then signs."""
    first = read_signing_keys(door.state / "signing-keys.json")
    lock = AnnouncedKeys(DOOR, {first.keyid: first.public})
    command = [sys.executable, "-m", "edgeverify", "keys", "rotate", "--config", str(door.config)]
    more = ["--state", str(door.state)]
    for option, signs in (("--after-days=3", False), ("--now", True)):
        told = subprocess.run(
            [*command, *more, option], capture_output=True, text=True, check=True, timeout=120
        )
        assert ("is announced, and signs from" in told.stdout) != signs
        if not signs:
            with Feed("127.0.0.1", door.broker.port, topics=(Topics(DOOR).status,)) as feed:
                until(lambda: _learns(lock, feed), "the status to announce the next key")
        now = read_signing_keys(door.state / "signing-keys.json")
        assert (now.keyid == first.keyid) != signs
        assert now.keyid in lock.believed


def _learns(lock: AnnouncedKeys, feed: Feed) -> bool:
    message = feed.next(1.0)
    return message is not None and lock.learn(message.payload) is not None


def _are_signed_by(door: World, witness: Witness) -> None:
    """Every live decision passes the checks that a lock makes."""
    assert len(witness.live) >= 3
    first = witness.live[0].at
    keys = load_signing_keys(door.state / "signing-keys.json", now=first).accepted(first)
    checker = EventChecker(DOOR, keys)
    for heard in witness.live:
        event = checker.check(heard.message, now=heard.decision.issued_at, is_retained=False)
        assert event.decision == heard.decision


def test_a_grant_decided_while_the_broker_is_away_arrives_only_as_history(door: World) -> None:
    with Witness(door.broker.port) as witness:
        witness.hears(OTHER_CARD, Reason.NON_MATCH)
        door.broker.kill()
        until(lambda: any(n.startswith("broker_") for n in door.reasons()), "the broker's absence")
        fixed = {"sources": ["fixed"], "fixed_card": OWNER_CARD, "retry_pause_seconds": 60.0}
        door.configure(claims=fixed)
        until(lambda: _newest(door).outcome is Outcome.GRANT, "a grant while the broker is away")
        granted = _newest(door).event_id
        # The witness has to be back first: what was delivered before it subscribed, it never hears.
        door.proxy.stall()
        door.broker.start()
        assert witness.connected.wait(patience(30))
        door.proxy.cut()
        door.proxy.resume()
        until(
            lambda: granted in {heard.decision.event_id for heard in witness.history},
            "the grant as history",
        )
        assert granted not in {heard.decision.event_id for heard in witness.live}


def _newest(door: World) -> DecisionRow:
    return recent(door.journal, limit=1)[0]


def test_a_second_daemon_on_the_same_state_is_refused(door: World) -> None:
    command = [sys.executable, "-m", "edgeverify", "run"]
    command += ["--config", str(door.config), "--state", str(door.state)]
    second = subprocess.run(
        command, capture_output=True, text=True, timeout=patience(60), check=False
    )
    assert door.process is not None
    assert second.returncode == 2
    assert f"in use by process {door.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.timeout(900)
def test_a_flood_of_claims_neither_ends_nor_starves_an_honest_one(
    tmp_path: Path, props: Props
) -> None:
    """Nine hundred bogus claims around an honest one, and one more the moment the flood ends.

    The honest claim is sent as real readers send it: a broker drops what is not acknowledged where
    a busy machine reads slowly. Its age is no matter here, and its answer may come as history.
    """
    with world(tmp_path, props) as door:
        door.configure(claims={"max_age_seconds": 300.0})
        door.start()
        with Witness(door.broker.port) as witness:
            witness.let_in(OWNER_CARD)
            for number in range(450):
                witness.claim(f"{UNKNOWN_CARD}-{number}")
            honest = witness.claim(OWNER_CARD, qos=1)
            for number in range(450, 900):
                witness.claim(f"{UNKNOWN_CARD}-{number}")
            until(lambda: witness.told(honest) is not None, "the honest claim's decision", 30)
            decided = witness.told(honest)
            assert decided is not None
            assert decided.reason in {Reason.MATCH, *OUT_OF_TIME}, "neither superseded nor expired"
            witness.let_in(OWNER_CARD)
        _ended_with_few_rows(door)


def _ended_with_few_rows(door: World) -> None:
    assert door.stop() == 0
    rows = [row for row in recent(door.journal, limit=2000) if row.card.startswith(UNKNOWN_CARD)]
    assert 0 < len(rows) < 100, "what was folded is a count"
    assert "Traceback" not in door.log
