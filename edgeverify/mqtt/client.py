"""Setting paho up, and what it leaves to its user about sockets."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import cast

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edgeverify.mqtt.credentials import Credentials

CONNECT_SECONDS = 5.0
"""For the name, TCP, TLS and CONNACK, each."""
MAX_PACKET_BYTES = 65536
"""A broker that speaks MQTT 5 does not send the door anything longer."""
ABANDONED_AFTER_MILLISECONDS = 5000
"""TCP_USER_TIMEOUT: what the other side's kernel has not taken by then is not sent any more."""


def make_client(client_id: str, protocol: MQTTProtocolVersion, credentials: Credentials) -> Client:
    """Return a client with an empty queue that never reconnects by itself."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=protocol,
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
