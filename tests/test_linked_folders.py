"""One rule for whoever goes through a folder of people: who may be a link, and what is said."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from edgeverify_export.parity.faces import images_in
from edgeverify_train.aligning.ledger import photos_in
from edgeverify_train.leakage import shared_pictures
from edgeverify_train.people import people_in, pictures_below

from edgeverify.evaluation.frame_runs import find_runs
from edgeverify.evaluation.images.average_face import images_below
from edgeverify.evaluation.images.material import folder_images, passed_over
from edgeverify.folder_listing import NOT_FOLLOWED

SEEN = ["ada/1.png", "bob/1.png", "bob/older/2.png"]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Ada's folder is a link, Bob has a folder and a link to one below his, and hidden ones."""
    folder, elsewhere = tmp_path / "people", tmp_path / "elsewhere"
    for name in ("bob/older/2.png", "bob/1.png", "bob/.thumbnails/1.png", ".trash/3.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    for name in ("ada/1.png", "more/4.png"):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_text(name)
    (folder / "ada").symlink_to(elsewhere / "ada")
    (folder / "bob/more").symlink_to(elsewhere / "more")
    (folder / "bob/round").symlink_to("..")
    return folder


def _ten_in(folder: Path) -> tuple[Path, ...]:
    return images_in(folder, 10)


def _places(folder: Path, paths: Sequence[Path]) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_everybody_sees_the_same_pictures(people: Path) -> None:
    """An evaluation behind Ada's link was not compared, nor a folder below Bob's trained on."""
    assert _places(people, [one.path for one in folder_images(people)]) == SEEN
    assert _places(people, [path for one in people_in(people)[0] for path in one.pictures]) == SEEN
    assert _places(people, pictures_below(people)) == SEEN
    assert _places(people, _ten_in(people)) == SEEN
    assert _places(people, images_below(people)) == SEEN
    assert _places(people, [path for run in find_runs(people) for path in run.paths]) == SEEN
    assert _places(people, [one.path for one in photos_in(people) if one.path.suffix]) == SEEN


def test_a_link_further_down_is_named_and_so_is_nobodys_picture(people: Path) -> None:
    (people / "stray.png").touch()
    (people / "notes.txt").touch()
    found = passed_over(people)
    assert _places(people, [one.path for one in found]) == ["bob/more", "bob/round", "stray.png"]
    assert [one.problem for one in found] == [NOT_FOLLOWED, NOT_FOLLOWED, "is in nobody's folder"]


@pytest.mark.parametrize("walk", [find_runs, images_below, _ten_in])
def test_who_has_no_list_of_what_was_left_out_says_it(
    people: Path, caplog: pytest.LogCaptureFixture, walk: Callable[[Path], object]
) -> None:
    with caplog.at_level(logging.WARNING):
        walk(people)
    said = [one.getMessage() for one in caplog.records]
    assert said == [f"{people}/bob/more {NOT_FOLLOWED}; 1 more is"]


def test_pictures_of_an_evaluation_are_found_behind_a_persons_link(people: Path) -> None:
    (people / "bob/2.png").symlink_to(people / "nowhere.png")
    os.mkfifo(people / "bob/3.png")  # would be waited for without end
    trained = people.parent / "trained"
    (trained / "eve").mkdir(parents=True)
    (trained / "eve/1.png").write_text("ada/1.png")
    (trained / "eve/2.png").symlink_to("nowhere.png")
    shared = shared_pictures(people_in(trained)[0], [people])
    assert shared == {people: (trained / "eve/1.png",)}
