"""`edgeverify report`: what a guard reads when somebody asks why the door stayed shut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from edgeverify.cli import extras
from edgeverify.domain import Outcome, Reason
from edgeverify.evaluation.transactions.journal_report import report_lines
from edgeverify.journal import Entry, FrameRecord, Journal
from edgeverify.journal.reading import find
from edgeverify.state import open_state
from tests.doors import DOOR, NOON, decided, door_keys
from tests.evaluation.faces import Said, run


def frame(at: float, **figures: object) -> FrameRecord:
    number = round(at * 15)
    return FrameRecord(offset_seconds=at, frame_sequence=number, **figures)  # type: ignore[arg-type]


WALKING_UP = (
    frame(0.1, gate="no_face"),
    frame(0.3, gate="too_far", measured=41.26, limit=60.0, yaw_degrees=3.0, pitch_degrees=-2.0),
    frame(0.5, score=0.31, threshold=0.4, card="0012345"),
    frame(0.6, score=0.35, threshold=0.4, card="0012345"),
    frame(
        0.8, score=0.61, threshold=0.4, card="0012345", is_match=True, live_probability=0.97,
        eye_aspect_ratio=0.28,
    ),
)  # fmt: skip


def someone(name: str, **changes: object) -> Entry:
    entry = decided(name, at=NOON, outcome=Outcome.DENY, reason=Reason.NON_MATCH)
    return replace(entry, frames=WALKING_UP, **changes)  # type: ignore[arg-type]


@pytest.fixture
def door(tmp_path: Path) -> Path:
    state = open_state(tmp_path / "state", DOOR)
    keys = door_keys(tmp_path)
    journal = Journal.open(state.journal, now=NOON).journal
    journal.record(someone("shut"), keys)
    nobody = decided("nobody", outcome=Outcome.DENY, reason=Reason.CAMERA_UNAVAILABLE)
    journal.record(replace(nobody, frames=()), keys)
    journal.record(decided("open"), keys)
    journal.close()
    (tmp_path / "door.yaml").write_text(f"door: {DOOR}\nstaff: []\n")
    return tmp_path


def report(door: Path, event: str, picture: str = "why.png") -> Said:
    return run(
        "report", event, "-c", door / "door.yaml", "--state", door / "state", "-o", door / picture
    )


def test_every_frame_is_told_with_its_figures(door: Path) -> None:
    said = report(door, "event-shut")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("event     event-shut (number ")
    assert lines[0].endswith("not delivered yet)")
    assert "claim     claim-shut by mqtt, card 0012345" in lines
    assert "model     dlib-resnet" in lines
    assert "  +0.10 s  no_face" in lines
    assert "  +0.30 s  too_far (41.3, limit 60)                        yaw +3 pitch -2" in lines
    assert "  +0.50 s  score 0.310 (threshold 0.400) non-match" in lines
    assert (
        "  +0.80 s  score 0.610 (threshold 0.400) match             live 0.97, eyes 0.28" in lines
    )
    assert "deny (non_match) after 0.80 s: 0 of 3 comparisons matched" in lines


def test_the_picture_is_drawn_for_its_owner_only(door: Path) -> None:
    for event in ("event-shut", "event-nobody", "event-open"):
        assert report(door, event).code == 0
        drawn = cv2.imread(str(door / "why.png"))
        assert drawn.shape[1] == 950
        assert drawn.std() > 10
        assert (door / "why.png").stat().st_mode & 0o777 == 0o600


def test_on_a_door_without_the_extra_it_is_told_and_not_drawn(
    door: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda _: False)
    said = report(door, "event-shut")
    assert said.code == 0
    assert "deny (non_match) after 0.80 s: 0 of 3 comparisons matched" in said.out
    assert said.err.startswith("edgeverify: no picture was drawn, which needs edgeverify's [evalu")
    assert not (door / "why.png").exists()


def test_the_last_decision_needs_no_id(door: Path) -> None:
    said = report(door, "last")
    assert said.out.startswith("event     event-open ")
    assert "grant after 0.80 s: 3 of 3 comparisons matched" in said.out


def test_a_decision_without_a_frame_says_so(door: Path) -> None:
    assert "no frame was looked at" in report(door, "event-nobody").out


def test_no_face_ever_stands_in_it(door: Path) -> None:
    row = find(door / "state" / "journal.sqlite", "event-shut")
    assert row is not None
    assert len(report_lines(row)) < 20
    assert all(len(line) < 120 for line in report_lines(row))


@pytest.mark.parametrize(
    ("event", "picture", "problem"),
    [
        ("event-gone", "why.png", "the journal of door front-door holds no event event-gone"),
        ("event-open", "why.svg", "why.svg is not the name of a PNG"),
        ("event-open", "gone/why.png", "does not exist"),
    ],
)
def test_what_cannot_be_told_is_one_plain_line(
    door: Path, event: str, picture: str, problem: str
) -> None:
    said = report(door, event, picture)
    assert said.code == 2
    assert problem in said.err


def test_a_door_that_never_ran_has_no_journal(tmp_path: Path) -> None:
    (tmp_path / "door.yaml").write_text(f"door: {DOOR}\nstaff: []\n")
    said = report(tmp_path, "last")
    assert said.code == 2
    assert "has no state" in said.err
    open_state(tmp_path / "state", DOOR)
    said = report(tmp_path, "last")
    assert said.code == 2
    assert "does not exist" in said.err
