"""Who asked for a reload, and how it ended: for the config, then for everybody in it."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field

from typing_extensions import Self

from edgeverify.enrolment import EnrolmentReport
from edgeverify.status_socket import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadOutcome:
    """How the reload ended that a ticket waited for; without a problem the config is in force."""

    problem: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleOutcome:
    """What became of everybody in the config: lines for people, and the cards without a reference.

    `problem` says why they could not be enrolled at all.
    """

    summary: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""

    @classmethod
    def of(cls, report: EnrolmentReport) -> Self:
        """Take what there is to tell out of a report."""
        return cls(
            summary=report.summary,
            problems=report.problems,
            warnings=report.warnings,
            refused=report.refused,
        )

    def record(self) -> dict[str, Json]:
        """Return it for the local socket."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


@dataclass(slots=True)
class Tickets:
    """Who asks for a reload gets a number, and with it learns how that reload ended."""

    _asked: int = 0
    _serving: int = 0
    _served: int = 0
    _outcome: ReloadOutcome = field(default_factory=ReloadOutcome)
    _enrolled: int = 0
    _people: PeopleOutcome = field(default_factory=PeopleOutcome)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self) -> int:
        """Ask for a reload that begins after this call."""
        with self._lock:
            self._asked += 1
            return self._asked

    def begin(self) -> bool:
        """Serve everybody who has asked; False when nobody did."""
        with self._lock:
            is_wanted = self._asked > self._serving
            self._serving = self._asked
            return is_wanted

    def end(self, outcome: ReloadOutcome) -> None:
        """Report how it went; only the first word about a reload counts."""
        with self._lock:
            if self._served < self._serving:
                self._served, self._outcome = self._serving, outcome

    def end_people(self, people: PeopleOutcome) -> None:
        """Report what became of everybody in it; only the first word about a reload counts."""
        with self._lock:
            if self._enrolled < self._serving:
                self._enrolled, self._people = self._serving, people

    def people(self, ticket: int) -> PeopleOutcome | None:
        """Return what became of everybody, or None while they are being enrolled."""
        with self._lock:
            return self._people if ticket <= self._enrolled else None

    def outcome(self, ticket: int) -> ReloadOutcome | None:
        """Return how it ended, or None while it has not; the newest, where several have."""
        with self._lock:
            return self._outcome if ticket <= self._served else None
