"""What the door says on its topics, over whatever connection there is at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum

from edgeverify.domain import Asker
from edgeverify.events import CONTENT_TYPE, Topics
from edgeverify.mqtt.connection import Connection
from edgeverify.mqtt.live import LivePublication


class LiveResult(str, Enum):
    """What became of a live decision."""

    HANDED_OVER = "handed_over"
    DROPPED_OFFLINE = "dropped_offline"
    DROPPED_EXPIRED = "dropped_expired"


class Publisher:
    """Hands messages over from any thread; nothing is queued for a connection to come.

    Live messages want a broker that demonstrably listens, history any connection.
    """

    def __init__(
        self,
        topics: Topics,
        *,
        connected: Callable[[], Connection | None],
        confirmed: Callable[[], Connection | None],
    ) -> None:
        self._topics = topics
        self._connected = connected
        self._confirmed = confirmed

    def live(
        self, event: bytes, *, expires_at: datetime, now: datetime
    ) -> tuple[LiveResult, LivePublication | None]:
        """Hand a live decision over, or drop it for ever; it is never queued.

        Message expiry is the whole seconds that are left; with less than one it is not sent.
        """
        seconds_left = int((expires_at - now).total_seconds())
        if seconds_left < 1:
            return LiveResult.DROPPED_EXPIRED, None
        connection = self._confirmed()
        if connection is None:
            return LiveResult.DROPPED_OFFLINE, None
        publication = connection.publish(
            self._topics.event, event, expiry_seconds=seconds_left, content_type=CONTENT_TYPE
        )
        connection.ask()
        if publication.is_answered and not publication.is_acknowledged:
            return LiveResult.DROPPED_OFFLINE, None
        return LiveResult.HANDED_OVER, publication

    def answer(self, answer: bytes, asker: Asker, *, expires_at: datetime, now: datetime) -> None:
        """Tell whoever claimed what was decided, if they can be told while it is worth anything."""
        connection = self._confirmed()
        seconds_left = int((expires_at - now).total_seconds())
        if connection is not None and seconds_left >= 1:
            connection.publish(
                asker.topic,
                answer,
                expiry_seconds=seconds_left,
                content_type=CONTENT_TYPE,
                correlation=asker.correlation,
            )

    def prompt(self, prompt: bytes, *, seconds: float) -> None:
        """Show a prompt, if anybody listens now."""
        connection = self._confirmed()
        if connection is not None:
            connection.publish(self._topics.prompt, prompt, expiry_seconds=max(1, int(seconds)))

    def notice(self, message: bytes) -> LivePublication | None:
        """Hand a notice over; None while nobody demonstrably listens."""
        connection = self._confirmed()
        if connection is None:
            return None
        return connection.publish(self._topics.notice, message, content_type=CONTENT_TYPE)

    def audit(self, message: bytes) -> LivePublication | None:
        """Hand one history message over; None while there is no connection."""
        connection = self._connected()
        if connection is None:
            return None
        return connection.publish(self._topics.audit, message, content_type=CONTENT_TYPE)

    @property
    def audit_window(self) -> int:
        """How many history messages may be unacknowledged, leaving room for live ones."""
        connection = self._connected()
        return 1 if connection is None else max(1, min(connection.receive_maximum, 100) - 4)
