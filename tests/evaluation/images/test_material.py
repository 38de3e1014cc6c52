"""What people really have in their folders: too little, damaged, twice, misnamed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.folds import pick_folds, require_apart
from edgeverify.evaluation.images.material import folder_images, material, paired_images
from edgeverify.evaluation.images.pairs import read_pairs
from edgeverify.evaluation.images.view import Gates, view
from edgeverify.settings import EnrolmentSettings, QualitySettings
from tests.evaluation.crowds import album, seen


def _picture(path: Path, grey: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), grey, np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "name",
    ["1.HEIC", "1.hif", "1.avif", "1.tif", "1.pgm", "1.JFIF", "1.jpe", "1.apng", "1.mpo"],
)
def test_a_phones_photos_are_pictures_like_any_other(tmp_path: Path, name: str) -> None:
    """They were passed over without a word, though the door enrols them."""
    _picture(tmp_path / "ann" / "1.png")
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / name).write_bytes(b"")
    assert [image.person for image in folder_images(tmp_path)] == ["ann", "bob"]


def test_a_folder_with_one_person_says_that_nobody_is_there_to_compare_with(tmp_path: Path) -> None:
    _picture(tmp_path / "ann" / "1.png")
    with pytest.raises(EvaluationError, match="pictures of ann alone"):
        folder_images(tmp_path)


def test_an_empty_folder_and_no_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no folder with pictures"):
        folder_images(tmp_path)
    with pytest.raises(EvaluationError, match="is not a folder"):
        folder_images(tmp_path / "nowhere")


def test_pictures_lie_at_any_depth_below_a_person(tmp_path: Path) -> None:
    _picture(tmp_path / "ann" / "2024" / "1.png")
    _picture(tmp_path / "bob" / "1.jpg")
    (tmp_path / "bob" / "notes.txt").write_text("not a picture")
    assert [(i.person, i.path.name) for i in folder_images(tmp_path)] == [
        ("ann", "1.png"),
        ("bob", "1.jpg"),
    ]


def test_the_same_picture_twice_counts_once_and_is_named(tmp_path: Path) -> None:
    names = [tmp_path / "ann" / "1.png", tmp_path / "ann" / "copy.png", tmp_path / "bob" / "1.png"]
    images = folder_images_of(names)
    looks = {names[0]: seen("x", [1, 0]), names[1]: seen("x", [1, 0]), names[2]: seen("x", [1, 0])}
    found = material(images, looks, ())
    assert found.paths == (names[0],)
    problems = [problem.problem for problem in found.problems]
    assert problems[0].startswith("is the same picture as")
    assert problems[1].endswith("there as ann")


def folder_images_of(paths: list[Path]) -> tuple[object, ...]:
    for number, path in enumerate(paths):
        _picture(path, grey=number)
    return folder_images(paths[0].parent.parent)


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    names = [tmp_path / "ann" / "1.png", tmp_path / "bob" / "1.png"]
    with pytest.raises(EvaluationError, match="no image could be read"):
        material(folder_images_of(names), {}, ())


def _list(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text("\n".join(["2\t1", *lines]) + "\n")
    return path


def test_missing_images_of_a_pair_list_are_named_and_the_rest_stands(tmp_path: Path) -> None:
    for name in ("ann/ann_0001.jpg", "ann/ann_0002.png", "bob/bob_0001.jpg"):
        _picture(tmp_path / name)
    pairs = _list(tmp_path, "ann 1 2", "ann 1 bob 1", "ann 1 7", "cid 1 bob 1")
    found = paired_images(read_pairs(pairs), tmp_path)
    assert [pair.line for pair in found.pairs] == [2, 3]
    assert [problem.path.name for problem in found.missing] == ["ann_0007.jpg", "cid_0001.jpg"]
    assert "line 4" in found.missing[0].problem


def test_a_pair_list_of_which_nothing_is_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no pair has both its images"):
        paired_images(read_pairs(_list(tmp_path, "ann 1 2")), tmp_path)


def test_a_pair_list_from_a_windows_editor_is_read_and_a_missing_one_is_said_plainly(
    tmp_path: Path,
) -> None:
    pairs = _list(tmp_path, "ann 1 2")
    pairs.write_bytes(b"\xef\xbb\xbf" + pairs.read_bytes())
    assert len(read_pairs(pairs)) == 1
    with pytest.raises(EvaluationError) as refused:
        read_pairs(tmp_path / "pears.txt")
    assert refused.value.problem.endswith("pears.txt: No such file or directory")


def test_a_fold_that_is_not_there_is_named(tmp_path: Path) -> None:
    pairs = read_pairs(_list(tmp_path, "ann 1 2", "ann 1 bob 1", "cid 1 2", "cid 1 dee 1"))
    assert len(pick_folds(pairs, [2])) == 2
    with pytest.raises(EvaluationError, match="no fold 3"):
        pick_folds(pairs, [1, 3])


def test_the_first_picture_of_a_pair_is_the_enrolment_photo(tmp_path: Path) -> None:
    """As in all other comparisons: the earlier picture is enrolled, the later one comes."""
    mated, apart = read_pairs(_list(tmp_path, "ann 1 2", "ann 3 bob 1"))
    assert (mated.reference.number, mated.probe.number) == (1, 2)
    assert (apart.reference.person, apart.probe.person) == ("ann", "bob")


def test_nothing_is_reported_on_the_people_it_was_tuned_on(tmp_path: Path) -> None:
    pairs = read_pairs(_list(tmp_path, "ann 1 2", "ann 1 bob 1", "cid 1 2", "cid 1 bob 2"))
    one, two = pick_folds(pairs, [1]), pick_folds(pairs, [2])
    with pytest.raises(EvaluationError, match="bob among them"):
        require_apart(one, two)


def test_gates_ask_less_of_a_photo_than_of_a_live_picture() -> None:
    pictures = album(
        ("ann", seen("near", [1, 0], 80)),
        ("ann", seen("middle", [1, 0], 30)),
        ("bob", seen("far", [0, 1], 15)),
        ("bob", seen("nobody", None)),
    )
    off = view(pictures, Gates.off(), "cosine")
    assert (off.fta.count, off.fte.count, off.not_enrolled) == (1, 1, 0)
    on = view(pictures, Gates.on(QualitySettings(), EnrolmentSettings()), "cosine")
    assert on.fta.by_gate == (("too_far", 2), ("no_face", 1))
    assert on.fte.by_gate == (("no_face", 1), ("too_far", 1))
    assert on.not_enrolled == 1
    assert on.faces.is_probe.tolist() == [True, False, False, False]
    assert on.faces.is_reference.tolist() == [True, True, False, False]
