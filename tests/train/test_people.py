"""The people of a folder: another process may add and remove some while they are listed."""

from __future__ import annotations

import shutil
import threading
import unicodedata
from pathlib import Path

import pytest
from edgeverify_train.people import listed_people, people_in, pictures_below, shared_people

from edgeverify.errors import ConfigError


@pytest.mark.parametrize("name", ["a.HEIC", "a.avif", "a.tiff", "a.gif"])
def test_a_phones_photos_are_pictures_like_any_other(tmp_path: Path, name: str) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / name).write_bytes(b"")
    assert pictures_below(tmp_path) == (tmp_path / "Ada" / name,)
    people, _ = people_in(tmp_path)
    assert [person.name for person in people] == ["Ada"]


def test_people_who_go_while_they_are_listed_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Stays").mkdir()
    (tmp_path / "Stays/a.png").write_bytes(b"")
    ends = threading.Event()

    def come_and_go() -> None:
        while not ends.is_set():
            for number in range(20):
                (tmp_path / f"Goes {number}/older").mkdir(parents=True)
                (tmp_path / f"Goes {number}/older/a.png").write_bytes(b"")
            for number in range(20):
                shutil.rmtree(tmp_path / f"Goes {number}")

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(400):
            assert tmp_path / "Stays/a.png" in pictures_below(tmp_path)
            people, _ = people_in(tmp_path)
            names = [person.name for person in people]
            assert [name for name in names if not name.startswith("Goes ")] == ["Stays"]
            assert "Stays" in listed_people(tmp_path)
    finally:
        ends.set()
        other.join()


@pytest.mark.parametrize(
    "content",
    [
        "J\u00fcrgen M\u00fcller\n",
        "Ada\nJ\u00fcrgen M\u00fcller\n",
        "# held out\r\nJ\u00fcrgen M\u00fcller\r\n",
        "1\t1\nJ\u00fcrgen M\u00fcller\t1\t2\nAda\t1\tEve\t2\n",
        "\ufeffJ\u00fcrgen M\u00fcller\n",
    ],
)
def test_somebody_of_a_list_is_found_however_the_name_is_written(
    content: str, tmp_path: Path
) -> None:
    """With a space; with a mark over a letter, which macOS writes as a letter and a mark."""
    evaluation = tmp_path / "people.txt"
    evaluation.write_bytes(content.encode())
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "J\u00fcrgen M\u00fcller")
        assert shared_people([name, "Nobody"], [evaluation]) == {evaluation: (name,)}


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("edgeverify.folder_listing.os.listdir", refuse)
    with pytest.raises(ConfigError, match=f"{tmp_path} cannot be read: Permission denied"):
        people_in(tmp_path)
    with pytest.raises(ConfigError, match=f"{tmp_path} cannot be read: Permission denied"):
        listed_people(tmp_path)
