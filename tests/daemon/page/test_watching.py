"""Evidence pictures, notices and photos as the daemon gives them to the page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from edgeverify.daemon.beside_claims import LockJournal
from edgeverify.daemon.page.requests import PageRequests
from edgeverify.daemon.page.thumbnails import SIDE, Thumbnails
from edgeverify.domain import Notice, NoticeKind
from edgeverify.errors import StateError
from edgeverify.journal import Journal
from edgeverify.journal.notices import put_notice
from edgeverify.journal.reading import acts
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.settings import Settings
from edgeverify.status_socket import Json
from tests.doors import NOON, decided, door_keys

EVENT = "3f2a"
Ask = Callable[..., dict[str, Json]]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    yield opened
    opened.close()


@pytest.fixture
def evidence(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", bytes(32))


@pytest.fixture
def ask(journal: Journal, evidence: EvidenceFolder) -> Ask:
    situation = SimpleNamespace(settings=Settings(), people=SimpleNamespace(staff={}))
    board = SimpleNamespace(current=situation)
    health: Any = SimpleNamespace(camera=None, board=board, time=SimpleNamespace(wall=lambda: NOON))
    nothing: Any = SimpleNamespace(attempt=None)
    requests = PageRequests(
        health=health,
        door=nothing,
        screen=nothing,
        journal=journal,
        reloads=nothing,
        lock=LockJournal(journal, door="front-door", wall=lambda: NOON),
        evidence=evidence,
    )
    handlers = requests.handlers()
    return lambda name, **arguments: handlers[name](arguments)


def test_a_picture_is_given_to_somebody_whom_the_journal_names_first(
    ask: Ask, journal: Journal, evidence: EvidenceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence.keep(EVENT, b"a picture")
    told = ask("picture", event_id=EVENT, user="kim")
    assert base64.b64decode(str(told["jpeg"])) == b"a picture"
    (act,) = acts(journal.path, limit=10)
    assert (act.act, act.subject, act.by_user) == ("evidence shown", EVENT, "page:kim")
    with pytest.raises(StateError, match="name them"):
        ask("picture", event_id=EVENT, user="")

    def full(*_: object, **__: object) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(Journal, "note_act", full)
    with pytest.raises(StateError, match="disk is full"):
        ask("picture", event_id=EVENT, user="kim")  # unseen, as it cannot be written down


@pytest.mark.parametrize("event_id", ["", "other", "../signing-keys.json", "a" * 200])
def test_what_is_no_picture_is_none_and_is_not_written_down(
    ask: Ask, journal: Journal, event_id: str
) -> None:
    with pytest.raises(StateError):
        ask("picture", event_id=event_id, user="kim")
    assert acts(journal.path, limit=10) == ()


def test_a_decision_says_whether_it_has_a_picture(
    ask: Ask, journal: Journal, evidence: EvidenceFolder, tmp_path: Path
) -> None:
    entry = decided("one", at=NOON)
    journal.record(entry, door_keys(tmp_path))
    assert ask("decision", event_id=entry.event_id)["has_picture"] is False
    evidence.keep(entry.event_id, b"a picture")
    assert ask("decision", event_id=entry.event_id)["has_picture"] is True
    assert ask("decision", event_id="../x") == {}


def test_duress_is_told_to_managers_alone(ask: Ask, journal: Journal, tmp_path: Path) -> None:
    for kind in NoticeKind:
        notice = Notice(
            id=kind.value, door="front-door", kind=kind, card="7", event_id=EVENT, at=NOON
        )
        with journal.change(NOON) as connection:
            put_notice(connection, notice, door_keys(tmp_path))
    for arguments in ({}, {"is_manager": False}, {"is_manager": "true"}):
        assert _kinds(ask("notices", **arguments)) == {"second_person", "passback"}
    assert _kinds(ask("notices", is_manager=True)) == {kind.value for kind in NoticeKind}


def _kinds(told: dict[str, Json]) -> set[str]:
    rows: Any = told["rows"]
    return {str(row["kind"]) for row in rows}


def test_a_photo_is_made_small_once_and_not_while_somebody_is_verified(tmp_path: Path) -> None:
    busy = [True]
    settings = Settings.model_validate(
        {"time_zone": "UTC", "staff": [{"card": "7", "name": "Bob", "photos": ["bob.png"]}]}
    )
    thumbnails = Thumbnails(
        settings=lambda: settings, folder=lambda: tmp_path, is_busy=lambda: busy[0]
    )
    assert "No such file" in str(thumbnails.of("7")["why"])
    wall = np.random.default_rng(1).integers(0, 255, (300, 200, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "bob.png"), wall)
    assert thumbnails.of("7") == {"jpeg": "", "why": "Somebody is being verified."}
    busy[0] = False
    first = thumbnails.of("7")
    coded = np.frombuffer(base64.b64decode(str(first["jpeg"])), np.uint8)
    assert cv2.imdecode(coded, cv2.IMREAD_COLOR).shape == (SIDE, SIDE, 3)
    busy[0] = True
    assert thumbnails.of("7") == first
    busy[0] = False
    (tmp_path / "bob.png").write_bytes(b"no picture at all")
    assert thumbnails.of("7")["jpeg"] == ""
    assert "bob.png" in str(thumbnails.of("7")["why"])
    assert thumbnails.of("8") == {"jpeg": "", "why": "Nobody here has this card."}
