"""What Home Assistant is told of a door."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from edgeverify import __version__
from edgeverify.cli.main import app
from edgeverify.client import Feed
from edgeverify.events import LockState, Topics
from edgeverify.home_assistant import Hub
from tests.brokers import mosquitto
from tests.doors import DOOR
from tests.waiting import patience

HUB = Hub(DOOR, __version__)
RUN = CliRunner()


def _config(folder: Path, *, port: int, discovery: str) -> Path:
    path = folder / "door.yaml"
    broker = f"mqtt: {{host: localhost, port: {port}}}"
    path.write_text(f"door: {DOOR}\n{broker}\nhome_assistant: {{discovery: {discovery}}}\n")
    return path


def test_every_entity_reads_the_doors_own_topics_and_none_writes() -> None:
    record = json.loads(HUB.message())
    topics = Topics(DOOR)
    assert record["device"]["identifiers"] == [f"edgeverify-{DOOR}"]
    for parts in record["components"].values():
        assert parts["state_topic"] in {topics.event, topics.status, topics.lock}
        assert parts["unique_id"].startswith(f"edgeverify-{DOOR}-")
        assert not [key for key in parts if "command" in key]
    assert record["components"]["lock"]["options"] == [state.value for state in LockState]


def test_a_decision_has_no_state_that_could_be_read_as_a_grant() -> None:
    components = json.loads(HUB.message())["components"]
    on_event = [parts for parts in components.values() if "/event" in parts["state_topic"]]
    assert [parts["platform"] for parts in on_event] == ["event"]
    assert "card" not in on_event[0]["value_template"]


def test_a_door_is_shown_by_command(tmp_path: Path) -> None:
    config = _config(tmp_path, port=1883, discovery="true")
    shown = RUN.invoke(app, ["home-assistant", "show", "--config", str(config)])
    assert shown.exit_code == 0
    topic, _, message = shown.output.partition(" (retained)\n")
    assert topic == HUB.topic
    expected = json.loads(HUB.message())["components"]
    assert json.loads(message)["components"] == expected


def test_a_door_is_withdrawn_by_command_once_it_is_silent(tmp_path: Path) -> None:
    withdraw = ["home-assistant", "withdraw", "--config"]
    with mosquitto(tmp_path / "broker") as broker:
        config = _config(tmp_path, port=broker.port, discovery="true")
        refused = RUN.invoke(app, [*withdraw, str(config)])
        assert refused.exit_code != 0
        assert "discovery: false" in refused.output
        config = _config(tmp_path, port=broker.port, discovery="false")
        with Feed("127.0.0.1", broker.port, topics=(HUB.topic,)) as hub:
            hub.publish(HUB.topic, HUB.message(), retain=True)
            announced = hub.next(patience(10))
            done = RUN.invoke(app, [*withdraw, str(config)])
            assert done.exit_code == 0, done.output
            taken_back = hub.next(patience(10))
        assert announced is not None
        assert taken_back is not None
        assert taken_back.payload == b""
