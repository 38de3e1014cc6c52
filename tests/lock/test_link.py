"""The lock's connection: whatever ends an attempt, there is another."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTErrorCode

from edgeverify.lock.link import BrokerChanged, LockLink
from edgeverify.mqtt.bounded_client import BoundedClient
from edgeverify.mqtt.credentials import Credentials
from edgeverify.settings import MqttSettings
from tests.brokers import Mosquitto, mosquitto
from tests.doors import DOOR
from tests.waiting import until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path / "broker") as running:
        yield running


def test_a_connection_for_which_no_file_is_left_is_tried_again(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread ended with a traceback, and the lock was deaf while it looked alive."""
    tried: list[int] = []
    begin = BoundedClient.loop_start

    def with_a_full_table(client: BoundedClient) -> MQTTErrorCode:
        tried.append(1)
        if len(tried) <= 2:
            raise OSError(errno.EMFILE, "Too many open files")
        return begin(client)

    monkeypatch.setattr(BoundedClient, "loop_start", with_a_full_table)
    changes: list[BrokerChanged] = []
    link = LockLink(
        MqttSettings(host="127.0.0.1", port=broker.port, max_reconnect_seconds=1),
        DOOR,
        Credentials(),
        arrived=lambda _message: None,
        changed=changes.append,
    )
    link.start()
    until(lambda: any(each.is_there for each in changes), "the lock to connect", 20)
    assert len(tried) == 3
    link.stop(b"{}")
