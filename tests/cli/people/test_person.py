"""What a person is told that is kept about them, and what is left once they are forgotten."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from edgeverify.domain import Embedding, NoticeKind, Outcome, Reason
from edgeverify.journal import Journal
from edgeverify.journal.proofs import doubtful
from edgeverify.journal.reading import acts, read_notices, recent
from edgeverify.keys import load_master_key
from edgeverify.lockout import LockoutState
from edgeverify.references import ReferenceStore
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.references.sealing import PhotoEmbedding
from edgeverify.state import open_state
from tests.cli.door.blind_door import Place
from tests.doors import DOOR, NOON, decided, door_keys

CARD, OTHER = "0012345", "0098765"
NOW = datetime.now(timezone.utc)
DAYS = (200, 100, 2)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A door that has decided on two cards, on days long ago and the day before yesterday."""
    config = tmp_path / "door.yaml"
    config.write_text(f"door: {DOOR}\n", encoding="utf-8")
    state = open_state(tmp_path / "state", DOOR)
    keys = door_keys(state.folder)
    journal = Journal.open(state.journal, now=NOON).journal
    for number, card in enumerate((CARD, OTHER)):
        for days in DAYS:
            entry = decided(f"{number}-{days}", card=card, at=NOW - timedelta(days=days))
            frames = tuple(replace(frame, card=card) for frame in entry.frames)
            journal.record(
                replace(entry, frames=frames, notices=(NoticeKind.DURESS,), comes_in=True), keys
            )
    failed = decided("no", card=CARD, outcome=Outcome.DENY, reason=Reason.NON_MATCH, at=NOW)
    lockouts = {CARD: LockoutState(failures=1, last_failure_at=NOW)}
    journal.record(replace(failed, lockouts=lockouts), keys)
    journal.unlock("", at=NOW, by_user="ada")
    journal.mark_sent(row.sequence for row in journal.outbox())
    with journal.change() as connection:
        connection.execute("UPDATE notices SET is_sent = 1")
    journal.close()
    secret = load_master_key(
        "", config_folder=tmp_path, default=state.master_key, environ={}, may_create=True
    ).secret
    with ReferenceStore(state.references, secret, now=NOON) as store:
        pictures = EvidenceFolder(state.evidence, secret)
        for event in ("event-0-2", "event-1-2"):
            pictures.keep(event, b"a picture")
        for card in (CARD, OTHER):
            values = np.ones(8, np.float32)
            embedding = Embedding(values=values, embedding_space="a" * 64)
            photo = PhotoEmbedding(photo="ada.jpg", digest="0" * 64, embedding=embedding)
            store.put(card, f"Holder of {card}", (photo,), now=NOON)
    return Place(config, state, keys)


def _report(place: Place, card: str, *, exit_code: int = 0) -> dict[str, object]:
    done = place.run("person", "report", card, "--json")
    assert done.exit_code == exit_code, done.output
    record: dict[str, object] = json.loads(done.stdout)
    return record


def test_the_second_number_of_a_person_is_answered_with_what_is_kept_about_them(
    place: Place,
) -> None:
    """It said that nothing was kept, while everything stands under their own card."""
    config = f"door: {DOOR}\nstaff:\n  - card: {json.dumps(CARD)}\n    duress_card: '0077777'\n"
    place.config.write_text(f"{config}    name: Ada\n    photos: [ada.jpg]\n", encoding="utf-8")
    found = _report(place, "0077777")
    own = _report(place, CARD)
    assert found | {"asked_at": ""} == own | {"asked_at": ""}
    assert (found["card"], len(found["decisions"])) == (CARD, 4)  # type: ignore[arg-type]
    listed = place.run("journal", "list", "--card", "0077777").output
    assert listed == place.run("journal", "list", "--card", CARD).output
    assert listed.count(CARD) == 4
    assert f"card {CARD}: its failures are forgotten" in place.run("unlock", "0077777").output


def test_a_person_is_told_everything_that_is_kept_about_them(place: Place) -> None:
    found = _report(place, CARD)
    assert len(found["decisions"]) == 4  # type: ignore[arg-type]
    assert len(found["notices"]) == 3  # type: ignore[arg-type]
    assert found["reference"]["name"] == f"Holder of {CARD}"  # type: ignore[index]
    assert found["lockout"]["failures"] == 1  # type: ignore[index]
    assert found["inside"]
    assert [one["event_id"] for one in found["evidence"]] == ["event-0-2"]  # type: ignore[attr-defined]
    assert OTHER not in json.dumps(found), "and nothing about anybody else"
    text = place.run("person", "report", CARD).output
    assert "decisions: 4" in text


def test_a_person_reads_the_times_of_the_doors_own_clock(place: Place) -> None:
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(f"time_zone: Asia/Kathmandu\n{text}", encoding="utf-8")
    told = place.run("person", "report", CARD).output
    assert "enrolled_at: 2026-11-22 17:45:00+05:45" in told
    assert "+00:00" not in told
    record = json.dumps(_report(place, CARD))
    assert "+00:00" in record
    assert "+05:45" not in record, "JSON stays in UTC"


