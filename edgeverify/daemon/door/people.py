"""Who is known at this door: the config's staff and their references, one immutable snapshot."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from edgeverify.domain import Claim, Reason, Reference
from edgeverify.policy import Subject
from edgeverify.references.loading import LoadedReferences
from edgeverify.schedule import is_for, refusal
from edgeverify.settings import StaffEntry


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """Staff by card, and what the reference store holds for each."""

    door: str
    staff: Mapping[str, StaffEntry]
    references: LoadedReferences
    holidays: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        door: str,
        staff: tuple[StaffEntry, ...],
        references: LoadedReferences,
        *,
        time_zone: str = "",
        holidays: tuple[str, ...] = (),
    ) -> People:
        """Take a snapshot; whoever is not in the config is not known, whatever the store holds.

        `time_zone` is the door's, for entries whose hours name none; `holidays` are the door's.
        """
        return cls(
            door=door,
            staff=MappingProxyType({entry.card: _zoned(entry, time_zone) for entry in staff}),
            references=references,
            holidays=holidays,
        )

    def knows(self, card: str) -> bool:
        """Return whether the config names this card, whether or not it may come in now."""
        return card in self.staff or card in self._duress

    def own_card(self, number: str) -> str:
        """Return the card of whoever has `number`, which may be their second one."""
        return self._duress.get(number, number)

    def meant(self, claim: Claim) -> Claim:
        """Return the claim for its person's own card; their second number tells of duress."""
        own = self._duress.get(claim.card)
        return claim if own is None else replace(claim, card=own, is_under_duress=True)

    @functools.cached_property
    def _duress(self) -> dict[str, str]:
        """Each second number with the card that it stands for."""
        return {entry.duress_card: card for card, entry in self.staff.items() if entry.duress_card}

    def subject(self, claim: Claim, now: datetime) -> Subject:
        """Return whom a claim names and whether they may come in here at `now` (aware)."""
        if claim.source.names_nobody:
            return Subject(cards=frozenset(self._welcome(now)))
        entry = self.staff.get(claim.card)
        if entry is None:
            return Subject(cards=frozenset())
        cards = frozenset({claim.card})
        reason = refusal(entry, self.door, now, self.holidays)
        if reason is None and claim.card not in self.references.usable:
            reason = Reason.REFERENCE_UNUSABLE
        return Subject(cards=cards, refusal=reason)

    def proofs(self, subject: Subject) -> tuple[Reference, ...]:
        """Return the references that may prove the subject, in the order of their cards."""
        return tuple(self.references.usable[card] for card in sorted(subject.cards))

    def here(self) -> tuple[Reference, ...]:
        """Return the references of everybody who may come in at this door at some time, by card."""
        return tuple(
            reference
            for card, reference in sorted(self.references.usable.items())
            if card in self.staff and is_for(self.staff[card], self.door)
        )

    def _welcome(self, now: datetime) -> tuple[str, ...]:
        return tuple(
            card
            for card, entry in self.staff.items()
            if card in self.references.usable
            and refusal(entry, self.door, now, self.holidays) is None
        )


def _zoned(entry: StaffEntry, time_zone: str) -> StaffEntry:
    if entry.hours.time_zone or not time_zone:
        return entry
    hours = entry.hours.model_copy(update={"time_zone": time_zone})
    return entry.model_copy(update={"hours": hours})
