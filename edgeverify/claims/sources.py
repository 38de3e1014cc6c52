"""The sources there are, and those of them that run because the config names them.

A new source is registered by naming its `KIND` here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgeverify.claims import fixed, keyboard, mqtt, osdp, pcsc, serial_port, walk_up, wiegand
from edgeverify.claims.source import Running, SourceKind, Surroundings
from edgeverify.errors import ConfigError
from edgeverify.settings import ClaimSettings

SOURCES: tuple[SourceKind, ...] = (
    mqtt.KIND,
    fixed.KIND,
    walk_up.KIND,
    keyboard.KIND,
    serial_port.KIND,
    pcsc.KIND,
    wiegand.KIND,
    osdp.KIND,
)


def chosen(kinds: Iterable[SourceKind], settings: ClaimSettings) -> tuple[SourceKind, ...]:
    """Return the kinds that `claims.sources` names, in its order.

    Raises ConfigError for one that this program does not have.
    """
    by_name = {kind.source.name: kind for kind in kinds}
    missing = [name for name in settings.sources if name not in by_name]
    if missing:
        raise ConfigError(
            f"claims.sources names {missing[0]!r}, and this program has no such source",
            advice=f"It has {', '.join(sorted(by_name))}.",
        )
    return tuple(by_name[name] for name in settings.sources)


class RunningSources:
    """The sources that the daemon starts; used by one thread at a time."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._settings: ClaimSettings | None = None
        self._running: list[Running] = []

    def use(self, kinds: Iterable[SourceKind], settings: ClaimSettings) -> None:
        """Run these, under these settings; what ran under others is stopped first."""
        if settings == self._settings:
            return
        self.stop()
        self._settings = settings
        for kind in kinds:
            if kind.start is not None:
                self._running.append(kind.start(settings, self._surroundings))
        at_exit = replace(self._surroundings, intake=self._surroundings.exit_intake)
        for kind in SOURCES:
            if kind.start is not None and kind.source.name in settings.exit_sources:
                self._running.append(kind.start(settings, at_exit))

    def stop(self) -> None:
        """Stop every source."""
        self._settings = None
        while self._running:
            self._running.pop().stop()
