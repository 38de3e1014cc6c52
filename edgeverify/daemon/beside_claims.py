"""What a door hears beside claims: its lock, its operators, and the reader at its exit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from edgeverify.claims.source import Arrival
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.exits import Exits
from edgeverify.daemon.lock_journal import LockJournal
from edgeverify.daemon.modes import Modes
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.events import Topics
from edgeverify.journal import Journal
from edgeverify.state import StateDirectory


def hear_beside_claims(
    door: str, state: StateDirectory, journal: Journal, board: Board, time: Timekeeper
) -> tuple[LockJournal, Modes, Exits]:
    """Make the three that take such messages."""
    modes = Modes(
        state.mode,
        door=door,
        keys=lambda: board.current.operator_keys,
        longest_open=lambda: timedelta(hours=board.current.settings.commands.max_open_hours),
        time=time,
        acts=journal,
    )
    exits = Exits(
        journal,
        wall=time.wall,
        max_age=lambda: timedelta(seconds=board.current.settings.claims.max_age_seconds),
        own_card=lambda number: board.current.people.own_card(number),  # noqa: PLW0108 - of then
    )
    return LockJournal(journal, door=door, wall=time.wall), modes, exits


def topics_heard(door: str, modes: Modes, exits: Exits) -> dict[str, Callable[[Arrival], None]]:
    """Return who hears which topic, beside the lock's."""
    topics = Topics(door)
    return {topics.command: modes.heard, topics.exit: exits.heard}
