"""The contract of a claim source: what starts it, what it puts where, whether it reads cards.

A source is one file in this folder, named in `SOURCES` (sources.py) and in the settings' `claims`.
Either the daemon starts it, and it puts every card that it reads into the intake; or a face before
the door starts it, and it says whose card that stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edgeverify.claims.intake import ClaimIntake, ExitIntake
from edgeverify.domain import Asker, ClaimSource
from edgeverify.settings import ClaimSettings


class Arrival(Protocol):
    """A message on the claim topic; `is_retained` as its publisher set it."""

    @property
    def payload(self) -> bytes:
        """What was published."""

    @property
    def is_retained(self) -> bool:
        """True where it may be older than the connection."""

    @property
    def asker(self) -> Asker:
        """Where its sender hears the answer."""


class ClaimTopic:
    """Where the link to the broker leaves what arrives on the claim topic; one may listen."""

    def __init__(self, not_heard: Callable[[], None]) -> None:
        """`not_heard` is called for each message to which nobody listens."""
        self._not_heard = not_heard
        self._listener: Callable[[Arrival], None] | None = None

    def listen(self, listener: Callable[[Arrival], None] | None) -> None:
        """Let `listener` hear every message from now on, on a network thread; None: nobody."""
        self._listener = listener

    def arrived(self, arrival: Arrival) -> None:
        """Pass a message on; returns at once."""
        listener = self._listener
        if listener is None:
            self._not_heard()
        else:
            listener(arrival)


class Running(Protocol):
    """A source at work."""

    def stop(self) -> None:
        """Claim nothing more, and let go of the reader. Returns within seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a source is given that the daemon starts."""

    intake: ClaimIntake | ExitIntake
    topic: ClaimTopic
    folder: Path = Path()
    """The config's; relative paths in it start there."""
    reader_health: Callable[[ClaimSource, str], None] = lambda _source, _problem: None
    """Takes in why a reader is away, in a sentence; empty once it reads (again)."""
    exit_intake: ExitIntake = field(
        default_factory=lambda: ExitIntake(lambda _card: None, lambda _why: None)
    )
    """What a reader at the exit is given for `intake`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One source, as it is registered; exactly one of `start` and `card_for_face` is given.

    `start` begins to read, in a thread of its own where reading blocks, and never raises because a
    reader is absent: it goes on trying. `card_for_face` returns the card that is claimed when a
    face is seen ("" where the source names nobody).
    """

    source: ClaimSource
    start: Callable[[ClaimSettings, Surroundings], Running] | None = None
    card_for_face: Callable[[ClaimSettings], str] | None = None

    def __post_init__(self) -> None:
        if (self.start is None) == (self.card_for_face is None):
            raise ValueError("a source is started either by the daemon or by a face")
        if self.card_for_face is not None and self.source.is_card_reader:
            raise ValueError("a face is not a card: what it starts is not a card reader")
