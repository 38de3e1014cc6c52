"""How the door stands, from relay, door contact and exit button. Pure: time is an argument.

`now` is monotonic seconds. The relay's own process ends each release; what it answers comes in
here, so that a state says what the relay has done and not what it was told to do.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.events import LockCause, LockState

GRACE_SECONDS = 1.0
"""A door that opens so shortly after its release had been pulled before; so shortly after it
closed, it bounced or was caught before it latched."""

STANDS_OPEN = frozenset(
    {LockState.OPEN, LockState.HELD_OPEN, LockState.FORCED, LockState.OPENED_WITHOUT_GRANT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the config says about the door; seconds."""

    pulse_seconds: float
    held_open_seconds: float
    relock_when_opened: bool
    exit_releases: bool


@dataclass(frozen=True, slots=True)
class Release:
    """An order to the relay: release for this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Rest:
    """An order to the relay: lock."""


Order = Release | Rest | None


class Passage:
    """One door. Every method returns the order to the relay that follows, if any."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.state = LockState.UNKNOWN
        self.cause = LockCause.START
        self.event_id = ""
        self.is_released = False
        self.is_open: bool | None = None
        self._asked: tuple[LockCause, str] = (LockCause.START, "")
        self._reason: tuple[LockCause, str] = (LockCause.START, "")
        self._was_used = False
        self._rested_at = float("-inf")
        self._exit_at = float("-inf")
        self._closed_at = float("-inf")
        self._before_closing = (LockState.UNKNOWN, LockCause.START, "")
        self._opened_at: float | None = None
        self._open_until = float("-inf")
        self._open_for = 0.0

    def granted(self, event_id: str) -> Order:
        """Release, because the door has granted."""
        self._asked = (LockCause.GRANT, event_id)
        return Release(max(self._rules.pulse_seconds, self._open_for))

    def opened(self, seconds: float, now: float) -> Order:
        """Stay released for `seconds` from now on, because the door says that it is open.

        Said again before they are over, the door stays open; 0 or less ends it.
        """
        if seconds <= 0:
            was_open, self._open_until = self._open_until > now, float("-inf")
            self._open_for = 0.0
            return Rest() if was_open else None
        self._open_until, self._open_for = now + seconds, seconds
        if not (self.is_released and self._reason[0] is LockCause.GRANT):
            self._asked = (LockCause.OPEN_MODE, "")
        return Release(seconds)

    def exit_pressed(self, now: float) -> Order:
        """Release for whoever goes out; a grant that is under way stays the reason."""
        self._exit_at = now
        if not self._rules.exit_releases:
            return None
        if not (self.is_released and self._reason[0] is LockCause.GRANT):
            self._asked = (LockCause.EXIT_BUTTON, "")
        return Release(max(self._rules.pulse_seconds, self._open_for))

    def relay_released(self, now: float) -> Order:
        """Take in that the relay has released the door."""
        self._reason = self._asked
        self._was_used = bool(self.is_open)
        self.is_released = True
        if self.is_open:
            self._opened_at = now
        self._become(LockState.OPEN, *self._reason)
        return None

    def relay_rests(self, now: float) -> Order:
        """Take in that the relay keeps the door locked."""
        was_released, self.is_released = self.is_released, False
        if was_released:
            self._rested_at = now
            if self._opened_at is not None and self._reason[0] is LockCause.OPEN_MODE:
                self._opened_at = now  # it stood open rightly until now
        elif self.state is not LockState.UNKNOWN:
            return None
        if self.is_open:
            if self.state is LockState.UNKNOWN:
                self._become(LockState.OPEN, LockCause.START)
            return None
        cause, event_id = self._reason
        if was_released and self._nobody_came(cause):
            self._become(LockState.GRANTED_NOT_OPENED, LockCause.TIME, event_id)
        else:
            began = LockCause.TIME if was_released else LockCause.START
            self._become(LockState.LOCKED, began)
        return None

    def contact(self, is_open: bool | None, now: float) -> Order:  # noqa: FBT001 - a contact's word
        """Take in what the door contact says; None when it cannot be read."""
        before, self.is_open = self.is_open, is_open
        if is_open is None or is_open == before:
            return None
        if not is_open:
            self._opened_at = None
            if before is not None and not self.is_released:
                self._closed_at = now
                self._before_closing = self.state, self.cause, self.event_id
                self._become(LockState.LOCKED, LockCause.CONTACT)
            elif self.state in STANDS_OPEN and not self.is_released:
                # It was closed while the contact could not be read.
                self._become(LockState.LOCKED, LockCause.CONTACT)
            return None
        self._opened_at = now
        if before is None:
            # It stood open when we came: who opened it, nobody knows.
            if self.state is not LockState.UNKNOWN:
                self._become(LockState.OPEN, LockCause.START)
            return None
        return self._opened(now)

    def look(self, now: float) -> Order:
        """Take in that time has passed."""
        self._open_for = max(0.0, self._open_until - now)
        if (
            not self._open_for
            and self._opened_at is not None
            and now - self._opened_at >= self._rules.held_open_seconds
            and self.state in {LockState.OPEN, LockState.OPENED_WITHOUT_GRANT}
        ):
            self._become(LockState.HELD_OPEN, LockCause.TIME, self.event_id)
        return None

    def _opened(self, now: float) -> Order:
        cause, event_id = self._reason
        if self.is_released or now - self._rested_at <= GRACE_SECONDS:
            self._was_used = True
            is_grant = cause is LockCause.GRANT
            is_meant = is_grant or cause is LockCause.OPEN_MODE
            state = LockState.OPEN if is_meant else LockState.OPENED_WITHOUT_GRANT
            self._become(state, cause, event_id)
            is_to_rest = self._rules.relock_when_opened and now >= self._open_until
            return Rest() if self.is_released and is_to_rest else None
        if now - self._closed_at <= GRACE_SECONDS:
            self._become(*self._before_closing)
        elif now - self._exit_at <= self._rules.pulse_seconds:
            self._become(LockState.OPENED_WITHOUT_GRANT, LockCause.EXIT_BUTTON)
        else:
            self._become(LockState.FORCED, LockCause.CONTACT)
        return None

    def _nobody_came(self, cause: LockCause) -> bool:
        return cause is LockCause.GRANT and self.is_open is False and not self._was_used

    def _become(self, state: LockState, cause: LockCause, event_id: str = "") -> None:
        self.state, self.cause, self.event_id = state, cause, event_id
