"""Photos of the door's own camera: noted, and worth something only beside one from elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from pydantic import ValidationError

from edgeverify.domain import OperatingPoint
from edgeverify.enrolment import EnrolmentReport, PhotoJudge, synchronise
from edgeverify.references import ReferenceStore
from edgeverify.settings import EnrolmentSettings, Settings, StaffEntry
from edgeverify.verifier.pipeline import Pipeline

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=timezone.utc)
TRAIN = "faces_misc/ageitgey/examples/knn_examples/train"


@pytest.fixture
def folder(tmp_path: Path, testdata: Path) -> Path:
    for number in (1, 2):
        name = "obama.jpg" if number == 1 else "obama2.jpg"
        shutil.copyfile(testdata / TRAIN / "obama" / name, tmp_path / f"{number}.jpg")
    return tmp_path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReferenceStore]:
    with ReferenceStore(tmp_path / "references.sqlite", bytes(32), now=NOW) as opened:
        yield opened


def _enrol(
    folder: Path, store: ReferenceStore, pipeline: Pipeline, *shots: str, camera_only: bool = False
) -> EnrolmentReport:
    entry = StaffEntry(card="1", name="Ann", photos=("1.jpg", "2.jpg"), camera_photos=shots)
    settings = Settings(staff=(entry,), enrolment=EnrolmentSettings(camera_only=camera_only))
    judge = PhotoJudge.using(
        pipeline, point=OperatingPoint(threshold=0.45, max_fmr=None, evidence="by hand")
    )
    return synchronise(settings, folder, store, judge, now=NOW)


def test_where_each_picture_came_from_is_kept(
    folder: Path, store: ReferenceStore, pipeline: Pipeline
) -> None:
    report = _enrol(folder, store, pipeline, "2.jpg")
    (entry,) = report.entries
    assert (entry.photo_count, entry.camera_photo_count) == (2, 1)
    (reference,) = store.load(pipeline.embedder.embedding_space).usable.values()
    assert (reference.photo_count, reference.camera_photo_count) == (2, 1)


def test_a_change_of_mind_about_a_picture_changes_the_reference(
    folder: Path, store: ReferenceStore, pipeline: Pipeline
) -> None:
    assert _enrol(folder, store, pipeline).entries[0].change.value == "enrolled"
    assert _enrol(folder, store, pipeline, "2.jpg").entries[0].change.value == "updated"
    assert _enrol(folder, store, pipeline, "2.jpg").entries[0].change.value == "unchanged"
    assert _enrol(folder, store, pipeline).entries[0].change.value == "updated"


def test_pictures_of_the_doors_camera_alone_let_nobody_in(
    folder: Path, store: ReferenceStore, pipeline: Pipeline
) -> None:
    _enrol(folder, store, pipeline, "2.jpg")
    report = _enrol(folder, store, pipeline, "1.jpg", "2.jpg")
    assert report.entries[0].change.value == "refused"
    assert "taken before this door's own camera" in report.problems[0]
    assert "enrolment.camera_only: true" in report.problems[0]
    assert not store.load(pipeline.embedder.embedding_space).usable


def test_a_door_may_be_told_to_take_them_all_the_same(
    folder: Path, store: ReferenceStore, pipeline: Pipeline
) -> None:
    report = _enrol(folder, store, pipeline, "1.jpg", "2.jpg", camera_only=True)
    assert report.problems == ()
    (reference,) = store.load(pipeline.embedder.embedding_space).usable.values()
    assert reference.camera_photo_count == 2


def test_a_name_that_is_no_photo_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="which is not among photos"):
        StaffEntry(card="1", name="Ann", photos=("1.jpg",), camera_photos=("3.jpg",))
