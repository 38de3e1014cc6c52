"""Who is in force, with what enrolment said of each; and a trial of somebody not written yet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.reload.reload_thread import Reloads
from edgeverify.enrolment import EnrolmentReport, PhotoJudge, synchronise
from edgeverify.enrolment.likeness import LookAlike
from edgeverify.enrolment.own_people import find_likenesses
from edgeverify.enrolment.report import EntryReport
from edgeverify.errors import StateError
from edgeverify.references import ReferenceStore
from edgeverify.schedule import is_for
from edgeverify.settings import StaffEntry
from edgeverify.status_socket import Json


def people_records(situation: Situation, report: EnrolmentReport, folder: Path) -> list[Json]:
    """Return everybody in the config in force, in its order; `folder` is the config's."""
    told = {entry.card: entry for entry in report.entries}
    return [
        _record(entry, situation, told.get(entry.card), report.look_alikes, folder)
        for entry in situation.settings.staff
    ]


def try_entry(reloads: Reloads, written: Json, now: datetime) -> dict[str, Json]:
    """Enrol somebody into a store that is thrown away, as `check-config` does; return what it said.

    `written` is an entry of `staff`. The door goes on meanwhile. Raises StateError where it is no
    entry at all.
    """
    try:
        entry = StaffEntry.model_validate(written)
    except ValidationError as error:
        raise StateError(f"this is not an entry of `staff`: {error.errors()[0]['msg']}") from None
    with reloads.verifier_in_use:
        verifier, config = reloads.verifier, reloads.config
        settings = config.settings.model_copy(update={"staff": (entry,)})
        judge = PhotoJudge(
            lambda: verifier.open_pipeline(settings),
            embedding_space=verifier.embedding_space,
            metric=verifier.bundle.metric,
            point=verifier.point(settings),
        )
        try:
            with ReferenceStore.trial(now) as store:
                report = synchronise(settings, config.folder, store, judge, now=now)
                pairs = _like(entry, store, judge, reloads.board.current)
        finally:
            judge.close()
    (told,) = report.entries
    return {
        "problems": list(told.problems),
        "warnings": list(told.warnings),
        "look_alikes": _pairs(pairs, entry.card),
    }


def _like(
    entry: StaffEntry, store: ReferenceStore, judge: PhotoJudge, situation: Situation
) -> tuple[LookAlike, ...]:
    """Compare somebody new with everybody who is in force, as it would be with them."""
    card, settings = entry.card, situation.settings
    tried = store.load(judge.embedding_space)
    if card not in tried.usable or judge.point is None:
        return ()
    known = situation.people.references
    staff = {each.card: each for each in (*settings.staff, entry)}
    everybody = {**known.usable, card: tried.usable[card]}
    return find_likenesses(
        [one for one in everybody.values() if one.card in staff],
        {**known.photo_digests, **tried.photo_digests},
        {card},
        here={each.card for each in staff.values() if is_for(each, settings.door)},
        point=judge.point,
        metric=judge.metric,
        rule=settings.decision.own_people,
    )


def _record(
    entry: StaffEntry,
    situation: Situation,
    told: EntryReport | None,
    look_alikes: Sequence[LookAlike],
    folder: Path,
) -> Json:
    reference = situation.people.references.usable.get(entry.card)
    written: dict[str, Json] = entry.model_dump(mode="json")
    counts: Mapping[str, Json] = {
        "is_usable": reference is not None,
        "photo_count": 0 if reference is None else reference.photo_count,
        "camera_photo_count": 0 if reference is None else reference.camera_photo_count,
        "problems": [] if told is None else list(told.problems),
        "warnings": [] if told is None else list(told.warnings),
        "look_alikes": _pairs(look_alikes, entry.card),
        "photo_problem": "" if told and told.problems else _unreadable(folder, entry.photos[0]),
    }
    return {**written, **counts}


def _unreadable(folder: Path, name: str) -> str:
    """Return why a photo cannot be shown, or nothing: it may have gone since it was enrolled."""
    try:
        is_readable = os.access(folder / name, os.R_OK, effective_ids=True)
        (folder / name).stat()
    except OSError as error:
        return f"{name} cannot be shown: {error.strerror}. The reference made of it still counts."
    return "" if is_readable else f"{name} cannot be shown: the door may not read it any more."


def _pairs(pairs: Iterable[LookAlike], card: str) -> list[Json]:
    """Return the others of the pairs that somebody is in, by name."""
    mine = [pair for pair in pairs if card in {pair.card, pair.other_card}]
    return [
        {
            "card": pair.other_card if pair.card == card else pair.card,
            "name": pair.other_name if pair.card == card else pair.name,
            "is_same_photo": pair.is_same_photo,
            "consequence": pair.consequence,
        }
        for pair in mine
    ]
