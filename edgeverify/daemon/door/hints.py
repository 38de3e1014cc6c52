"""From refused frames to one calm hint for the person: not every flicker, not every frame."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.domain import Asked, Observation, Prompt

STEADY_FRAMES = 3
"""A hint is shown once this many frames in a row ask for the same."""
REPEAT_SECONDS = 2.0
KIND = "hint"


@dataclass(slots=True)
class Hints:
    """Made for every transaction."""

    claim_id: str
    _text: str = ""
    _count: int = 0
    _shown_at: float = float("-inf")

    def observe(self, observation: Observation) -> Prompt | None:
        """Take in one frame; return a hint when it is time to show one."""
        text = observation.refusal.hint if observation.refusal is not None else ""
        code = text.code if isinstance(text, Asked) else ""
        if text != self._text:
            self._text, self._count = text, 0
            self._shown_at = float("-inf")
        self._count += 1
        is_due = observation.at - self._shown_at >= REPEAT_SECONDS
        if not text or self._count < STEADY_FRAMES or not is_due:
            return None
        self._shown_at = observation.at
        return Prompt(
            claim_id=self.claim_id,
            kind=KIND,
            text=str(text),
            code=code,
            expires_in_seconds=REPEAT_SECONDS,
        )
