"""The thread that moves LEDs and buzzer; nobody waits for it, and nothing depends on it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from edgeverify.backoff import Backoff
from edgeverify.domain import Signal
from edgeverify.settings.signals import SignalSettings
from edgeverify.signals.lines import LinesGoneError, held_lines

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""So often an idle line is looked at: a chip that was pulled out says nothing by itself."""
LONGEST_PAUSE_SECONDS = 5.0
STOP_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Beat:
    """On or off, and how many seconds (above 0) until that changes; None: it stays off."""

    is_on: bool
    seconds_left: float | None


OVER = Beat(is_on=False, seconds_left=None)


def beat_at(rhythm: Sequence[float], elapsed_seconds: float) -> Beat:
    """Return the beat of a rhythm (seconds on, off, on ...) so long after it began.

    Before it began and after it ended it is off. An output is never on for longer than the rhythm
    says, whatever comes between two looks.
    """
    if elapsed_seconds < 0:
        return OVER
    for number, end in enumerate(accumulate(rhythm)):
        if elapsed_seconds < end:
            return Beat(is_on=number % 2 == 0, seconds_left=end - elapsed_seconds)
    return OVER


@dataclass(frozen=True, slots=True)
class _Shown:
    signal: Signal
    at: float


class SignalPlayer:
    """Plays one signal at a time, the newest; a thread of its own from `start` to `stop`."""

    def __init__(
        self,
        settings: SignalSettings,
        *,
        health: Callable[[str], None],
        is_shut: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`health` is told why lines cannot be moved, and "" once they can (again).

        `is_shut` says whether nobody can be let in now; `monotonic` is in seconds.
        """
        self._settings = settings
        self._health = health
        self._is_shut = is_shut
        self._now = monotonic
        self._shown: _Shown | None = None
        self._fault_at = float("-inf")
        self._pauses = Backoff(first_seconds=0.5, longest_seconds=LONGEST_PAUSE_SECONDS)
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signals", daemon=True)

    def start(self) -> None:
        """Begin to hold the lines."""
        self._thread.start()

    def show(self, signal: Signal) -> None:
        """Play `signal` from now on, instead of whatever is played. Never waits."""
        self._shown = _Shown(signal, self._now())
        self._news.set()

    def stop(self) -> None:
        """Switch everything off and give the lines back; a driver that hangs is left alone."""
        self._stop.set()
        self._news.set()
        self._thread.join(STOP_PATIENCE_SECONDS)
        if self._thread.is_alive():
            LOG.error("the signals' thread did not end in time")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                problem = self._hold()
            except LinesGoneError as error:
                problem = str(error)
            except Exception:  # a thread that dies would leave the door dark for ever
                LOG.exception("the signals stumbled")
                problem = "It failed; the log has the traceback."
            if not self._stop.is_set():
                self._health(problem)
                self._stop.wait(self._pauses.next_pause())

    def _hold(self) -> str:
        with held_lines(self._settings) as lines:
            self._health("")
            while not self._stop.is_set():
                self._news.clear()
                shown, wait = self._current(), LOOK_SECONDS
                for name, line in lines.items():
                    rhythm = self._settings.outputs[name].rhythm(shown.signal)
                    beat = beat_at(rhythm, self._now() - shown.at)
                    line.put(is_on=beat.is_on)
                    if beat.seconds_left is not None:
                        wait = min(wait, beat.seconds_left)
                self._pauses.reset()
                self._news.wait(wait)
        return ""

    def _current(self) -> _Shown:
        """Return what is played: the newest signal, or `fault` where that is over and it is due."""
        now, shown = self._now(), self._shown
        every = self._settings.fault_every_seconds
        if shown is not None and not self._is_over(shown, now):
            return shown
        if now - self._fault_at >= every and self._is_shut():
            self._fault_at = now
        return _Shown(Signal.FAULT, self._fault_at)

    def _is_over(self, shown: _Shown, now: float) -> bool:
        rhythms = (each.rhythm(shown.signal) for each in self._settings.outputs.values())
        return now - shown.at >= max(map(sum, rhythms), default=0.0)
