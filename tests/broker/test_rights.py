"""Who may say and hear what, asked of the real broker, one login after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeverify.broker import Login, Role, access_table, logins_of
from edgeverify.client import Feed
from edgeverify.errors import BrokerError
from edgeverify.events import Topics
from tests.broker.house import House
from tests.waiting import patience

DOOR, OTHER = Topics("front-door"), Topics("back-door")
PARTS = (
    "claim",
    "event",
    "answer",
    "prompt",
    "status",
    "audit",
    "lock",
    "command",
    "exit",
    "notice",
)
LOGINS = {login.name: login for login in logins_of(["front-door"])}
SAYS = {
    "door-front-door": set(PARTS) - {"lock", "exit"},
    "reader-front-door": {"claim", "exit"},
    "lock-front-door": {"lock"},
    "screen-front-door": set(),
    "monitor": set(),
    "operator": {"claim", "command"},
    "home-assistant": set(),
}
HEARS = {
    "door-front-door": set(PARTS),
    "reader-front-door": {"answer", "prompt"},
    "lock-front-door": {"event", "status"},
    "screen-front-door": {"answer", "prompt", "status"},
    "monitor": {"audit", "status", "lock", "notice"},
    "operator": set(PARTS) - {"claim", "command", "exit"},
    "home-assistant": {"event", "status", "lock"},
}


def _may_hear(running: House, name: str, topic: str) -> bool:
    refused = _refusal(lambda: running.feed(name, topic).__enter__().__exit__())
    return _is_allowed(refused, f"does not let the login {name!r} hear {topic}")


def _may_say(feed: Feed, topic: str) -> bool:
    refused = _refusal(lambda: feed.publish(topic, b"{}", timeout_seconds=patience(5)))
    return _is_allowed(refused, f"write to {topic}")


def _refusal(act: Callable[[], None]) -> str:
    """Return the broker's refusal in words, empty where it agreed."""
    try:
        act()
    except BrokerError as error:
        return error.problem
    return ""


def _is_allowed(refused: str, words: str) -> bool:
    assert not refused or words in refused
    return not refused


@pytest.mark.parametrize("name", sorted(LOGINS))
def test_each_login_hears_its_own_and_is_told_what_it_may_not(running: House, name: str) -> None:
    heard = {part for part in PARTS if _may_hear(running, name, f"edgeverify/front-door/{part}")}
    assert heard == HEARS[name]
    at_the_other = {"event", "audit", "answer"} & HEARS[name] if name == "operator" else set()
    at_the_other |= {"audit"} if name == "monitor" else set()
    at_the_other |= {"event"} if name == "home-assistant" else set()
    for part in ("event", "audit", "answer"):
        may = _may_hear(running, name, f"edgeverify/back-door/{part}")
        assert may is (part in at_the_other), part
    assert not _may_hear(running, name, "#")
    assert not _may_hear(running, name, "$SYS/#")


@pytest.mark.parametrize("name", sorted(LOGINS))
def test_each_login_says_its_own_and_is_told_what_it_may_not(running: House, name: str) -> None:
    allowed = next(iter(LOGINS[name].hears()))
    with running.feed(name, allowed) as feed:
        said = {part for part in PARTS if _may_say(feed, f"edgeverify/front-door/{part}")}
        assert said == SAYS[name]
        assert _may_say(feed, OTHER.claim) is (name == "operator")
        assert not _may_say(feed, OTHER.event)
        assert not _may_say(feed, "$CONTROL/dynamic-security/v1")


def test_nobody_but_a_door_grants() -> None:
    harmless = ("claim", "lock", "exit", "command")  # a command counts by its signature alone
    says_events = {
        login.role
        for login in logins_of(["front-door", "back-door"])
        for topic in login.says()
        if topic.startswith("edgeverify/") and not topic.endswith(harmless)
    }
    assert says_events == {Role.DOOR}


def test_a_door_announces_itself_to_the_hub_and_no_other_door(running: House) -> None:
    own, other = (f"homeassistant/device/edgeverify-{door}/config" for door in ("front-door", "x"))
    with running.feed("home-assistant", own, other) as hub:
        with running.feed("door-front-door", "homeassistant/status") as door:
            assert _may_say(door, own)
            assert not _may_say(door, other)
            assert not _may_say(door, "homeassistant/status")
            assert _may_say(hub, "homeassistant/status")
            birth = door.next(patience(10))
        message = hub.next(patience(10))
    assert birth is not None
    assert message is not None
    assert message.topic == own


def test_an_answer_is_heard_below_its_topic_by_whoever_may_hear_answers(running: House) -> None:
    own = f"{DOOR.answer}/reader-7"
    with running.feed("reader-front-door", own) as reader, running.feed("door-front-door") as door:
        door.publish(own, b"yours", timeout_seconds=patience(5))
        message = reader.next(patience(10))
    assert message is not None
    assert message.payload == b"yours"


def test_without_a_login_or_with_a_wrong_password_nobody_comes_in(running: House) -> None:
    tls = running.credentials("monitor").tls
    for user, password in (("", ""), ("monitor", "guess"), ("stranger", "x")):
        feed = Feed(
            "localhost",
            running.port,
            topics=(DOOR.status,),
            username=user,
            password=password,
            tls=tls,
        )
        with pytest.raises(BrokerError, match=r"Not authorized|Bad user"), feed:
            pass


def test_the_table_in_the_docs_is_what_the_broker_is_told() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/events.md").read_text("utf-8")
    found = re.search(r"<!-- access: .*? -->\n\n(.*?)\n\n<!-- end -->", page, re.DOTALL)
    assert found
    assert found[1] == access_table()


def test_a_login_is_called_by_its_role_and_door() -> None:
    assert Login(Role.READER, "front-door").name == "reader-front-door"
    assert Login(Role.OPERATOR).name == "operator"
    assert Login(Role.OPERATOR).says() == ("edgeverify/+/claim", "edgeverify/+/command")
