"""Which PUBACK belongs to which message, whatever thread comes first."""

from __future__ import annotations

from edgeverify.mqtt.live import LivePublication


class Answers:
    """Unanswered messages by packet id.

    A lock would deadlock: paho calls back holding the lock that its `publish` waits for. So the
    publishing thread and the network thread meet in one atomic `dict.setdefault`.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, LivePublication] = {}

    def expect(self, packet_id: int) -> LivePublication:
        """Report that a message was handed over (publishing thread)."""
        publication = self._waiting.setdefault(packet_id, LivePublication())
        if publication.is_answered:
            self._waiting.pop(packet_id, None)
        return publication

    def arrived(self, packet_id: int, problem: str) -> None:
        """Report that the broker answered (network thread)."""
        fresh = LivePublication()
        publication = self._waiting.setdefault(packet_id, fresh)
        publication.answer(problem)
        if publication is not fresh:
            self._waiting.pop(packet_id, None)
        # else the publishing thread has not come to its entry yet, and takes it out itself

    def end(self, words: str) -> None:
        """Report that no more answers will come."""
        for publication in list(self._waiting.values()):
            publication.answer(words)
        self._waiting.clear()
