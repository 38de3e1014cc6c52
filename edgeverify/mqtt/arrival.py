"""What the door hears, and where the sender of a claim wants to hear the answer."""

from __future__ import annotations

from dataclasses import dataclass

from paho.mqtt.client import MQTTMessage

from edgeverify.domain import Asker
from edgeverify.events import Topics

MAX_CORRELATION_BYTES = 256
"""More is not sent back: an answer that no broker takes would end the door's connection."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that the door hears; `is_retained` as the publisher set it (MQTT 5).

    `asker` is where its sender hears the answer, at or below the door's own `answer` topic.
    """

    payload: bytes
    is_retained: bool
    asker: Asker


def arrival_of(message: MQTTMessage, topics: Topics) -> Arrival:
    """Read a message and, on MQTT 5, its response topic and correlation data."""
    wanted = str(getattr(message.properties, "ResponseTopic", ""))
    correlation = bytes(getattr(message.properties, "CorrelationData", b""))
    asker = Asker(
        topic=topics.answer_at(wanted),
        correlation=correlation if len(correlation) <= MAX_CORRELATION_BYTES else b"",
    )
    return Arrival(bytes(message.payload), message.retain, asker)
