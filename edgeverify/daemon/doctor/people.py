"""How close the door's own people come to each other: as the daemon says, or looked at alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding
from edgeverify.enrolment import OwnPeople, measure_own_people
from edgeverify.keys import load_master_key
from edgeverify.references.store import look_into
from edgeverify.schedule import is_for
from edgeverify.state import StateDirectory
from edgeverify.status_socket import Json
from edgeverify.verifier.verifier import Verifier

ADVICE = "Take better photos of these people, or set decision.own_people: tighten."


def repeated(answer: Json) -> Iterator[Finding]:
    """Repeat what a running daemon says of its people, naming the pairs."""
    if not isinstance(answer, dict) or not answer.get("line"):
        return
    is_open = bool(answer.get("confused")) and not answer.get("tightened")
    details = answer.get("details")
    lines = [str(line) for line in details] if isinstance(details, list) else []
    yield from _told(str(answer["line"]), lines, is_open=is_open)


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
    yield from _of(found)


def _of(found: OwnPeople) -> Iterator[Finding]:
    is_open = found.confused > 0 and not found.raised
    yield from _told(found.line, found.details, is_open=is_open)


def _told(line: str, details: tuple[str, ...] | list[str], *, is_open: bool) -> Iterator[Finding]:
    yield Finding(part="people", is_well=not is_open, seen=line, advice=ADVICE if is_open else "")
    for each in details:
        yield Finding(part="people", is_well=True, seen=each)
