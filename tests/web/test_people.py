"""Adding, changing and removing people, before a daemon made of answers."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pytest

from edgeverify.status_socket import Json
from edgeverify.web.roles import Role
from tests.web.office import FORM, JPEG, answered, photos_kept, sent, staff_text, told
from tests.web.stage import STAFF, Browser, Stage


def test_somebody_new_is_tried_shown_and_saved(page: Stage, manager: Browser) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    assert shown.status_code == 200, shown.text
    assert "<ins>+   - card: &#34;9&#34;</ins>" in shown.text
    assert staff_text(page) == STAFF  # nothing is written before it is confirmed
    (tried,) = [told["entry"] for name, told in page.asked if name == "try-person"]
    assert isinstance(tried, dict)
    (kept,) = photos_kept(page)
    assert tried["photos"] == [f"people/photos/{kept.name}"]
    saved = answered(manager, shown)
    assert "Saved, and in force" in saved.text
    assert 'card: "9"' in staff_text(page)
    (kept,) = photos_kept(page)
    assert f"people/photos/{kept.name}" in staff_text(page)
    assert kept.read_bytes() == JPEG
    assert kept.name.startswith("9-photo-")
    assert ("page people add", "9", "manager") in page.acts()
    again = answered(manager, shown)
    assert again.status_code == 409
    back = manager.get(str(shown.url))  # what Back shows once it was saved
    assert (back.status_code, "made already" in back.text) == (409, True)


def test_what_the_door_says_of_a_photo_stands_at_it_under_its_own_name(
    page: Stage, manager: Browser
) -> None:
    def refuse(arguments: Mapping[str, Any]) -> dict[str, Json]:
        (name,) = arguments["entry"]["photos"]
        problem = f"{name}: no face was found in it. Use another."
        return {"problems": [problem], "warnings": [], "look_alikes": []}

    page.answers["try-person"] = refuse
    shown = sent(manager, "/people/new", FORM, JPEG)
    assert shown.status_code == 422
    assert 'id="photos-wrong">eve 0.jpg: no face was found in it. Use another.<' in shown.text
    assert 'value="Eve"' in shown.text  # what was typed stays
    assert photos_kept(page) == []


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"card": "0012345"}, "card", "appears twice"),
        ({"card": "a b"}, "card", "1 to 64 letters"),
        ({"name": ""}, "name", "must not be empty"),
        ({"name": "Eve \u202ebob"}, "name", "reading direction"),
        ({"name": "Eve \u2028 Bob"}, "name", "reading direction"),
        ({"name": "Eve \x1b[2J"}, "name", "control characters"),
        ({"doors": "lab\u2066"}, "doors", "reading direction"),
        ({"windows": "sometimes"}, "windows", "sometimes"),
        ({"valid_from": "tomorrow"}, "valid_from", "2026-12-31"),
        ({"time_zone": "Moon/Base"}, "time_zone", "unknown time zone"),
        ({"valid_from": "2027-02-01", "valid_until": "2027-01-01"}, "valid_until", "before"),
        ({"language": "xx"}, "language", "en"),
    ],
)
def test_each_mistake_stands_at_its_field(
    page: Stage, manager: Browser, change: dict[str, str], field: str, said: str
) -> None:
    shown = sent(manager, "/people/new", FORM | change, JPEG)
    assert shown.status_code == 422
    found = re.search(rf'id="{field}-wrong">([^<]+)<', shown.text)
    assert found is not None, shown.text
    assert said in found[1].lower() or said in found[1]
    assert "/tmp" not in shown.text  # noqa: S108 - the folder of the trial
    assert staff_text(page) == STAFF
    assert photos_kept(page) == []


def test_without_a_photo_nobody_is_tried(page: Stage, manager: Browser) -> None:
    shown = sent(manager, "/people/new", FORM)
    assert "hoose at least one photo." in shown.text
    assert not [name for name, _ in page.asked if name == "try-person"]


def test_look_alikes_are_named_before_anything_is_saved(page: Stage, manager: Browser) -> None:
    twin: dict[str, Json] = {"card": "7", "name": "Bob", "is_same_photo": False}
    page.answers["try-person"] = {"problems": [], "warnings": [], "look_alikes": [twin]}
    shown = sent(manager, "/people/new", FORM, JPEG)
    assert "Looks like <bdi>Bob</bdi>" in shown.text
    assert "could enter" in shown.text
    twin["consequence"] = "each card is held to a threshold that the other's photo does not reach"
    shown = sent(manager, "/people/new", FORM, JPEG)
    assert "photo does not reach." in shown.text
    assert "could enter" not in shown.text


def test_cancelling_leaves_nothing_behind(page: Stage, manager: Browser) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    assert answered(manager, shown, "cancel").headers["location"] == "/people"
    assert (staff_text(page), photos_kept(page)) == (STAFF, [])


def test_what_the_door_refuses_is_taken_back(page: Stage, manager: Browser) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    page.answers["reload-outcome"] = told("camera.source names no camera")
    saved = answered(manager, shown)
    assert "nothing was changed: camera.source names no camera" in saved.text
    assert (staff_text(page), photos_kept(page)) == (STAFF, [])


def test_a_file_that_somebody_else_changed_meanwhile_is_not_overwritten(
    page: Stage, manager: Browser
) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    path = page.folder / "people" / "front-door.yaml"
    path.write_text(STAFF + "  # by hand\n", encoding="utf-8")
    saved = answered(manager, shown)
    assert saved.status_code == 503
    assert "changed by somebody else" in saved.text
    assert staff_text(page) == STAFF + "  # by hand\n"
    assert photos_kept(page) == []


def test_a_change_keeps_what_the_form_does_not_have(page: Stage, manager: Browser) -> None:
    shown = sent(
        manager,
        "/people/of/7",
        {"name": "Robert", "kept": "people/photos/bob.jpg", "valid_until": "2028-01-31"},
    )
    assert shown.status_code == 200, shown.text
    assert "Saved" in answered(manager, shown).text
    assert 'name: "Robert"' in staff_text(page)
    assert "valid_until: 2028-01-31" in staff_text(page)
    assert "Ada Lovelace  # in the office" in staff_text(page)
    assert not [name for name, _ in page.asked if name == "try-person"]  # the photos stay


def test_a_form_that_is_older_than_the_entry_changes_nothing(page: Stage, manager: Browser) -> None:
    """Two managers have the same person open; what the first has saved is not undone in silence."""
    form = {"name": "Robert", "kept": "people/photos/bob.jpg"}
    old = manager.hidden("/people/of/7")
    assert "Saved" in answered(manager, sent(manager, "/people/of/7", form)).text
    shown = manager.post("/people/of/7", {**form, "name": "Rob", **old})
    assert shown.status_code == 422
    assert "Somebody else has changed this person" in shown.text
    assert 'value="Robert"' in shown.text
    assert 'name: "Robert"' in staff_text(page)
    shown = sent(manager, "/people/of/7", form | {"name": "Rob"})
    assert "Saved" in answered(manager, shown).text


def test_from_the_question_back_to_the_form_with_what_was_typed(
    page: Stage, manager: Browser
) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    form = answered(manager, shown, "correct")
    assert form.status_code == 200
    assert 'value="Eve"' in form.text
    assert "have to be given once more" in form.text
    assert (staff_text(page), photos_kept(page)) == (STAFF, [])
    shown = sent(manager, "/people/of/7", {"name": "Robert", "kept": "people/photos/bob.jpg"})
    form = answered(manager, shown, "correct")
    assert 'value="Robert"' in form.text
    assert "once more" not in form.text
    assert 'action="/people/of/7"' in form.text


def test_a_removal_deletes_the_photo_and_is_written_down(page: Stage, manager: Browser) -> None:
    photo = page.folder / "people" / "photos" / "bob.jpg"
    photo.write_bytes(JPEG)
    token = manager.token("/people/of/7")
    shown = manager.followed(manager.post("/people/of/7/remove", {"form_token": token}))
    assert "Bob" in shown.text
    assert "The reference is destroyed" in shown.text
    assert photo.exists()
    assert "Removed" in answered(manager, shown).text
    assert "Bob" not in staff_text(page)
    assert not photo.exists()
    assert ("page people remove", "7", "manager") in page.acts()


def test_a_photo_that_lies_elsewhere_is_nobody_s_to_delete(page: Stage, manager: Browser) -> None:
    path = page.folder / "people" / "front-door.yaml"
    path.write_text(STAFF.replace("people/photos/bob.jpg", "bob.jpg"), encoding="utf-8")
    (page.folder / "bob.jpg").write_bytes(JPEG)
    token = manager.token("/people/of/7")
    asked = manager.post("/people/of/7/remove", {"form_token": token})
    answered(manager, manager.followed(asked))
    assert (page.folder / "bob.jpg").exists()


def test_a_change_belongs_to_whoever_made_it(page: Stage, manager: Browser) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    page.logins.put("other", Role.MANAGER, "four quiet green lamps")
    other = page.browser()
    other.log_in("other", "four quiet green lamps")
    change = re.search(r'name="change" value="([^"]+)"', shown.text)
    assert change is not None
    assert other.get(f"/people/confirm?change={change[1]}").status_code == 409
    values = {"form_token": other.token("/"), "change": change[1], "answer": "save"}
    assert other.post("/people/confirm", values).status_code == 409
    assert staff_text(page) == STAFF


def test_where_people_are_managed_elsewhere_the_page_says_so(page: Stage, manager: Browser) -> None:
    path = page.folder / "people" / "front-door.yaml"
    path.write_text(f"# Ansible managed\n{STAFF}", encoding="utf-8")
    shown = manager.get("/people")
    assert "Ada Lovelace" in shown.text
    assert "managed elsewhere" in shown.text
    assert "/people/new" not in shown.text
    assert manager.get("/people/new").status_code == 503
    assert manager.get("/people/of/7").status_code == 503


def test_three_pictures_of_the_door_s_camera_with_consent(page: Stage, manager: Browser) -> None:
    page.answers["capture"] = {
        "is_there": True,
        "is_usable": True,
        "advice": "good",
        "jpeg": base64.b64encode(JPEG).decode(),
    }
    token = manager.token("/people/new")

    def shoot() -> str:
        told = manager.post("/people/capture", {"form_token": token}).json()
        assert told["is_good"], told
        return str(told["shot"])

    shots = [shoot() for _ in range(3)]
    without = manager.post("/people/new", {**FORM, "form_token": token, "shot": shots})  # type: ignore[dict-item]
    assert "need the person&#39;s consent" in without.text
    two = {**FORM, "form_token": token, "shot": shots[:2], "consent": "yes"}
    assert "Take 3 pictures" in manager.post("/people/new", two).text  # type: ignore[arg-type]
    three = {**FORM, "form_token": token, "shot": shots, "consent": "yes"}
    sent = manager.post(
        "/people/new",
        three,  # type: ignore[arg-type]
        files=[("photo", ("id.jpg", JPEG, "image/jpeg"))],
    )
    shown = manager.followed(sent)
    assert shown.status_code == 200, shown.text
    assert "Saved" in answered(manager, shown).text
    assert len(photos_kept(page)) == 4
    (line,) = [one for one in staff_text(page).splitlines() if "camera_photos" in one]
    assert line.count("9-camera-") == 3
    assert ("page consent noted", "9", "manager") in page.acts()
    assert page.acts().count(("page capture", "", "manager")) == 3


def test_a_poor_picture_is_not_taken(page: Stage, manager: Browser) -> None:
    page.answers["capture"] = {"is_there": True, "is_usable": False, "advice": "move closer"}
    told = manager.post("/people/capture", {"form_token": manager.token("/people/new")}).json()
    assert told == {"is_good": False, "said": "Not good enough: move closer."}
