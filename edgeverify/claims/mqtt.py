"""`mqtt`: a card reader publishes what it reads on the door's claim topic."""

from __future__ import annotations

from dataclasses import replace

from edgeverify.claims.intake import ClaimIntake, ExitIntake
from edgeverify.claims.source import Arrival, ClaimTopic, SourceKind, Surroundings
from edgeverify.domain import ClaimSource
from edgeverify.errors import ClaimError
from edgeverify.events import ClaimMessage
from edgeverify.settings import ClaimSettings

MQTT = ClaimSource(name="mqtt", is_card_reader=True)


class MqttClaims:
    """Hears the claim topic; what is retained or malformed is refused before the gate sees it."""

    def __init__(self, intake: ClaimIntake | ExitIntake, topic: ClaimTopic) -> None:
        self._intake = intake
        self._topic = topic
        topic.listen(self.receive)

    def receive(self, arrival: Arrival) -> None:
        """Take one message, on a network thread; returns at once."""
        if arrival.is_retained:
            self._intake.refuse("a claim was retained by its publisher or the broker")
            return
        try:
            message = ClaimMessage.from_bytes(arrival.payload)
        except ClaimError as error:
            self._intake.refuse(error.problem)
            return
        self._intake.put(replace(message, asker=arrival.asker), MQTT)

    def stop(self) -> None:
        """Hear no more."""
        self._topic.listen(None)


def _start(_: ClaimSettings, surroundings: Surroundings) -> MqttClaims:
    return MqttClaims(surroundings.intake, surroundings.topic)


KIND = SourceKind(source=MQTT, start=_start)
