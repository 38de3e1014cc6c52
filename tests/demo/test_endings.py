"""What counts as right depends on what the door itself says, and what is not usual is explained."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edgeverify.demo.house import House
from edgeverify.demo.scenes import SCENES, Scene
from edgeverify.demo.visit import Answer, Ending, timeout_seconds
from edgeverify.domain import Outcome, Reason
from edgeverify.errors import EdgeverifyError
from edgeverify.journal.reading import DecisionRow
from edgeverify.liveness import TOO_SLOW

(HELD_UP,) = [scene for scene in SCENES if scene.needs_life]
RIGHT_PERSON = SCENES[0]


def ending(
    scene: Scene, outcome: Outcome, reason: Reason, *, failure: str = "", frames: int = 39
) -> Ending:
    row = DecisionRow(
        sequence=1,
        event_id="e",
        claim_id="c",
        card=scene.card,
        source="reader",
        outcome=outcome,
        reason=reason,
        issued_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
        duration_seconds=10.0,
        comparisons=3,
        matches=2,
        score=0.5,
        threshold=0.4,
        details={"frames": frames, "challenge_failure": failure},
        is_delivered=True,
    )
    answer = Answer(outcome=outcome, reason=reason, event_id="e", milliseconds=1.0)
    return Ending(scene=scene, answer=answer, row=row)


def test_the_usual_endings_need_no_words() -> None:
    for scene in SCENES:
        for reason in scene.expected:
            usual = ending(scene, scene.outcome, reason)
            assert usual.is_right
            assert usual.note == ""


def test_a_machine_too_slow_for_a_proof_of_life_denies_rightly_and_says_why() -> None:
    slow = ending(HELD_UP, Outcome.DENY, Reason.LIVENESS_UNAVAILABLE, failure=TOO_SLOW)
    assert slow.is_right
    assert "3.9 frames per second" in slow.note
    assert "10 per second are needed" in slow.note
    assert "A door that cannot tell life denies." in slow.note


def test_the_same_denial_on_a_machine_that_was_fast_enough_is_wrong() -> None:
    assert not ending(HELD_UP, Outcome.DENY, Reason.LIVENESS_UNAVAILABLE).is_right


def test_nothing_makes_a_grant_of_a_photo_right() -> None:
    assert not ending(HELD_UP, Outcome.GRANT, Reason.MATCH, failure=TOO_SLOW).is_right


def test_a_wrong_ending_says_what_the_door_saw() -> None:
    wrong = ending(RIGHT_PERSON, Outcome.DENY, Reason.NON_MATCH, frames=4)
    assert not wrong.is_right
    assert wrong.note == (
        "the right person, the right card: should have ended with grant (match), and ended with "
        "deny (non_match). The door looked at 4 frames in 10.0 s, compared 3 of them, "
        "and 2 matched."
    )


def test_slow_machines_get_more_time_and_fast_ones_none() -> None:
    assert timeout_seconds(0.02) == 5.0
    assert timeout_seconds(1.0) == 12.0
    assert timeout_seconds(60.0) == 60.0


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(EdgeverifyError, match="the demo cannot write") as caught:
        House.build(tmp_path / "taken")
    assert "--folder" in caught.value.advice
    assert os.listdir(tmp_path) == ["taken"]  # noqa: PTH208
