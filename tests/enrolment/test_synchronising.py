"""The config is the truth about people: real faces, a real model, and what goes wrong."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeverify.domain import Embedding
from edgeverify.enrolment import Change, PhotoJudge, synchronise
from edgeverify.errors import StateError
from edgeverify.references import PhotoEmbedding
from edgeverify.settings import Settings
from edgeverify.verifier.pipeline import Pipeline
from tests.enrolment.config_door import LOOKS_ALIKE, NOW, Door, changes, entry


def test_nobody_opens_a_pipeline_for_photos_that_are_known(door: Door) -> None:
    """A reload that changes nobody's photo must not cost a second detector and mesh."""
    door.admit("1", "Ada", "obama.jpg")
    door.synchronise()

    def open_pipeline() -> Pipeline:
        opened.append(True)
        return door.pipeline

    opened: list[bool] = []
    known = PhotoJudge.using(door.pipeline, point=LOOKS_ALIKE)
    settings = Settings.model_validate({"staff": list(door.people.values())})
    for photo, expected in (("obama.jpg", []), ("biden.jpg", [True])):
        (door.folder / "obama.jpg").write_bytes((door.folder / photo).read_bytes())
        judge = PhotoJudge(
            open_pipeline,
            embedding_space=known.embedding_space,
            metric=known.metric,
            point=known.point,
        )
        synchronise(settings, door.folder, door.store, judge, now=NOW)
        assert opened == expected


def test_a_judge_closes_the_pipeline_that_it_opened_and_leaves_the_one_that_it_was_lent(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Pipeline] = []

    def close(pipeline: Pipeline) -> None:
        closed.append(pipeline)

    monkeypatch.setattr(Pipeline, "close", close)
    lent = PhotoJudge.using(door.pipeline, point=LOOKS_ALIKE)
    own = PhotoJudge(
        lambda: door.pipeline,
        embedding_space=lent.embedding_space,
        metric=lent.metric,
        point=lent.point,
    )
    for judge, expected in ((lent, []), (own, [door.pipeline])):
        assert judge.pipeline is door.pipeline
        judge.close()
        assert closed == expected


def test_a_person_is_enrolled_kept_changed_and_removed(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    assert changes(door.synchronise()) == {"1": "enrolled", "2": "enrolled"}
    before = door.store.list()
    assert changes(door.synchronise()) == {"1": "unchanged", "2": "unchanged"}
    assert door.store.list() == before

    door.admit("1", "Barack Obama", "obama2.jpg")
    assert changes(door.synchronise()) == {"1": "updated", "2": "unchanged"}

    del door.people["1"]
    assert changes(door.synchronise()) == {"2": "unchanged", "1": "removed"}
    assert door.usable == {"2"}


def test_a_photo_with_other_bytes_under_the_same_name_is_enrolled_anew(door: Door) -> None:
    door.admit("1", "Somebody", "obama.jpg")
    door.synchronise()
    shutil.copyfile(door.folder / "rose.jpg", door.folder / "obama.jpg")
    assert changes(door.synchronise()) == {"1": "updated"}


def test_a_renamed_photo_and_a_renamed_person_cost_no_new_look(door: Door) -> None:
    door.admit("1", "Barack", "obama.jpg")
    door.synchronise()
    before = door.store.get("1")
    (door.folder / "obama.jpg").rename(door.folder / "other.jpg")
    door.admit("1", "Barack Obama", "other.jpg")
    assert changes(door.synchronise()) == {"1": "updated"}
    after = door.store.get("1")
    assert before is not None
    assert after is not None
    assert after.summary.name == "Barack Obama"
    assert np.array_equal(before.photos[0].embedding.values, after.photos[0].embedding.values)


def test_several_photos_make_one_reference(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg", "obama2.jpg")
    report = door.synchronise()
    assert entry(report, "1").photo_count == 2
    space = door.pipeline.embedder.embedding_space
    assert door.store.load(space).usable["1"].photo_count == 2
    assert report.warnings == ()


def test_a_photo_that_goes_away_takes_nothing_back(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.synchronise()
    (door.folder / "rose.jpg").unlink()
    report = door.synchronise()
    assert changes(report) == {"1": "unchanged"}
    assert report.problems == ()
    assert "what was enrolled from it before is kept" in report.warnings[0]


def test_a_photo_that_was_replaced_by_a_bad_one_takes_its_reference_with_it(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.synchronise()
    shutil.copyfile(door.folder / "two.jpg", door.folder / "rose.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "refused"}
    assert door.store.list() == ()
    assert report.problems[-1].endswith(
        "its earlier reference was removed: the photos no longer carry it"
    )


def of_another_model(door: Door, card: str, photo: str) -> None:
    values = np.full(128, 0.1, dtype=np.float32)
    made = Embedding(values=values, embedding_space="f" * 64)
    kept = (PhotoEmbedding(photo=photo, digest="0" * 64, embedding=made),)
    door.store.put(card, "Rose", kept, now=NOW)


def test_a_reference_of_another_model_is_made_again_from_its_photo(door: Door) -> None:
    of_another_model(door, "1", "rose.jpg")
    door.admit("1", "Rose", "rose.jpg")
    assert changes(door.synchronise()) == {"1": "updated"}
    assert door.usable == {"1"}


def test_without_the_photo_it_is_refused_by_name_and_kept_for_the_way_back(door: Door) -> None:
    of_another_model(door, "1", "gone.jpg")
    door.admit("1", "Rose", "gone.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "refused"}
    assert report.problems[-1] == (
        "card 1 (Rose): its reference was made with another model and cannot be made again "
        "without the photo"
    )
    assert door.usable == set()
    assert len(door.store.list()) == 1


def test_enrolling_one_card_removes_nobody(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    door.synchronise()
    del door.people["2"]
    assert changes(door.synchronise(only={"1"})) == {"1": "unchanged"}
    assert door.usable == {"1", "2"}


def test_progress_names_everybody_and_ends(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    door.synchronise()
    assert door.seen == [(0, 2, "Rose"), (1, 2, "Joe Biden"), (2, 2, "")]


def test_no_image_is_kept(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.synchronise()
    kept = door.store.path.read_bytes()
    assert b"JFIF" not in kept
    assert len(kept) < 100_000
    assert {file.name for file in door.store.path.parent.iterdir()} <= {
        "config",
        "references.sqlite",
        "references.sqlite-wal",
        "references.sqlite-shm",
    }


def test_nobody_in_the_config_is_no_mistake(door: Door) -> None:
    report = door.synchronise()
    assert report.summary == "nobody in the config"
    assert report.count(Change.ENROLLED) == 0


def test_a_photo_on_a_disk_that_fails_keeps_what_was_enrolled_from_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad sector, or a share that is away: nobody loses a reference, and the others go on."""
    door.admit("1", "Ada", "obama.jpg")
    door.synchronise()
    door.admit("2", "Bob", "biden.jpg")
    read = os.read

    def failing(descriptor: int, length: int) -> bytes:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "obama.jpg":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(descriptor, length)

    monkeypatch.setattr(os, "read", failing)
    report = door.synchronise()
    assert changes(report) == {"1": "unchanged", "2": "enrolled"}
    assert "obama.jpg: cannot be read now: Input/output error" in entry(report, "1").warnings[0]


def test_a_full_table_of_open_files_costs_nobody_a_reference(door: Door) -> None:
    door.admit("1", "Ada", "obama.jpg")
    door.synchronise()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, before[1]))
    try:
        with pytest.raises(StateError, match="no photo can be read now"):
            door.synchronise()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert changes(door.synchronise()) == {"1": "unchanged"}
