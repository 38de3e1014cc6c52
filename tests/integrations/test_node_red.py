"""The flow, loaded and run by Node-RED itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.client import Feed
from edgeverify.domain import Degradation, FaultName, Outcome
from edgeverify.events import LockReport, LockState, Topics, encode_status, last_will
from tests.brokers import Mosquitto
from tests.doors import DOOR, decided, door_keys, event_of
from tests.integrations.conftest import FILES, PACKAGES
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.integrations
TOPICS = Topics(DOOR)


@contextmanager
def _node_red(node: str, folder: Path, broker: Mosquitto) -> Iterator[tuple[int, Path]]:
    """Run it with the flow, which knows another port of the broker; its log is the second."""
    flow = json.loads((FILES / "node-red-flow.json").read_text("utf-8"))
    for part in flow:
        if part["type"] == "mqtt-broker":
            part["port"] = str(broker.port)
    folder.mkdir()
    (folder / "flows.json").write_text(json.dumps(flow))
    shown = '{functionExternalModules: false, uiHost: "127.0.0.1", telemetry: {enabled: false}}'
    (folder / "settings.js").write_text(f"module.exports = {shown};\n")
    port, log = free_port(), folder / "log"
    command = [node, str(PACKAGES / "node-red/red.js"), "--userDir", str(folder)]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, "--port", str(port), str(folder / "flows.json")],
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        until(lambda: "Connected to broker" in log.read_text(), "Node-RED to connect", 60)
        yield port, log
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def test_node_red_loads_every_node_and_tells_what_the_doors_say(
    node: str, broker: Mosquitto, tmp_path: Path
) -> None:
    keys = door_keys(tmp_path)
    now = datetime.now(timezone.utc)
    hot = Degradation(name=FaultName.HOT)
    degraded = encode_status("degraded", DOOR, at=now, reasons=[hot])
    forced = json.loads(last_will(DOOR)) | {"state": LockState.FORCED.value}
    with _node_red(node, tmp_path / "red", broker) as (port, log):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/flows") as answer:
            assert len(json.load(answer)) == 11
        text = log.read_text()
        assert "missing" not in text
        assert "Flows stopped" not in text
        with Feed("127.0.0.1", broker.port, topics=()) as door:
            door.publish(TOPICS.event, event_of(keys, 7, decided("x")))
            door.publish(TOPICS.event, event_of(keys, 8, decided("y", outcome=Outcome.DENY)))
            door.publish(TOPICS.event, event_of(keys, 9, decided("z", opened_by="panel")))
            door.publish(TOPICS.status, degraded)
            door.publish(TOPICS.status, degraded)
            door.publish(TOPICS.lock, last_will(DOOR))
            assert LockReport.from_bytes(json.dumps(forced).encode()).state is LockState.FORCED
            door.publish(TOPICS.lock, json.dumps(forced).encode())
        until(lambda: "alarm: 'forced'" in log.read_text(), "the last of them to be told")
        text = log.read_text()
    assert "granted: true, reason: 'match'" in text
    assert "granted: false, reason: 'non_match'" in text
    assert "granted: false, reason: 'match', opened_by: 'panel'" in " ".join(text.split())
    assert text.count("reasons: [ 'hot' ]") == 1, "what is repeated is told once"
    assert "unknown" not in text, "a lock that is gone is no alarm"
