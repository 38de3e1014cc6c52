"""One entry is edited, every other byte stays; what cannot be edited for certain is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.config import load_config
from edgeverify.web.staff.editing import StaffFile
from edgeverify.web.staff.place import ElsewhereError, staff_place
from tests.web.stage import STAFF

EVE: dict[str, Any] = {"card": "9", "name": "Eve", "photos": ["people/photos/eve.jpg"]}


def _file(folder: Path, text: str) -> StaffFile:
    path = folder / "staff.yaml"
    path.write_text(text, encoding="utf-8")
    return StaffFile.read(path)


def test_somebody_new_stands_behind_the_last(tmp_path: Path) -> None:
    draft = _file(tmp_path, STAFF).with_entry(EVE, None)
    assert draft.after == STAFF + (
        '  - card: "9"\n    name: "Eve"\n    photos: ["people/photos/eve.jpg"]\n'
    )
    assert [mark for mark, _ in draft.diff if mark in "+-"] == ["+", "+", "+"]


def test_a_change_leaves_neighbours_and_their_comments_alone(tmp_path: Path) -> None:
    file = _file(tmp_path, STAFF)
    entry = {**file.entries[0], "name": "Ada Byron"}
    after = file.with_entry(entry, 0).after
    assert 'name: "Ada Byron"' in after
    assert after.startswith("# Who may come in.\nstaff:\n")
    assert after.endswith(STAFF[STAFF.index("\n  # The caretaker.") :])


def test_a_removal_takes_the_entry_and_nothing_else(tmp_path: Path) -> None:
    file = _file(tmp_path, STAFF)
    assert "Ada" not in file.without(0).after
    assert "# The caretaker." in file.without(0).after
    assert "Bob" not in file.without(1).after
    alone = _file(tmp_path, file.without(1).after)
    assert alone.without(0).after.startswith("# Who may come in.\nstaff: []\n")


@pytest.mark.parametrize("text", ["", "staff: []\n", "staff:\n", "# nobody yet\n", "staff: [ ]"])
def test_the_first_person_of_a_file(tmp_path: Path, text: str) -> None:
    draft = _file(tmp_path, text).with_entry(EVE, None)
    assert _file(tmp_path, draft.after).entries == (EVE,)


@pytest.mark.parametrize(
    "text",
    [
        'staff: [{card: "1", name: Ada, photos: [a.jpg]}]\n',
        'staff:\n  - {card: "1", name: Ada, photos: [a.jpg]}\n    \n  - card: "2"\n',
    ],
)
def test_a_form_that_cannot_be_edited_for_certain_is_refused_or_right(
    tmp_path: Path, text: str
) -> None:
    try:
        file = _file(tmp_path, text)
        draft = file.with_entry(EVE, None)
    except ElsewhereError as error:
        assert "does not edit" in error.problem  # noqa: PT017 - either is right
        return
    assert _file(tmp_path, draft.after).entries == (*file.entries, EVE)


@pytest.mark.parametrize(
    "text",
    [
        'staff:\n- card: "1"\n  name: A\n  photos:\n  - a.jpg\n  - b.jpg\n- card: "2"\n  name: B\n',
        'staff:\n  -\n    card: "1"\n    name: Ada\n  -   card: "2"\n      name: B\n',
        'staff:\r\n  - card: "1"\r\n    name: Ada\r\n\r\n  - card: "2"\r\n    name: B\r\n',
        '\ufeffstaff:\n  - card: "1"\n    hours:\n      windows:\n        - "Mon"\n  - card: "2"\n',
    ],
)
def test_forms_of_yaml_that_people_write(tmp_path: Path, text: str) -> None:
    file = _file(tmp_path, text)
    first, second = file.entries
    assert _file(tmp_path, file.with_entry(EVE, 0).after).entries == (EVE, second)
    assert _file(tmp_path, file.with_entry(EVE, 1).after).entries == (first, EVE)
    assert _file(tmp_path, file.with_entry(EVE, None).after).entries == (first, second, EVE)
    assert _file(tmp_path, file.without(0).after).entries == (second,)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_the_byte_order_mark_stay(tmp_path: Path, end: str, mark: str) -> None:
    """An office's editor wrote them, and its next diff is to show one person, not every line."""
    text = mark + STAFF.replace("\n", end)
    path = tmp_path / "staff.yaml"
    path.write_bytes(text.encode())
    file = StaffFile.read(path)
    added = file.with_entry(EVE, None).after
    assert added.startswith(text)
    assert added.count(end) == text.count(end) + 3
    path.write_bytes(added.encode())
    assert StaffFile.read(path).without(2).after == text
    changed = file.with_entry({**file.entries[1], "name": "Rob"}, 1).after
    assert changed == text.replace("name: Bob", 'name: "Rob"')


def test_a_last_line_without_an_end_gets_one(tmp_path: Path) -> None:
    added = _file(tmp_path, STAFF.rstrip("\n")).with_entry(EVE, None).after
    assert added.startswith(f"{STAFF}  - card:")


COMMENTED = """\
staff:  # who may come in
  - card: "1"   # blue
    name: Ada  # in the office
    # as on her badge
    photos: [ada.jpg]
    # until the contract ends
    valid_until: 2027-12-31
    # of the night shift
"""


