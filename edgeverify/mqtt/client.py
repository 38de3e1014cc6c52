"""Setting paho up: the client, what its packets carry, and what it leaves to its user."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edgeverify.mqtt.bounded_client import MAX_PACKET_BYTES, BoundedClient, TooLong
from edgeverify.mqtt.credentials import Credentials
from edgeverify.mqtt.party import Party

CONNECT_SECONDS = 5.0
"""For the name, TCP, TLS and CONNACK, each."""
ABANDONED_AFTER_MILLISECONDS = 5000
"""TCP_USER_TIMEOUT: what the other side's kernel has not taken by then is not sent any more."""


def make_client(
    client_id: str,
    protocol: MQTTProtocolVersion,
    credentials: Credentials,
    on_too_long: Callable[[TooLong], None],
) -> Client:
    """Return a client with an empty queue that never reconnects by itself."""
    client = BoundedClient(
        protocol,
        client_id=client_id,
        on_too_long=on_too_long,
        clean_session=None if protocol == MQTTProtocolVersion.MQTTv5 else True,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_SECONDS
    client.max_inflight_messages_set(65535)
    if credentials.username:
        client.username_pw_set(credentials.username, credentials.password or None)
    if credentials.tls is not None:
        client.tls_set_context(credentials.tls)
    return client


def session_properties() -> Properties:
    """Return what an MQTT 5 CONNECT says: no session outlives the connection, no huge packets."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties


def message_properties(
    expiry_seconds: int | None, content_type: str, correlation: bytes
) -> Properties:
    """Return what an MQTT 5 PUBLISH says of its message; no expiry for None."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = content_type
    if expiry_seconds is not None:
        properties.MessageExpiryInterval = expiry_seconds
    if correlation:
        properties.CorrelationData = correlation
    return properties


def subscribe(client: Client, party: Party, *, is_v5: bool) -> int | None:
    """Ask for what a door hears; return the packet id of the claims' subscription.

    Another daemon with this door's name is seen by what it says on the status topic, a lock and
    whatever else is heard by their own. An access list that forbids one costs just that: only
    claims must be allowed.
    """
    topics = party.topics
    if is_v5:
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        _, claims = client.subscribe(topics.claim, options=options)
    else:
        _, claims = client.subscribe(topics.claim, qos=1)
    client.subscribe(topics.status, qos=0)
    for topic in party.on_others:
        if is_v5:
            client.subscribe(topic, options=SubscribeOptions(qos=1, retainAsPublished=True))
        else:
            client.subscribe(topic, qos=1)
    if party.announcement is not None:
        client.subscribe(party.announcement.birth_topic, qos=1)
    return claims


def tune(client: Client) -> None:
    """Send at once, and let the kernel give up what nobody takes."""
    sock = _socket(client)
    if sock is None:
        return
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ABANDONED_AFTER_MILLISECONDS)


def cut(client: Client) -> None:
    """Reset the connection: unsent bytes are thrown away, not delivered later by the kernel."""
    sock = _socket(client)
    if sock is None:
        return
    with suppress(OSError, ValueError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError, ValueError):
        sock.shutdown(socket.SHUT_RDWR)


def _socket(client: Client) -> socket.socket | None:
    return cast("socket.socket | None", client.socket())
