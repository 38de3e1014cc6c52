"""Which attempts leave a picture: none unless the house says so, and never in the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.daemon.door.evidence import Evidence
from edgeverify.demo.scenes import OWNER_CARD, Film
from edgeverify.domain import Reason
from edgeverify.references.evidence import EvidenceFolder
from edgeverify.settings import EvidenceSettings
from tests.daemon.stage import DoorOnStage

Stage = Callable[..., DoorOnStage]


def _door(stage: Stage, film: Film, keep: str, folder: Path) -> tuple[DoorOnStage, EvidenceFolder]:
    settings = EvidenceSettings.model_validate({"keep": keep})
    door = stage(film, evidence=settings)
    kept = EvidenceFolder(folder / "evidence", bytes(32))
    door.door.evidence = Evidence(kept)
    return door, kept


@pytest.mark.parametrize(
    ("film", "keep", "count"),
    [
        (Film.OTHER_WALKS_UP, "off", 0),
        (Film.OTHER_WALKS_UP, "denied", 1),
        (Film.OWNER_WALKS_UP, "denied", 0),
        (Film.OWNER_WALKS_UP, "all", 1),
    ],
)
def test_a_picture_is_kept_of_what_the_house_wants(
    stage: Stage, tmp_path: Path, film: Film, keep: str, count: int
) -> None:
    door, kept = _door(stage, film, keep, tmp_path)
    door.claim(OWNER_CARD)
    assert door.play()
    assert len(kept.kept()) == count
    if count:
        event = door.recorder.events[0].decision
        picture = cv2.imdecode(np.frombuffer(kept.open(event.event_id), np.uint8), 1)
        assert picture is not None
        assert picture.shape[1] <= 640
        assert picture.std() > 10, "it shows something"


def test_a_card_that_is_denied_without_a_look_leaves_no_picture(
    stage: Stage, tmp_path: Path
) -> None:
    door, kept = _door(stage, Film.OTHER_WALKS_UP, "all", tmp_path)
    door.claim("no-such-card")
    (decided,) = door.play()
    assert decided.reason is Reason.UNKNOWN_REFERENCE
    assert kept.kept() == frozenset()


def test_a_full_disk_changes_no_decision(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgeverify.references.evidence.write_whole", full)
    door, kept = _door(stage, Film.OWNER_WALKS_UP, "all", tmp_path)
    door.claim(OWNER_CARD)
    (decided,) = door.play()
    assert decided.reason is Reason.MATCH
    assert kept.kept() == frozenset()
