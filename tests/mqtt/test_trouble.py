"""Brokers that hang, flap, refuse or speak an older version."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import pytest
from paho.mqtt.client import Client

from edgeverify.client import Feed
from edgeverify.events import Topics
from edgeverify.mqtt import Credentials, LiveResult, MqttLink
from tests.brokers import Mosquitto, Proxy
from tests.doors import DOOR
from tests.mqtt.conftest import Claims, LinkMaker, came, collect, everything
from tests.ports import free_port
from tests.waiting import patience, until

TOPICS = Topics(DOOR)


@pytest.fixture
def proxy(broker: Mosquitto) -> Iterator[Proxy]:
    between = Proxy(broker.port)
    yield between
    between.close()


def _live(link: MqttLink, payload: bytes = b"a live decision") -> LiveResult:
    now = datetime.now(timezone.utc)
    result, publication = link.publish.live(payload, expires_at=now + timedelta(seconds=5), now=now)
    if publication is not None:
        assert publication.wait(patience(5))
    return result


def _detail(link: MqttLink) -> str:
    problem = link.state.problem
    return "" if problem is None else problem.detail


def test_a_half_open_connection_loses_its_word_before_it_is_given_up(
    proxy: Proxy, make_link: LinkMaker
) -> None:
    link = make_link(proxy.port, keepalive_seconds=300)
    assert link.wait_connected(patience(5))
    assert _live(link) is LiveResult.HANDED_OVER
    proxy.stall()

    def is_doubted() -> bool:
        link.ask()  # a claim begins: the daemon asks for a sign of life
        return not link.is_confirmed

    until(is_doubted, "two seconds without an answer to be enough", 3.0)
    assert link.state.is_connected, "not given up yet, and already not trusted"
    assert _live(link) is LiveResult.DROPPED_OFFLINE


def test_a_half_open_connection_is_given_up_and_what_was_decided_meanwhile_stays_unsaid(
    broker: Mosquitto, proxy: Proxy, make_link: LinkMaker
) -> None:
    link = make_link(proxy.port, keepalive_seconds=5)
    assert link.wait_connected(patience(5))
    proxy.stall()
    link.ask()
    until(lambda: not link.is_confirmed, "the silence to be noticed", 3.0)
    assert _live(link, b"decided meanwhile") is LiveResult.DROPPED_OFFLINE
    until(lambda: not link.state.is_connected, "the connection to be given up", 6.0)
    problem = link.state.problem
    assert problem is not None
    assert problem.name == "broker_silent"
    with everything(broker.port) as reader:
        proxy.resume()
        assert link.wait_connected(patience(15))
        assert _live(link) is LiveResult.HANDED_OVER
        seen = came(reader)
    assert [m.payload for m in seen if m.topic == TOPICS.event] == [b"a live decision"]


@pytest.mark.slow
def test_a_broker_that_is_frozen_is_found_out(broker: Mosquitto, make_link: LinkMaker) -> None:
    link = make_link(broker.port, keepalive_seconds=5)
    assert link.wait_connected(patience(5))
    broker.freeze()
    until(lambda: not link.state.is_connected, "the freeze to be noticed", 6.0)
    broker.thaw()
    assert link.wait_connected(patience(15))


def test_a_flapping_broker_leaks_nothing(proxy: Proxy, make_link: LinkMaker) -> None:
    link = make_link(proxy.port, max_reconnect_seconds=1)
    for _ in range(8):
        assert link.wait_connected(patience(10))
        proxy.cut()
        until(lambda: not link.state.is_connected, "the loss to be noticed")
    assert link.wait_connected(patience(10))
    assert link.state.connections >= 9
    clients = [t for t in threading.enumerate() if t.name.startswith("paho-mqtt-client")]
    assert len(clients) == 1


def test_a_broker_that_accepts_and_says_nothing_does_not_hold_the_link(
    make_link: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeverify.mqtt.connection.CONNECT_SECONDS", 100_000.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        link = make_link(mute.getsockname()[1])
        assert not link.wait_connected(0.5)
        assert _live(link) is LiveResult.DROPPED_OFFLINE
        link.stop()
        until(lambda: not link._thread.is_alive(), "an end long before the time-out")


def test_a_broker_that_comes_later_is_found(broker: Mosquitto, make_link: LinkMaker) -> None:
    broker.kill()
    link = make_link(broker.port)
    until(lambda: "refused" in _detail(link), "the refusal")
    problem = link.state.problem
    assert problem is not None
    assert problem.name == "broker_unreachable"
    broker.start()
    assert link.wait_connected(patience(10))


def test_an_unknown_name_is_said(make_link: LinkMaker) -> None:
    link = make_link(1883, host="broker.invalid")
    until(lambda: "resolved" in _detail(link), "the name to be looked up in vain")


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(Credentials("door", "secret"))


@contextmanager
def amqtt_broker() -> Iterator[int]:
    """amqtt in a thread: MQTT 3.1.1 and nothing else."""
    amqtt = pytest.importorskip("amqtt.broker")
    port = free_port()
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def make() -> object:
        broker = amqtt.Broker(config)
        await broker.start()
        return broker

    broker = asyncio.run_coroutine_threadsafe(make(), loop).result(20)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(20)  # type: ignore[attr-defined]
        loop.call_soon_threadsafe(loop.stop)
        thread.join(patience(5))
        loop.close()
        del broker
        gc.collect()  # what amqtt leaves open is complained of here, where that is expected


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_speaks_3_1_1_only_is_spoken_to(make_link: LinkMaker) -> None:
    with amqtt_broker() as port:
        claims = Claims()
        link = make_link(port, claims=claims)
        assert link.wait_connected(patience(15))
        assert link.state.protocol == "3.1.1"
        with Feed("127.0.0.1", port, topics=(TOPICS.event,)) as reader:
            reader.publish(TOPICS.claim, b"hello")
            assert claims.came.wait(patience(5))
            assert _live(link) is LiveResult.HANDED_OVER
            (message,) = collect(reader, 1)
            assert message.payload == b"a live decision"
        link.stop()


def test_a_full_table_of_open_files_is_named_and_tried_again(
    broker: Mosquitto, make_link: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker took the connection, and its thread cannot have the two files that it needs."""
    begin = Client.loop_start

    def full(_client: Client) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(Client, "loop_start", full)
    link = make_link(broker.port)
    until(lambda: "Too many open files" in _detail(link), "the full table to be named")
    monkeypatch.setattr(Client, "loop_start", begin)
    assert link.wait_connected(patience(10))
