"""How close the door's own people come to each other: as the daemon says, or looked at alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding
from edgeverify.enrolment import measure_own_people
from edgeverify.keys import load_master_key
from edgeverify.references.store import look_into
from edgeverify.schedule import is_for
from edgeverify.state import StateDirectory
from edgeverify.status_socket import Json
from edgeverify.verifier.verifier import Verifier

ADVICE = "Take better photos of these people, or set decision.own_people: tighten."
ONE_PHOTO = (
    "Look who is on the photo, replace it on the other card, then run `edgeverify reload`. One "
    "person with two cards has one name in both entries."
)


def repeated(answer: Json) -> Iterator[Finding]:
    """Repeat what a running daemon says of its people, naming the pairs."""
    if not isinstance(answer, dict):
        return
    confused, same_photo = (answer.get(name) or 0 for name in ("confused", "same_photo"))
    is_open = confused != same_photo and not answer.get("tightened")
    lines, photos = answer.get("details"), answer.get("one_photo")
    yield from _told(
        str(answer.get("line") or ""),
        [str(line) for line in lines] if isinstance(lines, list) else [],
        [str(line) for line in photos] if isinstance(photos, list) else [],
        is_open=is_open,
    )


def look_at_people(
    verifier: Verifier,
    config: LoadedConfig,
    place: StateDirectory,
    environ: Mapping[str, str],
    *,
    is_running: bool,
) -> Iterator[Finding]:
    """Compare every two references at the threshold, changing nothing, where no daemon has.

    Raises StateError, KeyUnusableError, ConfigError.
    """
    settings = config.settings
    if is_running or not place.references.exists():
        return
    key = load_master_key(
        settings.keys.master_key_file,
        config_folder=config.folder,
        default=place.master_key,
        environ=environ,
        may_create=False,
    )
    loaded = look_into(place.references, key.secret, verifier.embedding_space)
    staff = [entry.card for entry in settings.staff if is_for(entry, settings.door)]
    here = [loaded.usable[card] for card in staff if card in loaded.usable]
    found = measure_own_people(
        here,
        loaded.photo_digests,
        point=verifier.point(settings),
        metric=verifier.bundle.metric,
        rule=settings.decision.own_people,
    )
    yield from _told(found.line, found.details, found.one_photo, is_open=found.is_open)


def _told(
    line: str, details: Sequence[str], one_photo: Sequence[str], *, is_open: bool
) -> Iterator[Finding]:
    if line:
        advice = ADVICE if is_open else ""
        yield Finding(part="people", is_well=not is_open, seen=line, advice=advice)
    for each in one_photo:
        yield Finding(part="people", is_well=False, seen=each, advice=ONE_PHOTO)
    for each in details:
        yield Finding(part="people", is_well=True, seen=each)
