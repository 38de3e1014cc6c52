"""What stands on the door's screen now: what to do, then granted or denied; nobody's name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from edgeverify.daemon.announcer import Announcer
from edgeverify.daemon.panel import Panel, PanelView
from edgeverify.daemon.panel_answers import Answer
from edgeverify.domain import Claim, DoorMode, Language, Outcome, Prompt, Reason, Signal
from edgeverify.events import DecisionPayload, SignedDecision, Signer
from edgeverify.languages import KINDS, say
from edgeverify.status_socket import Json

RESULT_SECONDS = 4.0
"""How long granted or denied stays on the screen."""

NOT_SHOWN = frozenset({Reason.SUPERSEDED, Reason.CLAIM_EXPIRED})
"""Ends that whoever stands there now has nothing to do with."""

Moment: TypeAlias = Literal["idle", "looking", "prompt", "granted", "denied", "neutral"]

IDLE: Mapping[DoorMode, tuple[Moment, str]] = {
    DoorMode.NORMAL: ("idle", "hold_up_card"),
    DoorMode.LOCKDOWN: ("denied", Reason.LOCKED_DOWN.value),
    DoorMode.OPEN: ("granted", "open"),
}
"""What stands there while nobody comes."""

ANSWERED: Mapping[Answer, tuple[Moment, str]] = {
    Answer.WAITING: ("looking", "one_moment"),
    Answer.GRANTED: ("granted", "granted"),
    Answer.DENIED: ("denied", "denied"),
    Answer.NONE: ("neutral", "no_answer"),
    Answer.NOT_TOLD: ("denied", "out_of_order"),
}
"""What stands there after a grant where a panel has the last word."""

SIGNALS: Mapping[Moment, Signal] = {
    "prompt": Signal.PROMPT,
    "granted": Signal.GRANT,
    "denied": Signal.DENY,
}


@dataclass(frozen=True, slots=True)
class _Shown:
    moment: Moment
    code: str
    words: str
    more: str
    language: Language
    until: float
    since: float = float("-inf")


_NOTHING = _Shown("idle", "", "", "", "en", 0.0)


@dataclass(slots=True, eq=False, kw_only=True)
class ScreenBoard:
    """Takes what the door says, hands it on to the announcer, and keeps what a screen shows.

    It stands where the announcer stands: prompts and decisions pass through it. `monotonic` is in
    seconds. Where there is a `panel`, it is told of a grant here, and what it answers is shown in
    the place of ours. `signal` shows the same on LEDs and buzzer, and must not wait. Methods may be
    called from any thread.
    """

    announcer: Announcer
    monotonic: Callable[[], float]
    signal: Callable[[Signal], None]
    panel: Panel | None = None
    _was_heard: bool = False
    _shown: _Shown = _NOTHING
    _panels_language: Language = "en"
    _followed: tuple[Answer | None, float] = (None, float("-inf"))
    _changes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish_live(self, signed: SignedDecision) -> bool:
        """Hand a live decision over; return whether anybody could hear it."""
        if self.panel is not None:
            self.panel.report(signed.decision)
        self._was_heard = self.announcer.publish_live(signed)
        return self._was_heard

    def publish_answers(
        self,
        decision: DecisionPayload,
        claims: Iterable[Claim],
        signer: Signer,
        language: Language = "en",
    ) -> None:
        """Hand the answers over, and show how it ended; a grant that no lock heard as none."""
        self.announcer.publish_answers(decision, claims, signer, language)
        if self.panel is not None and decision.outcome is Outcome.GRANT:
            self._panels_language = language
        elif decision.outcome is Outcome.GRANT and self._was_heard:
            more = say(decision.reason.value, language)
            self._show("granted", "granted", say("granted", language), more, language)
        elif decision.outcome is Outcome.GRANT:
            self._denied("out_of_order", language)
        elif decision.reason not in NOT_SHOWN:
            self._denied(decision.reason.value, language)

    def publish_prompt(self, prompt: Prompt) -> None:
        """Hand a prompt over, and show it for as long as it counts."""
        self.announcer.publish_prompt(prompt)
        words = say(prompt.code, prompt.language) if prompt.code in KINDS else prompt.text
        seconds = prompt.expires_in_seconds
        self._show("prompt", prompt.code, words, "", prompt.language, seconds)

    def follow_panel(self) -> None:
        """Show what the panel answers on LEDs and buzzer too, once; asked often."""
        if self.panel is None:
            return
        view = self.panel.view()
        before, self._followed = self._followed, (view.answer, view.reported_at)
        if view.answer is None or before == self._followed:
            return
        moment, _ = ANSWERED[view.answer]
        if moment in SIGNALS:
            self.signal(SIGNALS[moment])

    def record(
        self, *, is_busy: bool, language: Language, mode: DoorMode = DoorMode.NORMAL
    ) -> dict[str, Json]:
        """Return what the screen shows now; `is_busy` while somebody is being looked at.

        `language` is the door's, for whoever has not said who they are, `mode` what an operator
        has made of the door.
        """
        with self._lock:
            shown, changes = self._shown, self._changes
        if shown.until <= self.monotonic():
            kind: Moment = "looking" if is_busy else IDLE[mode][0]
            code = "one_moment" if is_busy else IDLE[mode][1]
            shown = _Shown(kind, code, say(code, language), "", language, 0.0)
        light, is_sounding = "", False
        if self.panel is not None:
            view = self.panel.view()
            shown = self._beside_panel(shown, view)
            light, is_sounding = view.shown.light, view.shown.is_sounding
        return {
            "moment": shown.moment,
            "code": shown.code,
            "words": shown.words,
            "more": shown.more,
            "language": shown.language,
            "turn": changes,
            "light": light,
            "is_sounding": is_sounding,
        }

    def _beside_panel(self, shown: _Shown, view: PanelView) -> _Shown:
        """Return what cannot contradict the panel: its answer, or ours without a word on the door.

        Only the panel says whether the door opens, and its texts stand there as they came.
        """
        if view.answer is not None and view.reported_at >= shown.since:
            moment, code = ANSWERED[view.answer]
            words = view.text or say(code, self._panels_language)
            return _Shown(moment, code, words, "", self._panels_language, 0.0)
        if shown.moment == "prompt" or shown.code == "one_moment":
            return shown
        if shown.code == "open":  # a panel does not hear of that mode
            words = say("hold_up_card", shown.language)
            shown = replace(shown, moment="idle", code="hold_up_card", words=words)
        if shown.moment == "denied" and view.is_open:
            words = shown.more or say(Reason.NON_MATCH.value, shown.language)
            shown = replace(shown, moment="neutral", words=words)
        elif shown.moment == "denied":
            shown = replace(shown, words=shown.more or shown.words)
        return replace(shown, more=view.shown.text)

    def _denied(self, code: str, language: Language) -> None:
        self._show("denied", "denied", say("denied", language), say(code, language), language)

    def _show(
        self,
        moment: Moment,
        code: str,
        words: str,
        more: str,
        language: Language,
        seconds: float = RESULT_SECONDS,
    ) -> None:
        now = self.monotonic()
        with self._lock:
            self._shown = _Shown(moment, code, words, more, language, now + seconds, now)
            self._changes += 1
        contradicts = moment == "denied" and self.panel is not None and self.panel.view().is_open
        if moment in SIGNALS and not contradicts:
            self.signal(SIGNALS[moment])
