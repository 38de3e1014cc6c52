"""A student is no better than who taught it, whatever number of faces it saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from edgeverify_train import origin
from edgeverify_train.origin import TeacherNote, weakness, write_teacher
from edgeverify_train.recipe import Recipe, load_recipe
from edgeverify_train.run_folder import RunFolder

CONFUSES = "people before one camera are taken for each other"


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    chips = tmp_path / "chips"
    chips.mkdir()
    for number in range(20):
        (chips / f"{number:08}.png").write_bytes(b"")
    return RunFolder(tmp_path)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setattr(origin, "FEWEST_FACES", 20)
    return load_recipe("distill", [])


def test_a_student_of_enough_faces_may_stand_at_a_door(run: RunFolder, recipe: Recipe) -> None:
    assert weakness(recipe, run) == "", "a run of an older release does not say who taught"
    write_teacher(run.teacher, TeacherNote(name="sface"))
    assert weakness(recipe, run) == ""


def test_a_student_of_a_weak_teacher_is_weak_however_much_it_saw(
    run: RunFolder, recipe: Recipe
) -> None:
    write_teacher(run.teacher, TeacherNote(name="dlib-resnet", weak=CONFUSES))
    assert weakness(recipe, run) == f"it was taught by dlib-resnet, of which {CONFUSES}"
    origin.write_origin(run.origin, origin.Origin(start="knows-faces.pth"))
    assert weakness(recipe, run).startswith("it was taught by dlib-resnet")


def test_a_note_that_cannot_be_read_speaks_for_nobody(run: RunFolder, recipe: Recipe) -> None:
    run.teacher.write_text(json.dumps({"name": 3}))
    assert weakness(recipe, run) == "it cannot be read who taught it"
