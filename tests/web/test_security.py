"""What holds for every page: roles, forms, names, sizes, and that nothing comes from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from edgeverify.web.application import PAGES
from edgeverify.web.guard import Page
from edgeverify.web.headers import POLICY
from edgeverify.web.roles import MANAGERS, Role
from tests.web.stage import HOST, Stage

OPEN = {("GET", "/login"), ("POST", "/login")}


def _path(page: Page) -> str:
    return re.sub(r"{[^}]+}", "7", page.path)


def _name(page: Page) -> str:
    return f"{page.method} {page.path}"


@pytest.mark.parametrize("route", PAGES, ids=_name)
def test_nobody_gets_in_without_a_login(page: Stage, route: Page) -> None:
    if (route.method, route.path) in OPEN:
        assert route.roles is None
        return
    assert route.roles
    browser = page.browser()
    before = len(page.asked)
    answer = browser.get(_path(route)) if route.method == "GET" else browser.post(_path(route), {})
    assert answer.status_code in {303, 401}
    assert page.asked[before:] == []


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", [one for one in PAGES if one.roles], ids=_name)
def test_each_role_gets_what_the_table_says(page: Stage, route: Page, role: Role) -> None:
    assert route.roles is not None
    if route.path in {"/logout", "/screen/events"}:
        assert route.roles == frozenset(Role)
        return
    browser = page.logged_in(role)
    token = page.form_token(role)
    before = len(page.asked)
    if route.method == "GET":
        answer = browser.get(_path(route))
    else:
        answer = browser.post(_path(route), {"form_token": token})
    if role in route.roles:
        assert answer.status_code not in {401, 403}, answer.text
    else:
        assert answer.status_code in {303, 403}
        assert page.asked[before:] == []


def test_what_changes_anything_or_shows_a_face_is_for_managers() -> None:
    changing = {one.path for one in PAGES if one.method == "POST"} - {"/login", "/logout"}
    assert len(changing) > 5
    assert all(one.roles == MANAGERS for one in PAGES if one.path in changing)
    shows = [
        one for one in PAGES if one.path.startswith(("/aim", "/people")) or "picture" in one.path
    ]
    assert len(shows) > 5
    assert all(one.roles == MANAGERS for one in shows)


@pytest.mark.parametrize("route", [one for one in PAGES if one.method == "POST"], ids=_name)
def test_a_form_from_elsewhere_changes_nothing(page: Stage, route: Page) -> None:
    browser = page.logged_in(Role.MANAGER)
    token = browser.token("/")
    before = len(page.asked)
    for headers, sent in (
        ({"origin": "http://evil.example"}, token),
        ({"origin": "null"}, token),
        ({"origin": f"http://{HOST}"}, "guessed"),
        ({"origin": f"http://{HOST}"}, ""),
    ):
        answer = browser.post(_path(route), {"form_token": sent, "name": "x"}, headers=headers)
        assert answer.status_code == 403, (headers, answer.text)
    bare = browser.client.post(_path(route), data={"form_token": token})
    assert bare.status_code == 403
    assert page.asked[before:] == []


def test_a_strange_name_is_not_answered(page: Stage) -> None:
    """A page elsewhere may point a name of its own at this machine (DNS rebinding)."""
    client = page.browser().client
    for host in ("evil.example", "evil.example:8480", ""):
        assert client.get("/login", headers={"host": host}).status_code == 421
    for host in ("localhost:8480", "127.0.0.1", "[::1]:8480"):
        assert client.get("/login", headers={"host": host}).status_code == 200


def test_a_body_without_end_is_not_read(page: Stage) -> None:
    browser = page.logged_in(Role.MANAGER)
    files = {"photo": ("a.jpg", b"x" * (3 << 20), "image/jpeg")}
    told = browser.post("/logout", {"form_token": "x"}, files=files)
    assert told.status_code == 413

    def drip() -> object:
        for _ in range(40):
            yield b"x" * 65536

    headers = {
        "origin": f"http://{HOST}",
        "content-type": "application/x-www-form-urlencoded",
    }
    endless = browser.client.post("/logout", content=drip(), headers=headers)  # type: ignore[arg-type]
    assert endless.status_code == 413


class _Addresses(HTMLParser):
    """Whatever a page would load or send to, and what must not stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.labels: set[str | None] = set()
        self.language = ""
        self.is_in_label = False

    def handle_endtag(self, tag: str) -> None:
        self.is_in_label = self.is_in_label and tag != "label"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [str(given[key]) for key in ("src", "href", "action") if key in given]
        self.inline += [f"{tag} {key}" for key in given if key.startswith("on") or key == "style"]
        if tag in {"script", "style"} and "src" not in given:
            self.inline.append(tag)
        if tag in {"input", "select", "textarea"} and given.get("type") != "hidden":
            self.inputs.append(given | {"inside": "yes" if self.is_in_label else None})
        if tag == "label":
            self.labels.add(given.get("for"))
            self.is_in_label = True
        if tag == "html":
            self.language = given.get("lang") or ""


def _pages() -> list[str]:
    return sorted({_path(one) for one in PAGES if one.method == "GET" and "events" not in one.path})


@pytest.mark.parametrize("path", _pages())
def test_a_page_takes_nothing_from_elsewhere_and_says_so(page: Stage, path: str) -> None:
    answer = page.logged_in(Role.MANAGER).get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    if not answer.headers["content-type"].startswith("text/html"):
        return
    seen = _Addresses()
    seen.feed(answer.text)
    strangers = [one for one in seen.found if not one.startswith(("/", "#", "?", "data:"))]
    assert strangers == []
    assert not [one for one in seen.found if one.startswith("//")]
    assert seen.inline == []
    if "<html" not in answer.text:
        return  # a part of a page
    assert seen.language
    unlabelled = [
        one
        for one in seen.inputs
        if one.get("id") not in seen.labels and "aria-label" not in one and not one["inside"]
    ]
    assert unlabelled == []


def test_the_policy_allows_no_script_in_a_page_and_no_other_host() -> None:
    for part in POLICY.split(";"):
        sources = part.split()[1:]
        assert set(sources) <= {"'none'", "'self'", "data:"}, part
        assert "data:" not in sources or part.split()[0] == "img-src"


def test_an_error_inside_is_a_sentence_with_every_header(page: Stage) -> None:
    page.answers["status"] = {"state": "online"}  # a daemon of another release
    browser = page.logged_in(Role.VIEWER)
    browser.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "Its log has more" in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
