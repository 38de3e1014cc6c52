"""The source: card numbers on standard input, one per line, as keyboard-wedge readers type them."""

from __future__ import annotations

import os
import select
import sys
import threading

from edgeverify.claims import ClaimIntake, SourceKind, Surroundings
from edgeverify.domain import ClaimSource
from edgeverify.settings import ClaimSettings
from tests.claims.example_stdin.section import StdinClaimSettings

STDIN = ClaimSource(name="stdin", is_card_reader=True)
LONGEST_LINE = 1024
TURN_SECONDS = 0.25


class StdinClaims:
    """Reads in a thread of its own; ends with its input."""

    def __init__(self, descriptor: int, prefix: str, intake: ClaimIntake) -> None:
        self._descriptor = descriptor
        self._prefix = prefix
        self._intake = intake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="claims-stdin", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._stop.set()
        self._thread.join(10 * TURN_SECONDS)

    def _read(self) -> None:
        begun = b""
        while not self._stop.is_set():
            if not select.select([self._descriptor], [], [], TURN_SECONDS)[0]:
                continue
            read = os.read(self._descriptor, LONGEST_LINE)
            if not read:
                return
            *lines, begun = (begun + read).split(b"\n")
            begun = begun[:LONGEST_LINE]
            for line in lines:
                card = line.decode(errors="replace").strip().removeprefix(self._prefix)
                self._intake.present(card, STDIN)


def _start(settings: ClaimSettings, surroundings: Surroundings) -> StdinClaims:
    assert isinstance(settings, StdinClaimSettings)
    return StdinClaims(sys.stdin.fileno(), settings.stdin.prefix, surroundings.intake)


KIND = SourceKind(source=STDIN, start=_start)
