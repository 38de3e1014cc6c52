"""The topics of a door. What commands it is signed; nothing else does."""

from __future__ import annotations

from dataclasses import dataclass

MAX_ANSWER_TOPIC = 200


@dataclass(frozen=True, slots=True)
class Topics:
    """Where one door listens and speaks."""

    door: str

    @property
    def claim(self) -> str:
        """In: somebody says who they are."""
        return f"edgeverify/{self.door}/claim"

    @property
    def event(self) -> str:
        """Out: live decisions, worth something for seconds, never retained."""
        return f"edgeverify/{self.door}/event"

    @property
    def answer(self) -> str:
        """Out: what was decided on a claim, for whoever sent it; opens nothing."""
        return f"edgeverify/{self.door}/answer"

    def answer_at(self, wanted: str) -> str:
        """Return where to answer somebody who wants the answer at `wanted`.

        Only `answer` and what lies below it: else whoever may claim could make the door speak on
        topics that are not theirs.
        """
        below = wanted.startswith(f"{self.answer}/") and not set(wanted) & set("+#\0")
        below = below and len(wanted) <= MAX_ANSWER_TOPIC
        return wanted if below else self.answer

    @property
    def audit(self) -> str:
        """Out: every decision as history, in order, through the outbox."""
        return f"edgeverify/{self.door}/audit"

    @property
    def status(self) -> str:
        """Out: online, degraded or offline; retained, with a last will."""
        return f"edgeverify/{self.door}/status"

    @property
    def prompt(self) -> str:
        """Out: what to ask of the person at the door."""
        return f"edgeverify/{self.door}/prompt"

    @property
    def command(self) -> str:
        """In: an operator's signed command."""
        return f"edgeverify/{self.door}/command"

    @property
    def exit(self) -> str:
        """In: a card was held up to the reader at the exit; opens nothing."""
        return f"edgeverify/{self.door}/exit"

    @property
    def notice(self) -> str:
        """Out: what those who watch should know, and nobody at the door."""
        return f"edgeverify/{self.door}/notice"

    @property
    def lock(self) -> str:
        """In: how the lock program says that the door stands; retained, with a last will."""
        return f"edgeverify/{self.door}/lock"

    def is_retained(self, topic: str) -> bool:
        """Return whether a message there is retained and takes the place of the one before."""
        return topic in {self.status, self.lock}
