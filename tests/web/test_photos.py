"""Photos that come with a form, and what becomes of them when nobody or two people confirm."""

from __future__ import annotations

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from edgeverify.atomic_file import write_whole
from edgeverify.web.roles import Role
from edgeverify.web.staff import saving
from edgeverify.web.staff.photos import keep
from edgeverify.web.staff.place import StaffPlace
from tests.waiting import until
from tests.web.office import FORM, JPEG, answered, photos_kept, sent, staff_text
from tests.web.stage import STAFF, Browser, Stage, TestClient


def test_two_managers_who_confirm_at_once_do_not_undo_each_other(
    page: Stage, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = page.logged_in(Role.MANAGER)
    shown = [
        (one, sent(one, "/people/new", {"card": card, "name": "Eve"}, JPEG))
        for one, card in ((manager, "8"), (other, "9"))
    ]

    def slowly(path: Path, content: bytes, **more: Any) -> None:
        time.sleep(0.2)
        write_whole(path, content, **more)

    monkeypatch.setattr(saving, "write_whole", slowly)
    with ThreadPoolExecutor(2) as threads:
        answers = [one.status_code for one in threads.map(lambda two: answered(*two), shown)]
    assert sorted(answers) == [200, 503], "one of them is told that the file has changed"
    saved = "8" if answers[0] == 200 else "9"
    assert re.findall(r'card: "([89])"', staff_text(page)) == [saved]
    assert [path.name[0] for path in photos_kept(page)] == [saved]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\u2066b\u2028c\x9bd.jpg", "abcd.jpg"),
    ],
)
def test_the_name_of_a_photo_is_shown_without_what_could_deceive(
    tmp_path: Path, name: str, shown: str
) -> None:
    (tmp_path / "staff.yaml").touch()
    place = StaffPlace(tmp_path, tmp_path / "staff.yaml", tmp_path / "photos")
    assert keep(place, "9", JPEG, name).shown == shown


def test_more_photos_than_a_reference_takes_are_told_at_the_field(
    page: Stage, manager: Browser
) -> None:
    shown = sent(manager, "/people/new", FORM, *[JPEG] * 21)
    assert shown.status_code == 422
    assert "At most 20 photos make a reference." in shown.text
    shown = sent(manager, "/people/new", FORM, *[JPEG] * 41)
    assert shown.status_code == 400
    assert "Too many files" in shown.text
    assert "send less at once" in shown.text
    assert (staff_text(page), photos_kept(page)) == (STAFF, [])


def test_photos_of_a_form_that_nobody_confirms_go_even_if_nobody_comes_back(
    page: Stage, manager: Browser
) -> None:
    sent(manager, "/people/new", FORM, JPEG)
    (left,) = photos_kept(page)
    os.utime(left, (0, 0))
    with TestClient(page.app, base_url="http://localhost"):  # the page starts
        until(lambda: photos_kept(page) == [], "the photo to go")