def test_comments_within_an_entry_stay_where_they_are_not_about_what_changed(
    tmp_path: Path,
) -> None:
    file = _file(tmp_path, COMMENTED)
    entry = {**file.entries[0], "valid_until": "2028-12-31"}
    assert file.with_entry(entry, 0).after == COMMENTED.replace("2027", "2028")
    ended = {key: value for key, value in entry.items() if key != "valid_until"} | {"doors": ["a"]}
    assert file.with_entry(ended, 0).after == COMMENTED.replace(
        "    valid_until: 2027-12-31\n", '    doors: ["a"]\n'
    )


def test_the_last_who_leaves_and_the_first_who_comes_leave_the_comment_of_the_list(
    tmp_path: Path,
) -> None:
    emptied = _file(tmp_path, COMMENTED).without(0).after
    assert emptied.startswith("staff: []  # who may come in\n")
    begun = _file(tmp_path, emptied).with_entry(EVE, None).after
    assert begun.startswith('staff:  # who may come in\n  - card: "9"\n')
    quoted = _file(tmp_path, COMMENTED.replace("staff:", '"staff":'))
    assert quoted.without(0).after.startswith('"staff": []  # who may come in\n')


@pytest.mark.parametrize("text", [f"{STAFF}...\n", f"---\n{STAFF}...\n"])
def test_nobody_is_written_behind_the_end_of_the_document(tmp_path: Path, text: str) -> None:
    file = _file(tmp_path, text)
    with pytest.raises(ElsewhereError, match="does not edit"):
        file.with_entry(EVE, None)


names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30).filter(
    lambda text: "\u2028" not in text and "\u2029" not in text and "\ufeff" not in text
)


@given(name=names, note=names)
def test_whatever_somebody_is_called_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, name: str, note: str
) -> None:
    entry = {**EVE, "name": name, "doors": [note], "hours": {"windows": [note]}}
    file = _file(tmp_path_factory.mktemp("staff"), STAFF)
    after = file.with_entry(entry, None).after
    assert _file(file.path.parent, after).entries[-1] == entry


CONFIG = "door: front-door\ntime_zone: Europe/London\nstaff_file: people/staff.yaml\n"


def _door(folder: Path, config: str = CONFIG, staff: str = STAFF) -> Path:
    (folder / "people").mkdir()
    (folder / "people" / "staff.yaml").write_text(staff, encoding="utf-8")
    path = folder / "front-door.yaml"
    path.write_text(config, encoding="utf-8")
    return path


def test_the_page_s_own_file_may_be_written(tmp_path: Path) -> None:
    place = staff_place(load_config(_door(tmp_path)))
    assert (place.file, place.photo_prefix) == (
        tmp_path / "people" / "staff.yaml",
        "people/photos/",
    )


@pytest.mark.parametrize(
    "mark",
    [
        "# Ansible managed",
        "# This file is managed by Puppet.",
        "# edgeverify: managed elsewhere",
        "# DO NOT EDIT",
        "# Generated by the HR export",
    ],
)
def test_a_file_that_a_tool_writes_is_left_to_it(tmp_path: Path, mark: str) -> None:
    config = load_config(_door(tmp_path, staff=f"{mark}\n{STAFF}"))
    with pytest.raises(ElsewhereError, match="managed elsewhere"):
        staff_place(config)


def test_a_link_to_itself_is_nobody_s_to_write(tmp_path: Path) -> None:
    path = _door(tmp_path)
    config = load_config(path)
    (tmp_path / "people/staff.yaml").unlink()
    (tmp_path / "people/staff.yaml").symlink_to("staff.yaml")
    with pytest.raises(ElsewhereError, match="is a link to"):
        staff_place(config)


def test_a_link_into_somebody_else_s_tree_is_left_to_them(tmp_path: Path) -> None:
    path = _door(tmp_path)
    real = tmp_path / "people" / "staff.yaml"
    real.rename(tmp_path / "people" / "kept.yaml")
    real.symlink_to("kept.yaml")
    with pytest.raises(ElsewhereError, match="is a link to"):
        staff_place(load_config(path))
    real.unlink()
    (tmp_path / "people").rename(tmp_path / "tree")
    (tmp_path / "people").symlink_to("tree")
    (tmp_path / "tree" / "kept.yaml").rename(tmp_path / "tree" / "staff.yaml")
    with pytest.raises(ElsewhereError, match="is a link to"):
        staff_place(load_config(path))


def test_people_in_the_config_itself_are_not_the_page_s(tmp_path: Path) -> None:
    path = _door(tmp_path, config="door: front-door\n")
    with pytest.raises(ElsewhereError, match="in the config itself"):
        staff_place(load_config(path))


@pytest.mark.parametrize(("is_mounted_so", "told"), [(False, "belong to"), (True, "mounted")])
def test_a_file_that_may_not_be_written_is_told_from_a_folder_that_is_mounted_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_mounted_so: bool, told: str
) -> None:
    """Whoever owns a file that is mounted read-only looks in vain for another owner."""
    config = load_config(_door(tmp_path))
    real = os.statvfs(tmp_path)
    flags = os.ST_RDONLY if is_mounted_so else 0
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write what nobody else may
    monkeypatch.setattr("os.statvfs", lambda _: os.statvfs_result((*real[:8], flags, real[9])))
    with pytest.raises(ElsewhereError) as caught:
        staff_place(config)
    assert told in caught.value.advice
