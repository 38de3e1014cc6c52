"""The door's own people in its situation, its status, and its doctor."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeverify.config import LoadedConfig, load_config
from edgeverify.daemon.doctor import beside, people
from edgeverify.daemon.door.people import People
from edgeverify.daemon.reload.reloader import Closeness
from edgeverify.daemon.status import DoorStatus
from edgeverify.domain import Embedding, OperatingPoint, Reference
from edgeverify.journal import Journal
from edgeverify.journal.impostors import OtherScores
from edgeverify.references import PhotoEmbedding, ReferenceStore
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import DecisionSettings, Settings, StaffEntry
from edgeverify.state import StateDirectory, open_state
from edgeverify.status_socket import Json, StatusServer
from tests.doors import NOON

SPACE = "ab" * 32
POINT = OperatingPoint(threshold=0.5, max_fmr=1e-4, evidence="made up")


def _references(twins: bool = True) -> dict[str, Reference]:  # noqa: FBT001, FBT002
    values = np.eye(12, dtype=np.float32)
    if twins:
        values[1, 0] = 0.9
        values[1] /= np.linalg.norm(values[1])
    made = [Embedding(values=row, embedding_space=SPACE) for row in values]
    return {
        str(number): Reference(
            card=str(number), name=f"person {number}", embedding=each, photo_count=1
        )
        for number, each in enumerate(made)
    }


def _people(references: dict[str, Reference], doors: tuple[str, ...] = ()) -> People:
    staff = tuple(
        StaffEntry(card=card, name=one.name, photos=("x.jpg",), doors=doors if card == "1" else ())
        for card, one in references.items()
    )
    loaded = LoadedReferences(usable=references, unusable={}, photo_digests={})
    return People.of("front-door", staff, loaded)


def test_the_same_people_are_measured_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    closeness, here = Closeness(), _people(_references())
    found = closeness.of(here, Settings(), POINT, "cosine")
    assert (found.pairs, found.confused) == (66, 1)
    assert closeness.of(here, Settings(), POINT, "cosine") is found
    assert len(caplog.records) == 1
    warn = Settings(decision=DecisionSettings(own_people="warn"))
    assert closeness.of(here, warn, POINT, "cosine").raised == {}
    stricter = replace(POINT, threshold=0.95)
    assert closeness.of(here, Settings(), stricter, "cosine").confused == 0


def test_people_of_another_door_do_not_count() -> None:
    found = Closeness().of(
        _people(_references(), doors=("back-door",)), Settings(), POINT, "cosine"
    )
    assert (found.people, found.confused) == (11, 0)


FACTS: dict[str, Json] = {
    "own_people": {
        "people": 12,
        "pairs": 66,
        "confused": 1,
        "tightened": 2,
        "line": "1 of 66 pairs would be confused at this threshold; 2 cards are held higher",
        "details": ["card 0 (Ann) looks like card 1 (Bea)"],
    },
    "enrolment": [],
}


def test_who_resembles_whom_never_reaches_the_broker() -> None:
    status = DoorStatus(door="front-door", at=NOON, degraded=(), facts=FACTS)
    for message in status.messages():
        assert "Ann" not in message.decode()
        assert "Bea" not in message.decode()
    told = json.loads(status.messages()[0])
    assert told["own_people"] == {"people": 12, "pairs": 66, "confused": 1, "tightened": 2}
    # The local socket, which only the door's owner can open, names them.
    assert "Ann" in json.dumps(status.record())


@pytest.fixture
def place(tmp_path: Path) -> StateDirectory:
    return open_state(tmp_path / "state", "front-door")


def test_the_doctor_names_the_pairs_beside_a_daemon(place: StateDirectory) -> None:
    server = StatusServer(place.folder, {"status": lambda _: {"state": "online", **FACTS}})
    try:
        found = [one for one in beside(place.folder, runs=True) if one.part == "people"]
    finally:
        server.close()
    assert [one.is_well for one in found] == [True, True]
    assert found[1].seen == "card 0 (Ann) looks like card 1 (Bea)"


def test_the_doctor_repeats_why_the_evidence_is_thin() -> None:
    (found,) = people.repeated_cautions({"cautions": ["2 of the people have a picture"]})
    assert (found.is_well, found.seen) == (True, "thin: 2 of the people have a picture")
    assert not list(people.repeated_cautions(None))


def test_pairs_that_nothing_is_done_about_are_not_well() -> None:
    own = FACTS["own_people"]
    assert isinstance(own, dict)
    (first, _) = people.repeated({**own, "tightened": 0})
    assert not first.is_well
    assert "decision.own_people: tighten" in first.advice


def test_one_photo_on_two_cards_is_not_well_beside_pairs_that_are_held_apart() -> None:
    own = FACTS["own_people"]
    assert isinstance(own, dict)
    photo = "card 2 (Cid) and card 3 (Dee) have the same photo: no threshold"
    (first, second, third) = people.repeated(
        {**own, "confused": 2, "same_photo": 1, "one_photo": [photo]}
    )
    assert first.is_well
    assert (second.is_well, second.seen) == (False, photo)
    assert "replace it on the other card" in second.advice
    assert "own_people: tighten" not in second.advice
    assert third.is_well
    (first, second, _) = people.repeated(
        {**own, "tightened": 0, "same_photo": 1, "one_photo": [photo]}
    )
    assert first.is_well, "one photo is all there is: tightening would not help"
    assert not second.is_well


def test_an_older_daemon_that_says_less_is_repeated_all_the_same() -> None:
    assert not list(people.repeated(None))
    assert not list(people.repeated({}))


@pytest.mark.parametrize(
    ("fmr", "stated", "is_well"),
    [(0.0, 1e-4, True), (2e-4, 1e-4, False), (2e-4, None, True), (None, 1e-4, True)],
)
def test_the_doctor_repeats_the_rate_among_the_doors_own_people(
    fmr: float | None, stated: float | None, *, is_well: bool
) -> None:
    live: Json = {"line": "FMR among this door's own people", "fmr": fmr}
    (found,) = people.repeated_rate(live, {"max_fmr": stated})
    assert (found.part, found.is_well) == ("live rate", is_well)
    assert ("calibrate --journal" in found.advice) is not is_well
    assert not list(people.repeated_rate(None, None)), "a daemon of an older release"


def test_the_doctor_reads_the_rate_of_a_door_that_does_not_run(
    place: StateDirectory, tmp_path: Path
) -> None:
    config = _config(tmp_path)
    journal = Journal.open(place.journal, now=NOON).journal
    for card, matches in (("0", 0), ("1", 1)):
        seen = OtherScores(
            card=card, embedding_space=SPACE, others=11, false_matches=matches, bins={0: 11}
        )
        journal.count_others(seen, at=NOON)
    journal.close()
    opened = _Opened()
    (found,) = people.look_at_rate(opened, config, place, is_running=False)  # type: ignore[arg-type]
    assert "1 of 22 comparisons of 2 grants" in found.seen
    assert not found.is_well
    assert not list(people.look_at_rate(opened, config, place, is_running=True))  # type: ignore[arg-type]


class _Opened:
    """What the doctor asks of a verifier."""

    embedding_space = SPACE

    class bundle:  # noqa: N801
        metric = "cosine"

    def point(self, _: Settings) -> OperatingPoint:
        return POINT


def _config(folder: Path) -> LoadedConfig:
    rows = [f'  - {{card: "{n}", name: person {n}, photos: [x.jpg]}}' for n in range(12)]
    path = folder / "door.yaml"
    path.write_text("door: front-door\nstaff:\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return load_config(path)


def test_the_doctor_looks_at_a_stopped_door_itself_and_changes_nothing(
    place: StateDirectory, tmp_path: Path
) -> None:
    place.master_key.write_bytes(bytes(32))
    place.master_key.chmod(0o600)
    with ReferenceStore(place.references, bytes(32), now=NOON) as store:
        for card, one in _references().items():
            photo = PhotoEmbedding(photo="x.jpg", digest=card * 64, embedding=one.embedding)
            second = replace(photo, photo="y.jpg", digest="ff" * 32)
            store.put(card, one.name, (photo, second) if card == "7" else (photo,), now=NOON)
    before = place.references.read_bytes()
    opened = _Opened()
    found = list(
        people.look_at_people(opened, _config(tmp_path), place, {}, is_running=False)  # type: ignore[arg-type]
    )
    assert found.pop(0).seen.startswith("thin: 1 of the people has several photos")
    assert found[0].seen.startswith("1 of 66 pairs would be confused")
    assert found[1].seen == "card 0 (person 0) and card 1 (person 1) look alike"
    assert place.references.read_bytes() == before
    assert not list(
        people.look_at_people(opened, _config(tmp_path), place, {}, is_running=True)  # type: ignore[arg-type]
    )
