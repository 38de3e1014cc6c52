"""The broker: live decisions while it is there, history from the outbox, claims in, status."""

from edgeverify.mqtt.credentials import Credentials, load_credentials
from edgeverify.mqtt.delivery import OutboxDelivery
from edgeverify.mqtt.link import MqttLink
from edgeverify.mqtt.live import LivePublication
from edgeverify.mqtt.party import Announcement, ClientId
from edgeverify.mqtt.publisher import LiveResult
from edgeverify.mqtt.status_forms import MAX_FORM_BYTES

__all__ = [
    "MAX_FORM_BYTES",
    "Announcement",
    "ClientId",
    "Credentials",
    "LivePublication",
    "LiveResult",
    "MqttLink",
    "OutboxDelivery",
    "load_credentials",
]
