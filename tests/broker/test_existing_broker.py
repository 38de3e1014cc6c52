"""A broker that is there already takes the doors in, or is left as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeverify.broker import find_plugin
from edgeverify.client import Feed
from edgeverify.errors import BrokerError
from tests.broker.house import House, SetUp
from tests.broker.setting_up import NAMES, PLUGIN, run
from tests.brokers import mosquitto_path
from tests.doors import DOOR
from tests.ports import free_port
from tests.waiting import patience


def test_a_broker_that_is_there_takes_the_doors_in(tmp_path: Path) -> None:
    config = _existing(tmp_path, EXISTING)
    before = config.read_text()
    words = ("--door", DOOR, *NAMES, "--existing", str(config))
    said = run(tmp_path / "house", *words)
    assert "Note" not in said
    assert config.read_text() == before
    added = (tmp_path / "conf.d/edgeverify.conf").read_text()
    assert added.index("listener 8883") < added.index("plugin /")
    assert "user " not in added
    assert "persistence" not in added
    assert not (tmp_path / "house/mosquitto.conf").exists()
    assert "everything is there already" in run(tmp_path / "house", *words)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("allow_anonymous true\n", "lets everybody in without a login"),
        ("listener 8883\n", "listens on port 8883 already"),
        (f"plugin {PLUGIN}\n", "which can be loaded once"),
    ],
)
def test_a_broker_that_would_change_is_left_as_it_is(tmp_path: Path, text: str, says: str) -> None:
    config = _existing(tmp_path, text)
    words = ("--door", DOOR, *NAMES, "--existing", str(config))
    assert says in run(tmp_path / "house", *words, code=2)
    assert not (tmp_path / "house").exists()


def test_what_an_existing_broker_loses_is_said(tmp_path: Path) -> None:
    config = _existing(tmp_path, "")
    config.write_text(config.read_text().replace("persistence true\n", ""))
    said = run(tmp_path / "house", "--door", DOOR, *NAMES, "--existing", str(config))
    assert "listener 1883 localhost" in said
    assert "forgets retained messages" in said


def test_what_others_do_on_a_broker_that_takes_the_doors_in_goes_on(tmp_path: Path) -> None:
    mosquitto_path()
    theirs, ours = free_port(), free_port()
    lines = f"per_listener_settings true\nlistener {theirs} 127.0.0.1\nallow_anonymous true\n"
    config = _existing(tmp_path, f"{lines}persistence_location {tmp_path}/\n")
    words = ("--door", DOOR, "--host", "localhost", "--port", str(ours), "--bind", "127.0.0.1")
    found = ("--plugin", str(find_plugin(Path("/"))))
    run(tmp_path / "house", *words, "--existing", str(config), *found)
    broker = SetUp(tmp_path, port=ours)
    broker.start()
    try:
        assert _hears(House(tmp_path / "house", ours, broker))
        with Feed("127.0.0.1", theirs, topics=("kitchen/lamp",)) as kitchen:
            kitchen.publish("kitchen/lamp", b"on", timeout_seconds=patience(5))
            assert kitchen.next(patience(10)) is not None
        with pytest.raises(BrokerError), Feed("127.0.0.1", ours, topics=("kitchen/lamp",)):
            pass
    finally:
        broker.kill()


EXISTING = "listener 1883 127.0.0.1\nallow_anonymous true\nper_listener_settings true\n"


def _existing(tmp_path: Path, text: str) -> Path:
    (tmp_path / "conf.d").mkdir()
    config = tmp_path / "mosquitto.conf"
    # Mosquitto's own user may not enter pytest's folders, where root runs the tests.
    user = "user root\n" if os.geteuid() == 0 else ""
    config.write_text(f"{user}persistence true\n{text}include_dir {tmp_path}/conf.d\n")
    return config


def _hears(running: House) -> bool:
    topic = f"edgeverify/{DOOR}/status"
    with running.feed("monitor", topic) as monitor, running.feed("door-front-door") as door:
        door.publish(topic, b"{}", timeout_seconds=patience(5))
        return monitor.next(patience(10)) is not None
