"""How close the door's own people come to each other: as the daemon says, or looked at alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding
from edgeverify.enrolment import measure_own_people
from edgeverify.journal.impostors import read_live
from edgeverify.keys import load_master_key
from edgeverify.references.loading import look_into
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


LIVE_RATE = (
    "Somebody's face reached another's card: see whom `status` names, take better photos, or set "
    "decision.max_fmr lower; `edgeverify calibrate --journal STATE` shows what each rate does here."
)


def repeated_rate(live: Json, threshold: Json) -> Iterator[Finding]:
    """Repeat a running daemon's false match rate among its own people."""
    if not isinstance(live, dict) or not live.get("line"):
        return
    stated = threshold.get("max_fmr") if isinstance(threshold, dict) else None
    fmr = live.get("fmr")
    yield _rate(
        str(live["line"]),
        fmr if isinstance(fmr, (int, float)) else None,
        stated if isinstance(stated, (int, float)) else None,
    )


def look_at_rate(
    verifier: Verifier, config: LoadedConfig, place: StateDirectory, *, is_running: bool
) -> Iterator[Finding]:
    """Read the same from the journal of a door that does not run. JournalUnavailableError."""
    settings = config.settings
    if is_running or not place.journal.exists():
        return
    if not settings.journal.live_fmr:
        yield _rate("not measured (journal.live_fmr: false)", None, None)
        return
    found = read_live(place.journal, verifier.embedding_space)
    yield _rate(found.rate.line, found.rate.fmr, verifier.point(settings).max_fmr)


def _rate(line: str, fmr: float | None, stated: float | None) -> Finding:
    is_above = fmr is not None and stated is not None and fmr > stated
    advice = LIVE_RATE if is_above else ""
    return Finding(part="live rate", is_well=not is_above, seen=line, advice=advice)


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
    point = verifier.point(settings)
    yield from _thin(point.cautions_of(here))
    found = measure_own_people(
        here,
        loaded.photo_digests,
        point=point,
        metric=verifier.bundle.metric,
        rule=settings.decision.own_people,
    )
    yield from _told(found.line, found.details, found.one_photo, is_open=found.is_open)


def repeated_cautions(threshold: Json) -> Iterator[Finding]:
    """Repeat why a running daemon's evidence is thin for the people in force."""
    said = threshold.get("cautions") if isinstance(threshold, dict) else None
    yield from _thin([str(one) for one in said] if isinstance(said, list) else ())


def _thin(cautions: Sequence[str]) -> Iterator[Finding]:
    for each in cautions:
        yield Finding(part="threshold", is_well=True, seen=f"thin: {each}")


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
