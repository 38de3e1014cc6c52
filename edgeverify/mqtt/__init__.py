"""The broker: live decisions while it is there, history from the outbox, claims in, status."""

from edgeverify.mqtt.credentials import Credentials, load_credentials
from edgeverify.mqtt.delivery import Outbox, OutboxDelivery
from edgeverify.mqtt.link import LinkState, LiveResult, MqttLink
from edgeverify.mqtt.live import LivePublication

__all__ = [
    "Credentials",
    "LinkState",
    "LivePublication",
    "LiveResult",
    "MqttLink",
    "Outbox",
    "OutboxDelivery",
    "load_credentials",
]
