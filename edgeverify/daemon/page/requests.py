"""What the page may ask of the daemon: less than the commands, and nothing that opens a door.

The page also says every few seconds that it is there, or what keeps it from running.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeverify.daemon.beside_claims import LockJournal
from edgeverify.daemon.door.door import Door
from edgeverify.daemon.health import Health
from edgeverify.daemon.page import journal as pages_journal
from edgeverify.daemon.page import people
from edgeverify.daemon.page.screen import ScreenBoard
from edgeverify.daemon.page.thumbnails import Thumbnails
from edgeverify.daemon.page.viewfinder import Viewfinder
from edgeverify.daemon.reload.reload_thread import Reloads
from edgeverify.domain import FaultName
from edgeverify.errors import StateError
from edgeverify.journal import Journal
from edgeverify.logs import fields
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.status_socket import Handler, Json
from edgeverify.vision.opening import open_finder

PATIENCE_SECONDS = 45.0
"""The page tells of itself every ten; it may also begin after the door."""


@dataclass(slots=True, eq=False)
class Presence:
    """When the page was heard last; `since` is when it was first waited for. Seconds, monotonic."""

    since: float
    _heard_at: float | None = None
    _problem: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, now: float, problem: str = "") -> None:
        """Note a sign of life, or what keeps the page from running."""
        with self._lock:
            self._heard_at, self._problem = now, problem

    def fault(self, now: float) -> str:
        """Return what is wrong with the page, in words; empty where it is there."""
        with self._lock:
            heard_at, problem = self._heard_at, self._problem
        silent = now - (self.since if heard_at is None else heard_at)
        if problem:
            return problem
        if silent <= PATIENCE_SECONDS:
            return ""
        return f"nothing was heard from it for {silent:.0f} s"


LOG = logging.getLogger(__name__)

ACTS = frozenset(
    {
        "page log-in",
        "page log-in failed",
        "page aim",
        "page export journal",
        "page people add",
        "page people change",
        "page people remove",
        "page consent noted",
        "page capture",
    }
)
"""What the page may write down; an act of another name is refused."""


@dataclass(slots=True, eq=False, kw_only=True)
class PageRequests:
    """Answers the page; each handler runs in a thread of the page's socket."""

    health: Health
    door: Door
    screen: ScreenBoard
    journal: Journal
    reloads: Reloads
    lock: LockJournal
    evidence: EvidenceFolder
    viewfinder: Viewfinder = field(init=False)
    thumbnails: Thumbnails = field(init=False)
    presence: Presence = field(default_factory=lambda: Presence(time.monotonic()))
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        """Make what looks through the camera while somebody aims."""
        self.viewfinder = Viewfinder(
            camera=self.health.camera,
            settings=lambda: self.health.board.current.settings,
            open_finder=lambda wanted: open_finder(self.reloads.verifier.vision, wanted.vision),
            is_busy=lambda: self.door.attempt is not None,
        )
        self.thumbnails = Thumbnails(
            settings=lambda: self.health.board.current.settings,
            folder=lambda: self.reloads.config.folder,
            is_busy=lambda: self.door.attempt is not None,
        )

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers by request."""
        return {
            "page-alive": self._alive,
            "status": self._status,
            "screen": self._screen,
            "decisions": self._decisions,
            "decision": self._decision,
            "picture": self._picture,
            "notices": self._notices,
            "acts": self._acts,
            "act": self._act,
            "people": self._people,
            "thumbnail": lambda asked: self.thumbnails.of(str(asked.get("card") or "")),
            "try-person": self._try_person,
            "aim": lambda _: self.viewfinder.look(self.monotonic()),
            "capture": lambda _: self.viewfinder.look(self.monotonic(), is_whole=True),
            "reload": lambda _: {"ticket": self.reloads.tickets.ask()},
            "reload-outcome": self._reload_outcome,
        }

    def _alive(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        self.presence.heard(self.monotonic(), str(arguments.get("problem") or "")[:500])
        return {"door": self.health.board.current.settings.door}

    def _status(self, _: Mapping[str, Json]) -> dict[str, Json]:
        record = self.health.status().record()
        reasons: list[Json] = []
        for one in self.health.faults.snapshot():
            name = FaultName(one.name)
            reasons.append(
                {
                    "name": name.value,
                    "detail": one.detail,
                    "meaning": name.meaning,
                    "grants": one.grants,
                    "advice": name.advice,
                }
            )
        return record | {"reasons": reasons, "lock": self._lock()}

    def _lock(self) -> Json:
        """Return what the lock said last; None where none was heard."""
        said = self.lock.latest
        if said is None:
            return None
        return {
            "state": said.state.value,
            "at": None if said.at is None else said.at.isoformat(),
            "faults": list(said.faults),
        }

    def _screen(self, _: Mapping[str, Json]) -> dict[str, Json]:
        language = self.health.board.current.settings.language
        is_busy, mode = self.door.attempt is not None, self.health.modes.mode
        return self.screen.record(is_busy=is_busy, language=language, mode=mode)

    def _decisions(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        asked = pages_journal.wanted(arguments)
        return {"rows": pages_journal.decision_records(self._path, asked, self._names())}

    def _decision(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        event_id = str(arguments.get("event_id") or "")
        found = pages_journal.one_decision(self._path, event_id, self._names())
        return found | {"has_picture": self.evidence.has(event_id)} if found else {}

    def _picture(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Open one evidence picture; who sees it is written down before it is given."""
        event_id, user = str(arguments.get("event_id") or ""), str(arguments.get("user") or "")
        if not user:
            raise StateError("a picture is shown to somebody: name them")
        jpeg = self.evidence.open(event_id)
        self._write_down("evidence shown", event_id, user)
        return {"jpeg": base64.b64encode(jpeg).decode()}

    def _notices(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        door = self.health.board.current.settings.door
        is_manager = arguments.get("is_manager") is True
        return {
            "rows": pages_journal.notice_records(
                self._path, door, self._names(), is_manager=is_manager
            )
        }

    def _acts(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        asked = pages_journal.wanted(arguments)
        rows = pages_journal.act_records(self._path, asked.since, asked.until, asked.limit)
        return {"rows": rows}

    def _act(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        act, user = str(arguments.get("act")), str(arguments.get("user") or "")
        if act not in ACTS or not user:
            raise StateError(f"{act!r} is not an act of the page")
        self._write_down(act, str(arguments.get("subject") or "")[:200], user)
        return {}

    def _write_down(self, act: str, subject: str, user: str) -> None:
        at = self.health.time.wall()
        self.journal.note_act(act, subject, at=at, by_user=f"page:{user}"[:100])
        LOG.info("an act on the local page", extra=fields(act=act, by=user))

    def _people(self, _: Mapping[str, Json]) -> dict[str, Json]:
        folder = self.reloads.config.folder
        rows = people.people_records(self.health.board.current, self.health.report, folder)
        return {"rows": rows, "is_enrolling": self.health.is_enrolling}

    def _try_person(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        return people.try_entry(self.reloads, arguments.get("entry"), self.health.time.wall())

    def _reload_outcome(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        ticket = arguments.get("ticket")
        if not isinstance(ticket, int):
            return {"is_done": False}
        outcome, enrolled = (
            self.reloads.tickets.outcome(ticket),
            self.reloads.tickets.people(ticket),
        )
        return {
            "is_done": outcome is not None,
            "problem": "" if outcome is None else outcome.problem,
            "advice": "" if outcome is None else outcome.advice,
            "people": None if enrolled is None else enrolled.record(),
        }

    @property
    def _path(self) -> Path:
        return self.journal.path

    def _names(self) -> dict[str, str]:
        return {card: one.name for card, one in self.health.board.current.people.staff.items()}
