"""A message far longer than a door reads: it fills no memory, ends no connection, and is named."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import MQTTProtocolVersion

from edgeverify.domain import FaultName
from edgeverify.events import Topics
from edgeverify.mqtt import MqttLink
from edgeverify.mqtt.bounded_client import BoundedClient, TooLong
from tests.brokers import Mosquitto, publish
from tests.doors import DOOR
from tests.mqtt.conftest import Claims, LinkMaker, collect, everything
from tests.waiting import patience, until

TOPICS = Topics(DOOR)
MEBIBYTE = 1024 * 1024
HUGE = 64 * MEBIBYTE


def _problem(link: MqttLink) -> tuple[str, str]:
    problem = link.state.problem
    return ("", "") if problem is None else (problem.name.value, problem.detail)


def _says_it(link: MqttLink) -> bool:
    return _problem(link)[0] == FaultName.BROKER_MESSAGE_TOO_LONG


@pytest.mark.parametrize("topic", [TOPICS.claim, TOPICS.lock])
def test_a_huge_message_that_is_retained_is_named_and_claims_are_heard(
    broker: Mosquitto, make_link: LinkMaker, topic: str
) -> None:
    publish(broker, topic, bytes(HUGE), retain=True)
    claims = Claims()
    tracemalloc.start()
    try:
        link = make_link(broker.port, claims=claims, protocol="3.1.1")
        until(lambda: _says_it(link), "the message to be named")
        with everything(broker.port) as reader:
            reader.publish(TOPICS.claim, b"a claim")
        until(lambda: b"a claim" in [each.payload for each in claims.arrivals], "the claim")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEBIBYTE, "it was skipped, not kept"
    assert topic in _problem(link)[1]
    assert "64 MiB" in _problem(link)[1]
    assert link.state.connections == 1, "it ended no connection"
    assert all(len(each.payload) < 100 for each in claims.arrivals)


def test_once_it_is_cleared_the_door_is_well_again(broker: Mosquitto, make_link: LinkMaker) -> None:
    publish(broker, TOPICS.claim, bytes(HUGE), retain=True)
    link = make_link(broker.port, protocol="3.1.1")
    until(lambda: _says_it(link), "the message to be named")
    publish(broker, TOPICS.claim, b"", retain=True)
    until(lambda: link.state.problem is None, "nothing to be wrong any more")


def test_one_that_is_not_retained_is_skipped_and_no_standing_fault(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    claims = Claims()
    link = make_link(broker.port, claims=claims, protocol="3.1.1")
    assert link.wait_connected(patience(5))
    for _ in range(25):  # more than the broker lets wait for an acknowledgement
        publish(broker, TOPICS.claim, bytes(MEBIBYTE))
    publish(broker, TOPICS.claim, b"a claim")
    until(lambda: b"a claim" in [each.payload for each in claims.arrivals], "the claim behind them")
    assert [each.payload for each in claims.arrivals] == [b""] * 25 + [b"a claim"]
    assert link.state.problem is None
    assert link.state.connections == 1


def test_a_broker_that_keeps_to_what_the_door_takes_sends_nothing(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    publish(broker, TOPICS.claim, bytes(HUGE), retain=True)
    claims = Claims()
    link = make_link(broker.port, claims=claims, protocol="5")
    assert link.wait_connected(patience(5))
    with everything(broker.port) as reader:
        reader.publish(TOPICS.claim, b"a claim")
    assert claims.came.wait(patience(5))
    assert [each.payload for each in claims.arrivals] == [b"a claim"]


@pytest.mark.parametrize(
    ("protocol", "heard"),
    [
        (MQTTProtocolVersion.MQTTv5, [b"a decision"]),
        (MQTTProtocolVersion.MQTTv311, [b"", b"a decision"]),
    ],
)
def test_a_subscriber_keeps_no_huge_message_and_hears_the_next(
    broker: Mosquitto, protocol: MQTTProtocolVersion, heard: list[bytes]
) -> None:
    publish(broker, TOPICS.status, bytes(HUGE), retain=True)
    subscriber = everything(broker.port)
    tracemalloc.start()
    try:
        assert subscriber._open(protocol) == ""
        publish(broker, TOPICS.event, b"a decision")
        messages = collect(subscriber, len(heard))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        subscriber._close()
    assert [each.payload for each in messages] == heard
    assert peak < 8 * MEBIBYTE


class Wire:
    """A socket on which bytes come in pieces of any size, as TLS and TCP cut them."""

    def __init__(self, stream: bytes, pieces: list[int]) -> None:
        self._stream, self._pieces = stream, pieces

    def recv(self, size: int) -> bytes:
        piece = self._pieces.pop(0) if self._pieces else 1 << 20
        if not piece:
            raise BlockingIOError
        data, self._stream = (
            self._stream[: min(piece, size)],
            self._stream[min(piece, size) :],
        )
        return data


def _packet(topic: bytes, payload: bytes, first: int) -> bytes:
    packet_id = b"\x01\x02" if first & 0b0110 else b""
    rest = len(topic).to_bytes(2, "big") + topic + packet_id + payload
    length, coded = len(rest), bytearray()
    while length > 127:
        coded.append(length % 128 | 128)
        length //= 128
    return bytes([first, *coded, length]) + rest


def _read(client: BoundedClient, wanted: int) -> bytes:
    """What paho would read, one packet's bytes after the other."""
    found = b""
    while len(found) < wanted:
        with suppress(BlockingIOError):
            data = client._sock_recv(min(wanted - len(found), 7))
            assert data
            found += data
    return found


@given(
    sizes=st.lists(st.sampled_from([0, 1, 100, 1_900, 2_100, 30_000]), min_size=1, max_size=5),
    first=st.sampled_from([0x30, 0x31, 0x32, 0x3B]),
    pieces=st.lists(st.sampled_from([0, 1, 2, 3, 1000, 3000]), max_size=40),
)
def test_however_the_bytes_are_cut_long_messages_arrive_empty_and_others_whole(
    sizes: list[int], first: int, pieces: list[int]
) -> None:
    said: list[TooLong] = []
    client = BoundedClient(MQTTProtocolVersion.MQTTv311, on_too_long=said.append)
    sent = [_packet(b"a/topic", b"x" * size, first) for size in sizes]
    kept = [_packet(b"a/topic", b"x" * size * (size < 2000), first) for size in sizes]
    end = _packet(b"the/end", b"", 0x30)
    client._sock = Wire(b"".join([*sent, end]), [*pieces])  # type: ignore[assignment]
    with patch("edgeverify.mqtt.bounded_client.MAX_PACKET_BYTES", 2000):
        assert _read(client, len(b"".join([*kept, end]))) == b"".join([*kept, end])
    assert [each.topic for each in said] == ["a/topic" for size in sizes if size > 2000]
    assert all(each.is_retained == bool(first & 1) for each in said)
    client._sock = None


@pytest.mark.parametrize("stream", [b"\x90\xff\xff\xff\x7f", b"\x30\xff\xff\xff\xff\x01"])
def test_what_no_broker_sends_ends_the_connection(stream: bytes) -> None:
    client = BoundedClient(MQTTProtocolVersion.MQTTv311, on_too_long=lambda _: None)
    client._sock = Wire(stream, [])  # type: ignore[assignment]
    with pytest.raises(OSError, match="packet"):
        client._sock_recv(1)
    client._sock = None