@pytest.mark.parametrize(
    "command",
    [
        ("person", "report", "7"),
        ("person", "report", "7", "--json"),
        ("person", "forget", "7"),
        ("unlock", "7"),
        ("journal", "list", "--card", "7"),
    ],
)
def test_a_number_that_is_nobodys_is_no_success(place: Place, command: tuple[str, ...]) -> None:
    before = _bytes_of(place.state.folder)
    done = place.run(*command)
    assert done.exit_code == 2, done.output
    assert "card 7 is nobody's at the door" in done.output
    assert "with its leading zeros." in done.output
    assert _bytes_of(place.state.folder) == before, "and nothing was written down"


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_forgotten_person_is_in_no_file_and_their_decisions_are_still_counted(
    place: Place,
) -> None:
    with closing(sqlite3.connect(place.state.journal)) as connection:
        said = connection.execute(
            "SELECT payload FROM decisions WHERE card = ?", (CARD,)
        ).fetchall()
    done = place.run("person", "forget", CARD)
    assert done.exit_code == 0, done.output
    assert "its reference and key are destroyed; 4 decisions name forgotten-" in done.output
    journal = place.state.journal
    assert CARD.encode() not in _bytes_of(place.state.folder)
    for (payload,) in said:  # as it stood in the messages of the outbox
        assert b64encode(payload)[:-8] not in _bytes_of(place.state.folder)
    assert f"Holder of {CARD}".encode() not in _bytes_of(place.state.folder)
    rows = recent(journal, limit=100)
    words = {row.card for row in rows} - {OTHER}
    assert len(rows) == 7
    (word,) = words
    assert word.startswith("forgotten-")
    assert "1 evidence picture is destroyed" in done.output
    assert EvidenceFolder(place.state.evidence, b"").kept() == {"event-1-2"}
    assert list(doubtful(journal, {place.keys.keyid: place.keys.public})) == []
    act = acts(journal)[0]
    assert (act.act, act.subject) == ("person forget", word)
    assert {notice.card for notice in read_notices(journal, DOOR)} == {OTHER}
    found = _report(place, CARD, exit_code=2)
    assert not any(found[key] for key in found if key not in {"card", "asked_at"})
    assert len(_report(place, OTHER)["decisions"]) == 3  # type: ignore[arg-type]


def test_a_stated_period_keeps_the_number(place: Place) -> None:
    done = place.run("person", "forget", CARD, "--keep-days", "30")
    assert "2 decisions name forgotten-" in done.output
    assert "2 decisions of the last 30 days keep the card number" in done.output
    assert len(_report(place, CARD)["decisions"]) == 2  # type: ignore[arg-type]
    assert not _report(place, CARD)["reference"]


def test_what_still_waits_for_the_broker_is_sent_as_it_was_signed(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    journal.record(decided("late", card=CARD, at=NOW - timedelta(hours=1)), place.keys)
    journal.close()
    done = place.run("person", "forget", CARD)
    assert done.exit_code == 1, (
        "whoever calls it from a program would take the person for forgotten"
    )
    assert "1 message still waits for the broker with card" in done.output
    assert "Run this again" in done.output
    assert len(_report(place, CARD)["decisions"]) == 1  # type: ignore[arg-type]
    _deliver(place)
    again = place.run("person", "forget", CARD)
    assert again.exit_code == 0, again.output
    assert CARD.encode() not in _bytes_of(place.state.folder)


def test_a_notice_that_still_waits_for_the_broker_is_counted_too(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    duress = decided("late", card=CARD, at=NOW - timedelta(hours=1))
    journal.record(replace(duress, notices=(NoticeKind.DURESS,)), place.keys)
    journal.mark_sent(row.sequence for row in journal.outbox())
    journal.close()
    done = place.run("person", "forget", CARD)
    assert (done.exit_code, "1 message still waits" in done.output) == (1, True), done.output
    _deliver(place)
    assert place.run("person", "forget", CARD).exit_code == 0
    assert CARD.encode() not in _bytes_of(place.state.folder)


def _deliver(place: Place) -> None:
    journal = Journal.open(place.state.journal, now=NOON).journal
    journal.mark_sent(row.sequence for row in journal.outbox())
    with journal.change() as connection:
        connection.execute("UPDATE notices SET is_sent = 1")
    journal.close()


@pytest.mark.parametrize("key", ["card", "duress_card"])
def test_somebody_who_stands_in_the_config_is_not_forgotten(place: Place, key: str) -> None:
    cards = {"card": "77", "duress_card": "88"} | {key: CARD}
    lines = "\n".join(f'    {name}: "{card}"' for name, card in cards.items()).lstrip()
    place.config.write_text(
        f"door: {DOOR}\nstaff:\n  - {lines}\n    name: Ada\n    photos: [a.jpg]\n"
    )
    done = place.run("person", "forget", CARD)
    assert done.exit_code != 0
    assert f"card {CARD} is still in the config" in done.output
    assert CARD.encode() in _bytes_of(place.state.folder)


def test_a_picture_is_shown_to_whoever_may_and_the_journal_says_to_whom(
    place: Place, tmp_path: Path
) -> None:
    listed = place.run("evidence", "list")
    assert "2 pictures" in listed.output
    output = tmp_path / "picture.jpg"
    shown = place.run("evidence", "show", "event-0-2", "--output", str(output))
    assert shown.exit_code == 0, shown.output
    assert output.read_bytes() == b"a picture"
    assert output.stat().st_mode & 0o777 == 0o600
    act = acts(place.state.journal)[0]
    assert (act.act, act.subject) == ("evidence shown", "event-0-2")
    missing = place.run("evidence", "show", "event-0-100", "--output", str(output))
    assert missing.exit_code != 0
    assert "there is no picture of the decision event-0-100" in missing.output
