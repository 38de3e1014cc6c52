"""Figures by group: who is refused more often, and who is confused more often."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.attributes import breakdown, read_attributes
from edgeverify.evaluation.images.view import Gates, view
from tests.evaluation.crowds import album, seen

# Ann and Bob are well apart; Cid and Dee look alike.
PICTURES = album(
    ("ann", seen("a1", [1, 0, 0])),
    ("ann", seen("a2", [1, 0, 0])),
    ("bob", seen("b1", [0, 1, 0])),
    ("bob", seen("b2", None)),
    ("cid", seen("c1", [0, 0, 1])),
    ("cid", seen("c2", [0, 0, 1])),
    ("dee", seen("d1", [0, 0.1, 0.99])),
    ("dee", seen("d2", [0, 0.1, 0.99])),
)


def _table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "attributes.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_group_that_is_confused_more_shows(tmp_path: Path) -> None:
    table = _table(tmp_path, "person,group\nann,one\nbob,one\ncid,two\ndee,two\n")
    attributes = read_attributes(table, PICTURES)
    seen_view = view(PICTURES, Gates.off(), "cosine")
    one, two = breakdown(PICTURES, seen_view, attributes, 0.5, np.random.default_rng(1))
    assert (one.value, one.people, one.images, one.fta) == ("one", 2, 4, 0.25)
    assert one.fmr is not None
    assert one.fnmr is not None
    assert (one.fmr.value, one.fnmr.value) == (0, 0.5)  # Bob's second face was not found
    assert two.fmr is not None
    assert (two.fmr.value, two.fmr.count, two.fta) == (1, 4, 0)


def test_images_have_attributes_of_their_own_by_file_name(tmp_path: Path) -> None:
    table = _table(tmp_path, "image\tglasses\tcamera\nann/a1.jpg\tyes\tdoor\na2.jpg\tno\t\n")
    attributes = read_attributes(table, PICTURES)
    assert attributes.values == {"glasses": {0: "yes", 1: "no"}, "camera": {0: "door"}}
    assert attributes.unknown == 6
    seen_view = view(PICTURES, Gates.off(), "cosine")
    rows = breakdown(PICTURES, seen_view, attributes, 0.5, np.random.default_rng(1))
    assert [(row.value, row.fmr) for row in rows] == [("no", None), ("yes", None), ("door", None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,glasses\nann,yes\n", "no column image, file or person"),
        ("person,glasses\nzoe,yes\n", "names none of the images"),
        ("person,glasses\n", "no row below its header"),
        ("person,glasses\nann\n", "not as many fields"),
        ("person,glasses\nann,yes\nann,no\n", "person ann has two rows that differ"),
        ("person,glasses,glasses\nann,yes,no\n", "the column glasses stands there twice"),
    ],
)
def test_a_table_that_does_not_fit_says_how(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_attributes(_table(tmp_path, text), PICTURES)


@pytest.mark.parametrize("text", ["person;group\nann;one\n", "\ufeffPerson;Group\r\nann;one\r\n"])
def test_a_table_from_a_spreadsheet_is_read(tmp_path: Path, text: str) -> None:
    attributes = read_attributes(_table(tmp_path, text), PICTURES)
    assert attributes.values == {"group": {0: "one", 1: "one"}}


@pytest.mark.parametrize("word", ["", "nan", "NaN", "N/A", "#N/A", "NULL", "<NA>"])
def test_what_a_program_writes_for_nothing_is_no_group(tmp_path: Path, word: str) -> None:
    """Else people of unknown cameras would have stood before one camera, called nan."""
    table = _table(tmp_path, f"person,camera,glasses\nann,{word},none\n")
    attributes = read_attributes(table, PICTURES)
    assert attributes.values == {"camera": {}, "glasses": {0: "none", 1: "none"}}


def test_rows_that_name_no_picture_are_counted(tmp_path: Path) -> None:
    table = _table(tmp_path, "person,group\nann,one\nzoe,two\n")
    attributes = read_attributes(table, PICTURES)
    assert (attributes.unused, attributes.unknown) == (("zoe",), 6)


def test_a_table_that_is_no_text_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "attributes.csv"
    path.write_bytes("person,group\nann,one\n".encode("utf-16"))
    with pytest.raises(EvaluationError, match="is not text in UTF-8"):
        read_attributes(path, PICTURES)
