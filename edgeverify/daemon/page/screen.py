"""What stands on the door's screen now: what to do, then granted or denied; nobody's name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from edgeverify.daemon.announcer import Announcer
from edgeverify.domain import Claim, Outcome, Prompt, Reason
from edgeverify.events import DecisionPayload, SignedDecision, Signer
from edgeverify.status_socket import Json

RESULT_SECONDS = 4.0
"""How long granted or denied stays on the screen."""

NOT_SHOWN = frozenset({Reason.SUPERSEDED, Reason.CLAIM_EXPIRED})
"""Ends that whoever stands there now has nothing to do with."""

SAID: Mapping[Reason, str] = {
    Reason.NO_FACE: "nobody_seen",
    Reason.MULTIPLE_FACES: "one_person",
    Reason.POOR_QUALITY: "poor_picture",
    Reason.CAMERA_UNAVAILABLE: "out_of_service",
    Reason.MODEL_UNAVAILABLE: "out_of_service",
    Reason.LIVENESS_UNAVAILABLE: "out_of_service",
    Reason.JOURNAL_UNAVAILABLE: "out_of_service",
    Reason.OVERHEATED: "out_of_service",
    Reason.CLOCK_UNSYNCED: "out_of_service",
    Reason.INTERNAL_ERROR: "out_of_service",
}
"""What a person can mend, or cannot help. Every other denial reads alike ("refused"): which check
a stranger failed is nothing that a screen tells."""


@dataclass(frozen=True, slots=True)
class _Shown:
    moment: str
    word: str
    text: str
    until: float


@dataclass(slots=True, eq=False, kw_only=True)
class ScreenBoard:
    """Takes what the door says, hands it on to the announcer, and keeps what a screen shows.

    It stands where the announcer stands: prompts and decisions pass through it. `monotonic` is in
    seconds. Methods may be called from any thread.
    """

    announcer: Announcer
    monotonic: Callable[[], float]
    _shown: _Shown = field(default_factory=lambda: _Shown("idle", "", "", 0.0))
    _changes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish_live(self, signed: SignedDecision) -> bool:
        """Hand a live decision over, and show how it ended; a grant that nobody heard as none."""
        handed_over = self.announcer.publish_live(signed)
        decision = signed.decision
        if decision.outcome is Outcome.GRANT:
            self._show("granted" if handed_over else "denied", "" if handed_over else "unheard")
        elif decision.reason not in NOT_SHOWN:
            self._show("denied", SAID.get(decision.reason, "refused"))
        return handed_over

    def publish_answers(
        self, decision: DecisionPayload, claims: Iterable[Claim], signer: Signer
    ) -> None:
        """Hand the answers over."""
        self.announcer.publish_answers(decision, claims, signer)

    def publish_prompt(self, prompt: Prompt) -> None:
        """Hand a prompt over, and show it for as long as it counts."""
        self.announcer.publish_prompt(prompt)
        self._show("prompt", prompt.kind, prompt.text, prompt.expires_in_seconds)

    def record(self, *, is_busy: bool) -> dict[str, Json]:
        """Return what the screen shows now; `is_busy` while somebody is being looked at."""
        with self._lock:
            shown, changes = self._shown, self._changes
        if shown.until > self.monotonic():
            return {"moment": shown.moment, "word": shown.word, "text": shown.text, "turn": changes}
        moment = "looking" if is_busy else "idle"
        return {"moment": moment, "word": "", "text": "", "turn": changes}

    def _show(
        self, moment: str, word: str, text: str = "", seconds: float = RESULT_SECONDS
    ) -> None:
        with self._lock:
            self._shown = _Shown(moment, word, text, self.monotonic() + seconds)
            self._changes += 1
