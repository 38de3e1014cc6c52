"""Logging in: who gets in, who is held off, and what the browser is given."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgeverify.errors import ConfigError, KeyUnusableError
from edgeverify.web.logins import Logins
from edgeverify.web.roles import Role
from edgeverify.web.sessions import Sessions
from tests.web.stage import PASSWORD, Stage, stage


def test_whoever_is_not_logged_in_is_asked_to(page: Stage) -> None:
    answer = page.browser().get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_a_manager_logs_in_sees_the_door_and_logs_out(page: Stage) -> None:
    browser = page.logged_in(Role.MANAGER)
    state = browser.get("/")
    assert "no light, or the lens cap" in state.text.lower()
    assert "locked down" in state.text
    assert "Take the cap off the lens" in state.text
    assert "Eve &lt;b&gt;" in state.text  # a name is text, whatever stands in it
    assert ("page log-in", "manager", "manager") in page.acts()
    token = browser.token("/")
    assert browser.post("/logout", {"form_token": token}).headers["location"] == "/login"
    assert browser.get("/").status_code == 303


def test_a_wrong_password_and_an_unknown_name_read_alike(page: Stage) -> None:
    browser = page.browser()
    wrong, unknown = browser.log_in("manager", "not this one"), browser.log_in("eve", "not this")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "do not match" in wrong.text
    assert "do not match" in unknown.text
    assert ("page log-in failed", "testclient", "manager") in page.acts()


def test_guessing_is_held_off_with_pauses_that_double(page: Stage) -> None:
    browser = page.browser()
    for _ in range(5):
        assert browser.log_in("manager", "guess guess guess").status_code == 401
    held = browser.log_in("manager", PASSWORD)
    assert (held.status_code, held.headers["retry-after"]) == (429, "30")
    assert "Wait 30 seconds" in held.text
    page.clock.now += 31
    assert browser.log_in("manager", "guess guess guess").status_code == 401
    assert browser.log_in("manager", PASSWORD).headers["retry-after"] == "60"
    page.clock.now += 61
    assert browser.log_in("manager", PASSWORD).status_code == 303


def test_guesses_that_come_at_once_are_no_more_than_those_one_after_another(
    page: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them may be looked at because another's answer is not out yet."""
    looked: list[str] = []

    def slowly(_: Logins, name: str, __: str) -> None:
        looked.append(name)
        time.sleep(0.2)

    monkeypatch.setattr(Logins, "check", slowly)
    browsers = [page.browser() for _ in range(12)]
    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = list(threads.map(lambda one: one.log_in("manager", "guess guess"), browsers))
    assert sorted(one.status_code for one in answers) == [401] * 5 + [429] * 7
    assert len(looked) == 5


def test_a_login_ends_when_idle_and_in_any_case(page: Stage) -> None:
    browser = page.logged_in(Role.VIEWER)
    page.clock.now += 1700
    assert browser.get("/").status_code == 200
    page.clock.now += 1900
    assert browser.get("/").status_code == 303
    browser = page.logged_in(Role.VIEWER)
    for _ in range(30):
        page.clock.now += 1500
        browser.get("/")
    assert browser.get("/").status_code == 303


def test_another_password_or_role_logs_out(page: Stage) -> None:
    browser = page.logged_in(Role.MANAGER)
    page.logins.put("manager", Role.VIEWER, PASSWORD)
    assert browser.get("/").status_code == 303
    browser = page.logged_in(Role.VIEWER)
    page.logins.remove("viewer")
    assert browser.get("/").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_pages(page: Stage, tmp_path: Path) -> None:
    answer = page.browser().log_in("viewer", PASSWORD)
    (cookie,) = [
        one for one in answer.headers.get_list("set-cookie") if one.startswith("edgeverify=")
    ]
    assert {"httponly", "path=/", "samesite=strict"} <= {
        part.strip().lower() for part in cookie.split(";")
    }
    other = tmp_path / "tls"
    other.mkdir()
    with stage(other, is_tls=True) as tls:
        tls.logins.put("viewer", Role.VIEWER, PASSWORD)
        shown = tls.browser().get("/login")
        assert "strict-transport-security" in shown.headers
        assert all(
            one.startswith("__Host-") and "Secure" in one
            for one in shown.headers.get_list("set-cookie")
        )


def test_nothing_on_disk_is_a_password_or_a_token(page: Stage) -> None:
    browser = page.logged_in(Role.MANAGER)
    token = browser.client.cookies["edgeverify"]
    own = page.folder / "page"
    for name in ("logins.json", "sessions.json"):
        assert (own / name).stat().st_mode & 0o777 == 0o600
        text = (own / name).read_text(encoding="utf-8")
        assert PASSWORD not in text
        assert token not in text
    told = json.loads((own / "logins.json").read_text(encoding="utf-8"))
    assert told["manager"]["hash"].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("a b", PASSWORD),
        ("", PASSWORD),
        ("kim", "short"),
        ("kim", "kim-kim-kim-kim"),
        ("kim", "aaaaaaaaaaaa"),
        ("kim", "x" * 201),
    ],
)
def test_a_poor_login_is_refused(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(ConfigError, match=r"password|name of a log-in"):
        Logins(tmp_path).put(name, Role.VIEWER, password)


def test_a_restart_logs_nobody_out_and_sessions_of_another_release_everybody(page: Stage) -> None:
    browser = page.logged_in(Role.VIEWER)
    token = browser.client.cookies["edgeverify"]
    own = page.folder / "page"

    def after_a_restart() -> Sessions:
        return Sessions(own, wall=page.clock, idle=1800.0, longest=43200.0)

    found = after_a_restart().find(token, page.logins.all())
    assert found is not None
    assert found.role is Role.VIEWER
    told = json.loads((own / "sessions.json").read_text(encoding="utf-8"))
    for session in told.values():
        session["of_a_newer_release"] = True
    (own / "sessions.json").write_text(json.dumps(told), encoding="utf-8")
    assert after_a_restart().find(token, page.logins.all()) is None


def test_logins_that_others_can_read_or_that_are_damaged_let_nobody_in(page: Stage) -> None:
    path = page.folder / "page" / "logins.json"
    path.chmod(0o644)
    with pytest.raises(KeyUnusableError, match="readable by others"):
        page.logins.all()
    assert page.browser().get("/login").status_code == 503
    path.chmod(0o600)
    path.write_text('{"manager": {}}', encoding="utf-8")
    with pytest.raises(KeyUnusableError, match="damaged"):
        page.logins.all()
