"""LEDs and buzzer as a part of the daemon: as the config has them, and named while they are away.

It can neither hold up nor break a decision: signals are handed over and forgotten.
"""

from __future__ import annotations

import logging

from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import FaultName, Signal
from edgeverify.settings import SignalSettings
from edgeverify.signals.player import SignalPlayer

LOG = logging.getLogger(__name__)


class Signalling:
    """Runs a player where the config names a line, and none where it does not."""

    def __init__(self, settings: SignalSettings, faults: FaultBoard) -> None:
        self._settings = settings
        self._faults = faults
        self._player: SignalPlayer | None = None

    def start(self) -> None:
        """Take the lines, if there are any; a chip that is away is waited for."""
        if not self._settings.outputs:
            return
        self._player = SignalPlayer(
            self._settings,
            health=self._took,
            is_shut=lambda: any(fault.keeps_everybody_out for fault in self._faults.snapshot()),
        )
        self._player.start()

    def show(self, signal: Signal) -> None:
        """Show what has just happened. Never waits, and does nothing where there is no line."""
        player = self._player
        if player is not None:
            player.show(signal)

    def use(self, settings: SignalSettings) -> None:
        """Go on with other lines or rhythms, where they differ."""
        if settings != self._settings:
            self.stop()
            self._settings = settings
            self.start()

    def stop(self) -> None:
        """Switch everything off."""
        player, self._player = self._player, None
        if player is not None:
            player.stop()
        self._faults.clear(FaultName.SIGNALS_UNAVAILABLE)

    def _took(self, problem: str) -> None:
        was_away = FaultName.SIGNALS_UNAVAILABLE in self._faults
        self._faults.state(FaultName.SIGNALS_UNAVAILABLE, problem, present=bool(problem))
        if problem and not was_away:
            LOG.warning("the signals are away: %s", problem)
        elif was_away and not problem:
            LOG.info("the signals are back")
