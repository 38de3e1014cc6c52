"""What the local socket can ask of the running daemon."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from edgeverify.clock import SystemClock
from edgeverify.daemon.door.records import Records
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.health import Health
from edgeverify.daemon.reload.tickets import Tickets
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.timekeeping import BELIEVED_FACT, BOOT_FACT, DOUBT_FACT, Timekeeper
from edgeverify.errors import StateError
from edgeverify.journal import Journal
from edgeverify.journal.forgetting import event_ids, forget_person
from edgeverify.logs import fields
from edgeverify.references import ReferenceStore
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.status_socket import Handler, Json

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Control:
    """Answers requests; each handler runs in the socket's thread."""

    health: Health
    tickets: Tickets
    records: Records
    journal: Journal
    time: Timekeeper
    clock: SystemClock
    keys: KeyRing
    board: Board
    store: ReferenceStore
    evidence: EvidenceFolder

    def requests(self) -> Mapping[str, Handler]:
        """Return the handlers by request."""
        return {
            "status": lambda _: self.health.status().record(),
            "reload": lambda _: {"ticket": self.tickets.ask()},
            "reload-outcome": self._reload_outcome,
            "unlock": self._unlock,
            "clock-accept": self._accept_clock,
            "keys-rotate": self._rotate_keys,
            "person-forget": self._forget_person,
            "evidence-shown": self._note_evidence,
        }

    def _reload_outcome(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        ticket = arguments.get("ticket")
        outcome = self.tickets.outcome(ticket) if isinstance(ticket, int) else None
        if outcome is None or not isinstance(ticket, int):
            return {"is_done": False}
        told: dict[str, Json] = {
            "is_done": True,
            "problem": outcome.problem,
            "advice": outcome.advice,
        }
        people = self.tickets.people(ticket)
        return told | {"people": None if people is None else people.record()}

    def _unlock(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        card, user = str(arguments.get("card", "")), str(arguments.get("user", ""))
        forgiven = self.records.unlock(card, at=self.time.wall(), by_user=user)
        known, inside = forgiven.had_failures, forgiven.was_inside
        LOG.warning("lock-out lifted", extra=fields(known=known, inside=inside, by=user))
        return {"known": known, "inside": inside}

    def _forget_person(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        card, user = str(arguments.get("card", "")), str(arguments.get("user", ""))
        days = arguments.get("keep_days")
        if self.board.current.people.knows(card):
            raise StateError(
                "this card is still in the config that is in force",
                advice="Take its entry out of `staff:`, reload, and run this again.",
            )
        now = self.time.wall()
        removed = self.store.remove(card)
        pictures = self.evidence.destroy(event_ids(self.journal, card))
        done = forget_person(
            self.journal,
            card,
            self.keys.current,
            before=now - timedelta(days=days if isinstance(days, int) else 0),
            at=now,
            by_user=user,
        )
        self.records.forget_lockout(card)
        LOG.warning("a person was forgotten", extra=fields(pseudonym=done.pseudonym, by=user))
        return {**done.record(), "reference": removed, "pictures": pictures}

    def _note_evidence(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        subject, user = str(arguments.get("event_id", "")), str(arguments.get("user", ""))
        self.journal.note_act("evidence shown", subject, at=self.time.wall(), by_user=user)
        return {}

    def _accept_clock(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        user = str(arguments.get("user", ""))
        self.journal.accept_clock(at=self.time.wall(), by_user=user)
        accepted = self.time.accept()
        self.journal.keep_fact(DOUBT_FACT, "")
        believed, boot = self.time.to_remember(), self.clock.boot_to_remember
        if believed is not None and boot is not None:
            self.journal.keep_fact(BELIEVED_FACT, believed)
            self.journal.keep_fact(BOOT_FACT, boot)
        LOG.warning("the clock was accepted", extra=fields(by=user))
        return {"at": accepted.isoformat()}

    def _rotate_keys(self, arguments: Mapping[str, Json]) -> dict[str, Json]:
        settings, now = self.board.current.settings, self.time.wall()
        after_days = arguments.get("after_days")
        if isinstance(after_days, (int, float)):
            begins_at = now + timedelta(days=after_days)
            following = self.keys.announce(door=settings.door, begins_at=begins_at)
            LOG.warning("signing key announced", extra=fields(next=following.keyid))
            return {
                "current": self.keys.current.keyid,
                "next": following.keyid,
                "begins_at": following.begins_at.isoformat(),
            }
        days = settings.keys.previous_key_days
        old, new = self.keys.rotate(door=settings.door, now=now, previous_days=days)
        LOG.warning("signing key rotated", extra=fields(old=old.keyid, new=new.keyid))
        until = new.previous[0].accepted_until
        return {"old": old.keyid, "new": new.keyid, "until": until.isoformat()}
