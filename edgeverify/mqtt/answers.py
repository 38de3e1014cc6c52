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

    def expect(self, packet_id: int, topic: str = "") -> LivePublication:
        """Report that a message was handed over (publishing thread)."""
        publication = self._waiting.setdefault(packet_id, LivePublication())
        publication.topic = topic
        if publication.is_answered:
            self._waiting.pop(packet_id, None)
        return publication

    def arrived(self, packet_id: int, problem: str) -> LivePublication:
        """Report that the broker answered (network thread); return what it answered.

        Its topic is empty where the publishing thread has not come to its entry yet.
        """
        fresh = LivePublication()
        publication = self._waiting.setdefault(packet_id, fresh)
        publication.answer(problem, is_refused=bool(problem))
        if publication is not fresh:
            self._waiting.pop(packet_id, None)
        # else the publishing thread has not come to its entry yet, and takes it out itself
        return publication

    def end(self, words: str) -> None:
        """Report that no more answers will come."""
        for publication in list(self._waiting.values()):
            publication.answer(words)
        self._waiting.clear()
