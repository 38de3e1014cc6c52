"""A manager whose door does not answer loses nothing of what was typed, and is told so."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from edgeverify.errors import StateError
from edgeverify.web.roles import Role
from tests.web.stage import STAFF, Browser, Stage

JPEG = b"\xff\xd8\xff\xe0 a photo"
TYPED = {
    "card": "9",
    "name": 'Eve "E" <b>',
    "doors": "front-door, lab",
    "windows": "Mon-Fri 07:00-19:00\nSat 22:00-06:00",
    "valid_until": "2027-12-31",
}
AWAY = "The door&#39;s own program does not run"


@pytest.fixture
def manager(page: Stage) -> Browser:
    page.answers["try-person"] = {"problems": [], "warnings": [], "look_alikes": []}
    page.answers["reload"] = {"ticket": 3}
    page.answers["reload-outcome"] = {"is_done": True, "problem": "", "advice": "", "people": {}}
    return page.logged_in(Role.MANAGER)


def _send(browser: Browser, path: str) -> httpx.Response:
    files = [("photo", ("eve.jpg", JPEG, "image/jpeg"))]
    return browser.post(path, {**browser.hidden(path), **TYPED}, files=files)


def _confirm(browser: Browser, shown: httpx.Response) -> httpx.Response:
    values = dict(re.findall(r'name="(form_token|change)" value="([^"]+)"', shown.text))
    return browser.post("/people/confirm", {**values, "answer": "save"})


def _photos(page: Stage) -> list[str]:
    return [one.name for one in (page.folder / "people" / "photos").iterdir()]


@pytest.mark.parametrize("path", ["/people/new", "/people/of/7"])
def test_a_form_that_is_opened_meanwhile_says_so_before_it_is_filled_in(
    path: str, page: Stage, manager: Browser
) -> None:
    assert AWAY not in manager.get(path).text
    page.stop_daemon()
    shown = manager.get(path)
    assert shown.status_code == 503
    assert AWAY in shown.text
    assert "systemctl start edgeverify" in shown.text
    assert 'id="windows"' in shown.text


def test_what_was_typed_stays_in_the_form(page: Stage, manager: Browser) -> None:
    page.stop_daemon()
    shown = _send(manager, "/people/new")
    assert shown.status_code == 503
    assert AWAY in shown.text
    assert "photos have to be given once more" in shown.text
    text = html.unescape(shown.text)
    for value in TYPED.values():
        assert f'"{value}"' in text or f">{value}</textarea>" in text
    assert _photos(page) == []
    page.start_daemon()
    again = manager.followed(_send(manager, "/people/new"))
    assert "What changes in" in again.text


def test_a_change_that_was_shown_is_confirmed_once_the_door_is_back(
    page: Stage, manager: Browser
) -> None:
    asked = manager.followed(_send(manager, "/people/new"))
    page.stop_daemon()
    for _ in range(2):
        asked = _confirm(manager, asked)
        assert asked.status_code == 503
        assert AWAY in asked.text
        assert (page.folder / "people" / "front-door.yaml").read_text() == STAFF
    page.start_daemon()
    assert "Saved, and in force" in _confirm(manager, asked).text
    (photo,) = _photos(page)
    assert photo.startswith("9-photo-")


def test_a_door_that_goes_while_it_saves_leaves_what_is_in_the_file_and_says_so(
    page: Stage, manager: Browser
) -> None:
    asked = manager.followed(_send(manager, "/people/new"))

    def gone(_: object) -> dict[str, object]:
        raise StateError("the door is ending")

    page.answers["reload"] = gone
    told = _confirm(manager, asked)
    assert "not in force yet" in told.text
    assert 'card: "9"' in (page.folder / "people" / "front-door.yaml").read_text()
