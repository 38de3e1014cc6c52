"""What became of a message that was handed to the client."""

from __future__ import annotations

import threading

ENDED = "the connection ended"
TOO_LARGE = "longer than the broker takes"
"""What a publication's problem begins with, in the two cases that are told apart."""


class LivePublication:
    """One QoS 1 message on one connection; it dies with the connection."""

    def __init__(self) -> None:
        self._answered = threading.Event()
        self._problem = ""
        self.is_refused = False
        """The broker itself would not have it."""
        self.topic = ""
        """Where it was said; empty until the publishing thread has written it here."""

    def answer(self, problem: str = "", *, is_refused: bool = False) -> None:
        """Report that the broker acknowledged it, or why it will not."""
        if not self._answered.is_set():
            self._problem, self.is_refused = problem, is_refused
            self._answered.set()

    def wait(self, timeout_seconds: float) -> bool:
        """Return True once the broker has acknowledged it with a reason below 0x80."""
        return self._answered.wait(timeout_seconds) and not self._problem

    @property
    def is_answered(self) -> bool:
        """True once acknowledged, refused or lost with its connection."""
        return self._answered.is_set()

    @property
    def is_acknowledged(self) -> bool:
        """True once the broker has it."""
        return self._answered.is_set() and not self._problem

    @property
    def problem(self) -> str:
        """Why it was not acknowledged; empty otherwise."""
        return self._problem


def lost(problem: str) -> LivePublication:
    """Return a message that never left, and why."""
    publication = LivePublication()
    publication.answer(problem)
    return publication


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
