"""What a broker refuses is said to whoever wanted it, also after it has agreed before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeverify.errors import BrokerError
from tests.broker.house import house
from tests.waiting import patience, until

EVENT = "edgeverify/front-door/event"


def test_a_right_that_was_taken_away_is_named_when_the_broker_is_back(tmp_path: Path) -> None:
    with house(tmp_path / "house") as running, running.feed("lock-front-door", EVENT) as lock:
        running.broker.stop()
        path = running.folder / "logins.json"
        record = json.loads(path.read_text())
        (role,) = [each for each in record["roles"] if each["rolename"] == "lock-front-door"]
        role["acls"] = [acl for acl in role["acls"] if acl["topic"] != EVENT]
        path.write_text(json.dumps(record))
        running.broker.start()
        with pytest.raises(BrokerError, match=r"'lock-front-door' hear \S+/event: Not authorized"):
            lock.next(patience(40))


def test_a_feed_that_was_refused_can_be_opened_again(tmp_path: Path) -> None:
    with house(tmp_path / "house") as running:
        feed = running.feed("monitor", EVENT)
        for _ in range(2):
            with pytest.raises(BrokerError, match="does not let the login 'monitor' hear"):
                feed.__enter__()
        assert feed.next(0) is None


def test_a_message_that_nobody_waits_for_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with house(tmp_path / "house") as running, running.feed("monitor") as monitor:
        monitor.post(EVENT, b"forged")
        until(lambda: f"write to {EVENT}: Not authorized" in caplog.text, "the refusal")
