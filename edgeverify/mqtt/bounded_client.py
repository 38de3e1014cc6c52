"""A client that keeps no message longer than it was told to: the rest of it is read and dropped.

With MQTT 5 a broker keeps to the Maximum Packet Size of CONNECT; an older one, or one that ignores
it, may send 256 MiB at once, and again on every connection where the message is retained. paho
gathers whatever comes. It reads from its socket in one place; here a packet's length is looked at
before paho sees it. Of a message that is too long paho gets the topic and an empty payload, so that
it acknowledges it and the broker sends what comes next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

MAX_PACKET_BYTES = 65536
"""Nothing that a door, a lock or a subscriber hears is nearly as long."""
PUBLISH = 0x30
RETAINED, QUALITY = 0b0001, 0b0110
"""Bits of a message's first byte."""
MORE = 0x80
"""Set in each byte of a remaining length but the last."""
LENGTH_BYTES = 4
"""Of a remaining length, at most (MQTT 5, section 1.5.5)."""
CHUNK_BYTES = 65536
CHUNKS = 64
"""Skipped in one turn of the network thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """A message that was skipped. `is_retained` is as the broker sent it."""

    topic: str
    length: int
    """Bytes, topic and all."""
    is_retained: bool


class BoundedClient(Client):
    """paho's client, which keeps no more than MAX_PACKET_BYTES of what arrives."""

    def __init__(
        self,
        protocol: MQTTProtocolVersion,
        *,
        client_id: str = "",
        on_too_long: Callable[[TooLong], None],
        clean_session: bool | None = None,
        reconnect_on_failure: bool = True,
    ) -> None:
        """`on_too_long` is called on the network thread, after the emptied message arrived."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=protocol,
            clean_session=clean_session,
            reconnect_on_failure=reconnect_on_failure,
        )
        self._on_too_long = on_too_long
        self._reads_from: object = None
        self._head = bytearray()
        """The beginning of a packet, until enough of it has come."""
        self._given = bytearray()
        """What paho is given next."""
        self._plain = 0
        """Bytes of a packet that paho may read by itself."""
        self._skip = 0
        """Bytes of a message that nobody keeps."""
        self._unsaid: TooLong | None = None

    def _sock_recv(self, bufsize: int) -> bytes:
        """Return what paho reads next; raises OSError at what no broker sends."""
        if self._reads_from is not self._sock:  # paho has connected anew
            self._reads_from = self._sock
            self._head, self._given = bytearray(), bytearray()
            self._plain = self._skip = 0
        if not self._given and not self._plain and not self._look_ahead():
            return b""  # the connection has ended
        if self._given:
            data = bytes(self._given[:bufsize])
            del self._given[:bufsize]
            return data
        data = super()._sock_recv(min(bufsize, self._plain))
        self._plain -= len(data)
        return data

    def _look_ahead(self) -> bool:
        """Read the beginning of the next packet; False where the connection has ended."""
        if self._unsaid is not None:
            self._on_too_long(self._unsaid)
            self._unsaid = None
        for _ in range(CHUNKS):
            if not self._skip:
                break
            dropped = super()._sock_recv(min(self._skip, CHUNK_BYTES))
            if not dropped:
                return False
            self._skip -= len(dropped)
        if self._skip:
            raise BlockingIOError  # the rest in the next turn: others write meanwhile
        head = self._head
        while missing := _wanted(head) - len(head):
            data = super()._sock_recv(missing)
            if not data:
                return False
            head += data
        self._head = bytearray()
        fixed, length = _fixed_header(head)
        if length <= MAX_PACKET_BYTES:
            self._given, self._plain = head, length
        else:
            self._skip = length - (len(head) - fixed)
            self._given = self._emptied(head, fixed)
            self._unsaid = TooLong(
                topic=_topic(head, fixed),
                length=length,
                is_retained=bool(head[0] & RETAINED),
            )
        return True

    def _emptied(self, head: bytearray, fixed: int) -> bytearray:
        """Return the same message without properties and payload."""
        rest = head[fixed:]
        if self.protocol == MQTTProtocolVersion.MQTTv5:
            rest.append(0)
        packet = bytearray(head[:1])
        length = len(rest)
        while length >= MORE:
            packet.append(length % MORE | MORE)
            length //= MORE
        packet.append(length)
        return packet + rest


def _topic(head: bytearray, fixed: int) -> str:
    length = int.from_bytes(head[fixed : fixed + 2], "big")
    return head[fixed + 2 : fixed + 2 + length].decode(errors="replace")


def _wanted(head: bytearray) -> int:
    """Return how many bytes of a packet are needed now; as many as there are: they are enough.

    They are the fixed header and, of a message that is too long, its topic and packet id. Raises
    OSError for what no broker sends.
    """
    fixed, length = _fixed_header(head)
    if not fixed:
        return len(head) + 1
    if length <= MAX_PACKET_BYTES:
        return fixed
    if head[0] & 0xF0 != PUBLISH:
        raise OSError("a packet that is not a message is too long")
    if len(head) < fixed + 2:
        return fixed + 2
    packet_id = 2 if head[0] & QUALITY else 0
    return fixed + 2 + int.from_bytes(head[fixed : fixed + 2], "big") + packet_id


def _fixed_header(head: bytearray) -> tuple[int, int]:
    """Return its length and the remaining length that it states; (0, 0) until it is there."""
    length = 0
    for place, byte in enumerate(head[1 : 2 + LENGTH_BYTES]):
        if place == LENGTH_BYTES:
            raise OSError("a packet's length is malformed")
        length += (byte & ~MORE) << 7 * place
        if not byte & MORE:
            return 2 + place, length
    return 0, 0
