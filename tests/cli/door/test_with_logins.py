"""README step 4 with each login of a broker that was set up for the house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import Result
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.state import open_state
from tests.broker.house import House, house
from tests.cli.door.blind_door import BlindDoor, Place
from tests.doors import DOOR, door_keys
from tests.waiting import patience


def _run(running: House, login: str, *words: str) -> Result:
    config = running.login(login) / f"{DOOR}.yaml"
    return CliRunner().invoke(app, [*words, "--config", str(config)])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house") / "broker") as broker:
        yield broker


@pytest.fixture(scope="module")
def door(running: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlindDoor]:
    """A door without eyes, with the door's own login."""
    state = open_state(tmp_path_factory.mktemp("door") / "state", DOOR)
    config = running.login("door-front-door") / f"{DOOR}.yaml"
    place = Place(config, state, door_keys(state.folder))
    name = "door-front-door"
    blind = BlindDoor(place, running.settings(name), running.credentials(name))
    yield blind
    blind.close()


@pytest.mark.parametrize("login", ["reader-front-door", "operator", "door-front-door"])
@pytest.mark.usefixtures("door")
def test_whoever_may_claim_hears_the_answer(running: House, login: str) -> None:
    done = _run(running, login, "claim", "0012345", "--timeout", str(patience(20)))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("grant  match  card 0012345")
    assert "closer" in done.stderr
    denied = _run(running, login, "claim", "999", "--timeout", str(patience(20)))
    assert denied.exit_code == 1, denied.output
    assert denied.stdout.startswith("deny  non_match  card 999")


@pytest.mark.parametrize(
    ("login", "topic"),
    [
        ("lock-front-door", "answer"),
        ("monitor", "answer"),
        ("screen-front-door", "claim"),
    ],
)
def test_whoever_may_not_claim_is_told_which_right_is_missing(
    running: House, login: str, topic: str
) -> None:
    done = _run(running, login, "claim", "0012345")
    assert done.exit_code == 2
    assert f"does not let the login {login!r}" in done.stderr
    assert f"edgeverify/front-door/{topic}: Not authorized" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("login", ["reader-front-door", "lock-front-door", "monitor"])
def test_events_says_which_topic_it_may_not_hear(running: House, login: str) -> None:
    done = _run(running, login, "events", "--count", "1")
    assert done.exit_code == 2
    assert f"does not let the login {login!r} hear edgeverify/front-door/" in done.stderr


def test_a_monitor_hears_the_history(door: BlindDoor, running: House) -> None:
    with door.coming():
        done = _run(running, "monitor", "events", "--history", "--count", "1")
    assert done.exit_code == 0, done.output
    assert "0012345" in done.stdout
