"""The six topics of a door. There is no command topic."""

from __future__ import annotations

from dataclasses import dataclass


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
    def lock(self) -> str:
        """In: how the lock program says that the door stands; retained, with a last will."""
        return f"edgeverify/{self.door}/lock"
