"""Everything that a manager does, in a real browser, before a real door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD
from edgeverify.journal.reading import acts
from tests.soak.conftest import props
from tests.soak.props import OWNER, Props
from tests.soak.traffic import Witness
from tests.soak.world import World, world
from tests.waiting import patience, until
from tests.web.stage import PASSWORD
from tests.web.whole import Served, chromium, served, web_config

__all__ = ["props"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]

STAFF = f"""\
# Kept by the office.
staff:
  - card: "{OTHER_CARD}"   # since the beginning
    name: Bob
    photos: [bob.jpg]
"""
FAINT = (Path(__file__).parent / "faint_text.js").read_text(encoding="utf-8")
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def page(tmp_path: Path, props: Props) -> Iterator[Served]:
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "staff.yaml").write_text(STAFF, encoding="utf-8")
    changes: dict[str, object] = {
        "staff_file": "people/staff.yaml",
        "staff": [],
        "evidence": {"keep": "all"},
    }
    with world(tmp_path, props, **changes, web=web_config()) as made:
        made.spawn()
        until(lambda: _is_there(made), "a daemon that knows Bob", 60)
        with served(made) as found:
            yield found


def _is_there(made: World) -> bool:
    assert made.process is not None
    assert made.process.poll() is None, made.log
    status = made.status()
    return status.get("references") == 1 and status.get("is_enrolling") is False


def test_a_manager_s_day(page: Served, props: Props) -> None:
    with chromium() as browser:
        context = browser.new_context(locale="en-GB")
        tab = page.watched(context)
        tab.goto(page.address)
        page.shoot(tab, "login")
        _logs_in_by_keyboard(tab)
        tab.get_by_role("heading", name="State").wait_for()
        assert "dlib-resnet" in tab.inner_text("dl"), "the network that runs, not the default"
        page.shoot(tab, "state")
        _adds_ada(page, tab, props)
        with Witness(page.world.broker.port) as witness:
            witness.let_in(OWNER_CARD)
        _finds_her_in_the_journal(page, tab)
        _aims(page, tab)
        _takes_three_pictures(page, tab)
        _watches_the_screen(page, tab)
        _is_usable_on_a_phone_and_in_the_dark(page, tab)
        context.close()
    strangers = [one for one in page.requests if not one.startswith((page.address, "data:"))]
    assert strangers == []
    refused = "status of 422"  # a form that was to be corrected, and was
    assert [one for one in page.errors if refused not in one] == []
    assert "Traceback" not in page.log


def _logs_in_by_keyboard(tab: Page) -> None:
    """Without a mouse: every field is reached in order, and each says what it is."""
    keys = tab.keyboard
    for name in ("To the content", "front-door", "Name"):
        keys.press("Tab")
        focused = tab.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
        )
        assert name in focused, f"{focused!r} instead of {name!r}"
    keys.type("manager")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")


def _adds_ada(page: Served, tab: Page, props: Props) -> None:
    """First with what no door can use: each message stands at its field. Then rightly."""
    tab.get_by_role("link", name="People").click()
    tab.get_by_role("link", name="Add somebody").click()
    page.shoot(tab, "person")
    tab.get_by_label("Name").fill("Ada Lovelace")
    tab.get_by_label("Card number").fill(OTHER_CARD)
    tab.get_by_label("Hours").fill("Mon-Fri 7 to 19")
    photo = {"name": "grey wall.png", "mimeType": "image/png", "buffer": _a_wall()}
    tab.get_by_label("Photos from elsewhere").set_input_files(photo)  # type: ignore[arg-type]
    _submit(tab)
    tab.get_by_text("Nothing was changed").wait_for()
    assert "appears twice" in _message(tab, "card")
    assert "Mon-Fri 7 to 19" in _message(tab, "windows")
    page.shoot(tab, "person-wrong")
    tab.get_by_label("Card number").fill(OWNER_CARD)
    tab.get_by_label("Hours").fill("Mon-Sun 00:00-24:00")
    tab.get_by_label("Time zone").fill("Europe/London")
    tab.get_by_label("Photos from elsewhere").set_input_files(photo)  # type: ignore[arg-type]
    _submit(tab)
    tab.get_by_text("Nothing was changed").wait_for()
    assert re.search(r"^grey wall\.png: no face", _message(tab, "photo"))
    photo = {"name": "ada.jpg", "mimeType": "image/jpeg", "buffer": props.owner_id_photo}
    tab.get_by_label("Photos from elsewhere").set_input_files(photo)  # type: ignore[arg-type]
    _submit(tab)
    tab.get_by_role("heading", name=f"Add card {OWNER_CARD}?").wait_for()
    added = tab.locator("pre.diff ins").all_inner_texts()
    assert f'+   - card: "{OWNER_CARD}"' in added
    assert tab.locator("pre.diff del").count() == 0
    page.shoot(tab, "confirm")
    tab.get_by_role("button", name="Save").click()
    tab.get_by_role("heading", name="Added").wait_for()
    until(lambda: page.world.status().get("references") == 2, "Ada to be enrolled", 60)
    text = (page.world.folder / "people" / "staff.yaml").read_text(encoding="utf-8")
    assert text.startswith(STAFF)  # what the office wrote is as it was
    assert page.world.reasons().isdisjoint({"config_rejected", "enrolment_incomplete"})
    tab.get_by_role("link", name="To the people").click()
    row = tab.get_by_role("row", name="Ada Lovelace")
    row.get_by_text("1 usable").wait_for()
    face = "image => image.complete && image.naturalWidth"
    until(lambda: row.locator("img.face").evaluate(face) == 96, "her photo, small")
    page.shoot(tab, "people")
    told = [(one.act, one.subject, one.by_user) for one in acts(page.world.journal, limit=50)]
    assert ("page people add", OWNER_CARD, "page:manager") in told
    assert ("page log-in", "manager", "page:manager") in told


def _finds_her_in_the_journal(page: Served, tab: Page) -> None:
    tab.get_by_role("link", name="Journal").click()
    tab.get_by_label("Card").fill(OWNER_CARD)
    tab.get_by_label("Outcome").select_option("grant")
    tab.get_by_role("button", name="Filter").click()
    row = tab.get_by_role("row", name="Ada Lovelace").first
    assert "granted" in row.inner_text()
    page.shoot(tab, "journal")
    row.get_by_role("link").click()
    drawn = tab.get_by_role("img", name=re.compile("Scores of [0-9]+ pictures"))
    drawn.wait_for()
    assert drawn.locator("circle.hit").count() >= 3
    page.shoot(tab, "decision")
    _opens_the_picture_of_it(page, tab)
    tab.get_by_role("link", name="Journal").first.click()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Export as CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("issued_at,card,name,outcome")
    assert any("Ada Lovelace,grant" in line for line in lines)
    tab.get_by_role("link", name="Acts of people").click()
    tab.get_by_role("cell", name="page export journal").first.wait_for()
    tab.get_by_role("cell", name="evidence shown").first.wait_for()
    tab.get_by_role("link", name="Notices").click()
    tab.get_by_text("Nothing to know of").wait_for()


def _opens_the_picture_of_it(page: Served, tab: Page) -> None:
    """The journal says who has seen it; a viewer is not even told that there is one."""
    browser = tab.context.browser
    assert browser is not None
    viewer = browser.new_page()
    viewer.goto(f"{page.address}/login")
    viewer.get_by_label("Name").fill("viewer")
    viewer.get_by_label("Password").fill(PASSWORD)
    viewer.keyboard.press("Enter")
    viewer.get_by_role("heading", name="State").wait_for()
    viewer.goto(tab.url)
    viewer.get_by_role("heading", name="Granted").wait_for()
    assert viewer.get_by_role("heading", name="Picture").count() == 0
    viewer.close()
    event_id = tab.url.rsplit("/", 1)[1]
    assert ("evidence shown", event_id) not in _told(page)
    tab.get_by_role("button", name="Open the picture").click()
    seen = tab.get_by_role("img", name="What the camera saw at this decision")
    seen.wait_for()
    assert seen.evaluate("image => image.complete && image.naturalWidth") >= 320
    assert ("evidence shown", event_id) in _told(page)
    page.shoot(tab, "picture")


def _told(page: Served) -> set[tuple[str, str]]:
    return {(one.act, one.subject) for one in acts(page.world.journal, limit=100)}


def _aims(page: Served, tab: Page) -> None:
    """Somebody stands before the camera, and the page says whether a face there would do."""
    page.world.camera.show(OWNER)
    tab.get_by_role("link", name="Aim").click()
    tab.locator("#frame:not([hidden])").wait_for()
    tab.get_by_role("cell", name="eye distance").wait_for()
    width = "document.getElementById('frame').naturalWidth"
    until(lambda: tab.evaluate(width) == 640, "a small picture")
    page.shoot(tab, "aim")


def _takes_three_pictures(page: Served, tab: Page) -> None:
    """Ada stands at the door, and agrees; what the camera took is tried and enrolled."""
    tab.get_by_role("link", name="People").click()
    tab.get_by_role("link", name="Ada Lovelace").click()
    tab.get_by_label("The person is at the door and agrees").check()
    press = tab.get_by_role("button", name="Take a picture")
    pictures = tab.get_by_role("list", name="Pictures taken").get_by_role("listitem")
    said = tab.locator("#shot-said")
    for _ in range(20):  # she walks about, and some pictures are not good enough
        if pictures.count() == 3:
            break
        press.click()
        expect(said).not_to_have_text("Looking …", timeout=patience(30) * 1000)
    assert said.inner_text() == "Three good pictures: enough."
    page.shoot(tab, "capture")
    _submit(tab)
    tab.get_by_role("heading", name=f"Change card {OWNER_CARD}?").wait_for()
    tab.get_by_role("button", name="Save").click()
    tab.get_by_role("heading", name="Changed").wait_for()
    tab.get_by_role("link", name="To the people").click()
    tab.get_by_role("row", name="Ada Lovelace").get_by_text("3 of the door's camera").wait_for()
    told = [(one.act, one.subject) for one in acts(page.world.journal, limit=20)]
    assert ("page consent noted", OWNER_CARD) in told


def _watches_the_screen(page: Served, tab: Page) -> None:
    """What stands on the screen changes with what happens, and names nobody."""
    tab.get_by_role("link", name="Screen").click()
    tab.get_by_text("Please hold up your card").wait_for()
    page.shoot(tab, "screen")
    with Witness(page.world.broker.port) as witness:
        for _ in range(6):  # it stands for four seconds, which a busy machine may sleep through
            witness.let_in(OWNER_CARD)
            with suppress(PlaywrightTimeoutError):
                tab.wait_for_selector("body[data-moment='granted']", timeout=5000)
                break
        assert "Please come in" in tab.inner_text("body")
        assert "Ada" not in tab.inner_text("body")
        assert OWNER_CARD not in tab.content()
        page.shoot(tab, "screen-granted")


def _is_usable_on_a_phone_and_in_the_dark(page: Served, tab: Page) -> None:
    tab.set_viewport_size(PHONE)  # type: ignore[arg-type]
    paths = (
        "/",
        "/journal",
        "/journal/acts",
        "/journal/notices",
        "/people",
        "/people/new",
        "/aim",
        "/screen",
    )
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in paths:
            tab.goto(f"{page.address}{path}")
            wide = tab.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert wide[0] <= wide[1], f"{path} is {wide[0]} wide on a screen of {wide[1]}"
            assert tab.evaluate(FAINT) == [], f"{path}, {scheme}"
            name = path.strip("/").replace("/", "-") or "state"
            page.shoot(tab, f"phone-{scheme}-{name}")


def _submit(tab: Page) -> None:
    with tab.expect_navigation():
        tab.get_by_role("button", name="Try it and show the change").click()


def _message(tab: Page, field: str) -> str:
    """Return what stands at a field, as a screen reader finds it."""
    place = tab.locator(f"#{field}")
    assert place.get_attribute("aria-invalid") == "true", tab.inner_text("main")
    described = place.get_attribute("aria-describedby")
    return tab.inner_text(f"#{described}")


def _a_wall() -> bytes:
    drawn = np.random.default_rng(1).integers(90, 110, (400, 400, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".png", drawn)[1].tobytes())
