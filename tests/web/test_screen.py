"""The screen's page: what the door says, a panel's light and bell, and nothing that is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import expect

from edgeverify.web.roles import Role
from tests.ports import free_port
from tests.waiting import patience, until
from tests.web.stage import CONFIG, PASSWORD, SCREEN, Stage, stage
from tests.web.whole import chromium

GERMAN = f"{CONFIG}language: de\n"
OUT_OF_ORDER = "Außer Betrieb. Bitte Hilfe holen"


@pytest.fixture
def german(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, config=GERMAN) as made:
        made.logins.put("screen", Role.SCREEN, PASSWORD)
        yield made


def test_the_panels_light_and_bell_stand_on_the_screen(page: Stage) -> None:
    text = page.logged_in(Role.SCREEN).get("/screen").text
    assert 'data-light="amber" data-sound="true"' in text
    assert "Please turn your head to your left" in text


def test_while_the_door_does_not_answer_the_screen_speaks_its_language(german: Stage) -> None:
    browser = german.logged_in(Role.SCREEN)
    german.stop_daemon()
    text = browser.get("/screen").text
    assert '<html lang="de">' in text
    assert f">{OUT_OF_ORDER}</p>" in text


@contextmanager
def _served(page: Stage) -> Iterator[tuple[str, Callable[[], None]]]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(page.app, port=port, ws="none", log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()

    try:
        until(lambda: server.started, "the server")
        yield f"http://localhost:{port}", stop
    finally:
        stop()


@pytest.mark.slow
def test_a_welcome_does_not_stay_where_nothing_is_heard_any_more(german: Stage) -> None:
    granted = {"moment": "granted", "code": "match", "words": "Willkommen", "language": "de"}
    german.answers["screen"] = {**SCREEN, **granted}
    with _served(german) as (address, stop), chromium() as browser:
        tab = browser.new_page()
        tab.set_default_timeout(patience(15) * 1000)
        tab.goto(f"{address}/login")
        tab.get_by_label("Name").fill("screen")
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button").first.click()
        tab.wait_for_url(f"{address}/screen")
        body, words = tab.locator("body"), tab.locator("#words")
        expect(words).to_have_text("Willkommen")
        stop()
        expect(words).to_have_text(OUT_OF_ORDER, timeout=patience(10) * 1000)
        expect(body).to_have_attribute("data-moment", "denied")
