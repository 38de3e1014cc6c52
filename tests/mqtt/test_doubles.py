"""Two daemons with one door's name, and a stranger who comes under its client id."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt import ClientId, Credentials, MqttLink
from edgeverify.mqtt.doubles import SHORT_LIVES, STANDS_SECONDS, Doubles
from tests.brokers import Mosquitto, mosquitto
from tests.doors import DOOR
from tests.mqtt.conftest import LinkMaker
from tests.waiting import patience, until

TAKEN = FaultName.BROKER_SESSION_TAKEN_OVER


def _names_another_daemon(link: MqttLink) -> bool:
    problem = link.state.problem
    return problem is not None and problem.name is TAKEN


def _tell(link: MqttLink) -> None:
    link.set_status(json.dumps({"door": DOOR, "run": link.run}).encode())


def test_two_installations_with_one_doors_name_are_named_by_both(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    ours = make_link(broker.port, secret=b"one installation", seed=1)
    theirs = make_link(broker.port, secret=b"another installation", seed=2)
    assert ours.wait_connected(patience(5))
    assert theirs.wait_connected(patience(5))

    def both_are_named() -> bool:
        _tell(ours)
        _tell(theirs)
        return _names_another_daemon(ours) and _names_another_daemon(theirs)

    until(both_are_named, "both daemons to name the other")
    assert ours.state.is_connected, "nobody took anything over"


def test_a_copied_installation_is_named_although_this_broker_says_no_reason(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    ours = make_link(broker.port, seed=1)
    theirs = make_link(broker.port, seed=2)

    def one_is_named() -> bool:
        _tell(ours)
        _tell(theirs)
        return _names_another_daemon(ours) or _names_another_daemon(theirs)

    until(one_is_named, "the copy to be named", 20)


def test_where_the_login_is_the_id_two_daemons_are_named(
    tmp_path: Path, make_link: LinkMaker
) -> None:
    passwords = tmp_path / "passwords"
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), "door", "correct"]
    subprocess.run(command, check=True)
    passwords.chmod(0o644)
    lines = (f"password_file {passwords}", "use_username_as_clientid true")
    login = Credentials(username="door", password="correct")  # noqa: S106 - a test's
    with mosquitto(tmp_path / "broker", "allow_anonymous false", *lines) as broker:
        ours = make_link(broker.port, credentials=login, secret=b"one", seed=1)
        theirs = make_link(broker.port, credentials=login, secret=b"two", seed=2)

        def one_is_named() -> bool:
            _tell(ours)
            _tell(theirs)
            return _names_another_daemon(ours) or _names_another_daemon(theirs)

        until(one_is_named, "one to name the other", 20)


def test_the_name_at_the_broker_cannot_be_told_without_the_master_key() -> None:
    name = ClientId(DOOR, b"a master key").current()
    assert name == ClientId(DOOR, b"a master key").current(), "the same after a restart"
    assert name != ClientId(DOOR, b"another key").current()
    assert name != ClientId("back-door", b"a master key").current()


def test_a_door_whose_session_was_taken_over_goes_on_under_another_name() -> None:
    client_id = ClientId(DOOR, b"a master key")
    before = client_id.current()
    client_id.renew()
    assert client_id.current() != before


def test_the_brokers_own_word_is_believed_and_stands_for_a_while() -> None:
    now = [100.0]
    doubles = Doubles("ours", lambda: now[0])
    assert doubles.problem() is None
    assert doubles.ended(3600.0, Degradation(name=TAKEN, detail="the broker says so"))
    problem = doubles.problem()
    assert problem is not None
    assert problem.detail == "the broker says so"
    now[0] += STANDS_SECONDS + 1
    assert doubles.problem() is None


def test_an_old_status_of_this_door_is_no_other_daemon() -> None:
    doubles = Doubles("ours", lambda: 0.0)
    theirs = json.dumps({"run": "an earlier run"}).encode()
    doubles.heard(theirs, is_retained=True, has_told=False)
    doubles.heard(theirs, is_retained=True, has_told=True)  # a broker back from an old file
    doubles.heard(b"no json", is_retained=False, has_told=True)
    doubles.heard(b'{"state": "offline"}', is_retained=False, has_told=True)
    doubles.heard(b'{"run": "ours"}', is_retained=False, has_told=True)
    assert doubles.problem() is None
    doubles.heard(theirs, is_retained=True, has_told=True)
    assert doubles.problem() is not None


def test_connections_that_the_broker_soon_closes_are_told_as_that() -> None:
    doubles = Doubles("ours", lambda: 0.0)
    for _ in range(SHORT_LIVES - 1):
        assert not doubles.ended(0.5, None)
    assert doubles.lost_words == "the connection was lost"
    assert doubles.ended(0.5, None)
    assert "another client" in doubles.lost_words
    assert not doubles.ended(3600.0, None), "one that held is where it starts again"
