"""Is the state older than what the broker has heard of this door? Then numbers go on above it.

A machine that was set back to a snapshot, or a copied folder, begins with numbers that were given
before: locks and subscribers refuse them, and nothing at the door would say why. The broker keeps
the door's last word. It names the run of a daemon that spoke; a state that does not remember this
run is older than it, or belongs to another door of the same name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import FaultName
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.facts import RUNS_FACT
from edgeverify.mqtt import MqttLink

LOG = logging.getLogger(__name__)

REMEMBERED = 100
"""Runs; a broker that was itself set back by more of them leads to a false alarm, no more."""
MISSED = 10_000
"""More than a door decides between two reports of its status."""
FURTHEST = 1_000_000_000
"""Above the seconds since 1970 no sequence is believed: somebody else wrote it."""


class OlderState:
    """Looks at what the broker had kept; called by the supervisor."""

    def __init__(
        self,
        journal: Journal,
        link: MqttLink,
        faults: FaultBoard,
        *,
        wall: Callable[[], datetime],
    ) -> None:
        """Write down that this run begins, before the broker hears of it."""
        self._wall = wall
        self._journal = journal
        self._link = link
        self._faults = faults
        self._earlier: tuple[str, ...] = ()
        self._done: set[tuple[str, int]] = set()
        self._is_remembered = False
        self._remember()

    def _remember(self) -> None:
        """Keep this run in the journal, once that can be written; until then nothing is known."""
        with suppress(JournalUnavailableError):
            self._earlier = tuple((self._journal.fact(RUNS_FACT) or "").split())
            runs = [*self._earlier, self._link.run][-REMEMBERED:]
            self._journal.keep_fact(RUNS_FACT, " ".join(runs))
            self._is_remembered = True

    def look(self) -> None:
        """Name an older state, and let the numbers go on above what was reached before it.

        Where the broker's last word is a last will, it is from the beginning of that connection.
        The seconds since 1970 are above what came after it: a new journal begins there, and no
        door decides once a second for years.
        """
        if not self._is_remembered:
            self._remember()
        now = self._wall()
        told, reached = self._link.told_before, self._journal.last_sequence
        # A run that says 0 had no journal: it gave no number, and nothing could remember it.
        if told is None or not told.sequence or (told.run, told.sequence) in self._done:
            return
        is_strange = self._earlier and told.run not in {*self._earlier, self._link.run}
        is_believable = told.sequence <= now.timestamp() + FURTHEST
        if reached and is_believable and (is_strange or told.sequence > reached):
            try:
                self._journal.continue_above(max(told.sequence + MISSED, int(now.timestamp())), now)
            except JournalUnavailableError:
                return  # at the next look
            self._say(told.sequence, reached)
        self._done.add((told.run, told.sequence))

    def _say(self, told: int, reached: int) -> None:
        detail = (
            f"the broker keeps a status of this door that says sequence {told}, from a run that "
            f"this state does not know; its own numbers had reached {reached} and go on above "
            "both. If another daemon has this door's name, give it a name of its own"
        )
        LOG.error("%s: %s", FaultName.STATE_OLDER, detail)
        self._faults.raise_fault(FaultName.STATE_OLDER, detail)
