"""What Home Assistant is told of a door."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jinja2.sandbox import SandboxedEnvironment
from typer.testing import CliRunner

from edgeverify import __version__
from edgeverify.cli.main import app
from edgeverify.client import Feed
from edgeverify.domain import Outcome
from edgeverify.events import LockState, Topics
from edgeverify.home_assistant import Hub
from tests.brokers import mosquitto
from tests.doors import DOOR, decided, door_keys, event_of
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


def _told(event: bytes) -> dict[str, Any]:
    """Return what the hub makes of an event, with the filters of its own that are used."""
    hub = SandboxedEnvironment()
    hub.filters["base64_decode"] = lambda text: base64.b64decode(text).decode()
    hub.filters["from_json"] = json.loads
    hub.filters["to_json"] = json.dumps
    component = json.loads(HUB.message())["components"]["decision"]
    template = hub.from_string(component["value_template"])
    told: dict[str, Any] = json.loads(template.render(value_json=json.loads(event)))
    assert told["event_type"] in component["event_types"]
    return told


@pytest.mark.parametrize("opened_by", ["panel", "somebody else"])
def test_a_grant_behind_a_panel_does_not_say_that_the_door_opened(
    opened_by: str, tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    own, panels = decided("x"), decided("x", opened_by=opened_by)
    denied = decided("x", outcome=Outcome.DENY, opened_by=opened_by)
    assert _told(event_of(keys, 1, own)) == {"event_type": "granted", "reason": "match"}
    assert _told(event_of(keys, 2, panels)) == {"event_type": "verified", "reason": "match"}
    assert _told(event_of(keys, 3, denied)) == {"event_type": "denied", "reason": "non_match"}


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
