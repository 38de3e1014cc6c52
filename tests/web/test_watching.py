"""What whoever looks after a door is shown beside decisions: pictures, notices, the lock."""

from __future__ import annotations

from edgeverify.status_socket import Json
from edgeverify.web.roles import Role
from tests.web.stage import DECISION, NOON_TEXT, Stage

PICTURE = 'src="data:image/jpeg;base64,AAAA"'
DURESS: Json = {
    "at": NOON_TEXT,
    "kind": "duress",
    "card": "0012345",
    "name": "Ada",
    "event_id": "e-5",
}
FOLLOWED: Json = {"at": NOON_TEXT, "kind": "second_person", "card": "7", "name": "", "event_id": ""}


def test_a_manager_opens_a_picture_by_a_form_and_the_daemon_hears_who_does(page: Stage) -> None:
    browser = page.logged_in(Role.MANAGER)
    shown = browser.get("/journal/e-5").text
    assert "Open the picture" in shown
    assert PICTURE not in shown
    assert "picture" not in [name for name, _ in page.asked]
    opened = browser.post("/journal/e-5/picture", {"form_token": browser.token("/")})
    assert PICTURE in opened.text
    asked = [arguments for name, arguments in page.asked if name == "picture"]
    assert asked == [{"event_id": "e-5", "user": "manager"}]
    assert opened.headers["cache-control"] == "no-store"


def test_a_viewer_hears_of_no_picture_and_gets_none(page: Stage) -> None:
    browser = page.logged_in(Role.VIEWER)
    assert "icture of this decision" not in browser.get("/journal/e-5").text
    token = page.form_token(Role.VIEWER)
    assert browser.post("/journal/e-5/picture", {"form_token": token}).status_code == 403
    assert "picture" not in [name for name, _ in page.asked]


def test_where_none_is_kept_nothing_is_offered(page: Stage) -> None:
    page.answers["decision"] = {**page.answers["decision"], "has_picture": False}
    assert "Open the picture" not in page.logged_in(Role.MANAGER).get("/journal/e-5").text


def test_a_grant_behind_a_panel_is_not_shown_as_one(page: Stage) -> None:
    granted = {**DECISION, "outcome": "grant", "reason": "match"}
    browser = page.logged_in(Role.VIEWER)
    for opened_by, word in (("", "granted"), ("panel", "verified")):
        row = granted | {"opened_by": opened_by}
        page.answers["decisions"] = {"rows": [row]}
        page.answers["decision"] = row | {"frames": [], "details": {}}
        assert f">{word}</span>" in browser.get("/journal").text
        one = browser.get("/journal/e-5").text
        assert f">{word.capitalize()}</h1>" in one
        assert ("access-control panel to decide" in one) is bool(opened_by)
        assert browser.get("/journal/export.csv").text.splitlines()[1].endswith(f",{opened_by}")


def test_the_score_that_a_decision_was_taken_at_is_called_the_last_not_the_best(
    page: Stage,
) -> None:
    shown = page.logged_in(Role.VIEWER).get("/journal/e-5").text
    assert "<dt>Last score</dt><dd>0.310</dd>" in shown
    assert "Best" not in shown


def test_the_journal_is_filtered_by_days_in_their_order(page: Stage) -> None:
    browser = page.logged_in(Role.VIEWER)
    backwards = browser.get("/journal?since=2026-11-30&until=2026-11-01")
    assert (backwards.status_code, "The last day is before the first" in backwards.text) == (
        400,
        True,
    )
    assert browser.get("/journal?since=2026-11-30&until=2026-11-30").status_code == 200


def test_an_export_is_read_as_utf_8_by_a_spreadsheet(page: Stage) -> None:
    page.answers["decisions"] = {"rows": [{**DECISION, "name": "=Jürgen 山田"}]}
    raw = page.logged_in(Role.VIEWER).get("/journal/export.csv").content
    assert raw.startswith(b"\xef\xbb\xbfissued_at,")
    assert "'=Jürgen 山田" in raw.decode("utf-8-sig")


def test_duress_is_asked_for_by_managers_alone(page: Stage) -> None:
    def told(arguments: object) -> dict[str, Json]:
        is_manager = arguments == {"is_manager": True}
        return {"rows": [DURESS, FOLLOWED] if is_manager else [FOLLOWED]}

    page.answers["notices"] = told
    seen = page.logged_in(Role.MANAGER).get("/journal/notices").text
    assert "somebody was forced" in seen.lower()
    assert "a second face right after a grant" in seen.lower()
    viewed = page.logged_in(Role.VIEWER).get("/journal/notices").text
    assert "forced" not in viewed.split("<main")[1].split("<table")[1]
    assert "a second face right after a grant" in viewed.lower()


def test_a_door_held_open_or_forced_stands_among_the_notices_newest_first(page: Stage) -> None:
    page.answers["acts"] = {
        "rows": [
            {"at": "2026-11-29T12:03:00+00:00", "act": act, "subject": "e-5", "by_user": "lock"}
            for act in (
                "lock held_open (grant)",
                "lock locked (timer)",
                "unlock",
                "lock forced (x)",
            )
        ]
    }
    page.answers["notices"] = {"rows": [FOLLOWED]}
    shown = page.logged_in(Role.VIEWER).get("/journal/notices").text
    rows = shown.split("<tbody>")[1].split("<tr>")[1:]
    assert [("held open" in row, ">forced<" in row) for row in rows] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_the_state_says_how_the_lock_stands(page: Stage) -> None:
    shown = page.logged_in(Role.VIEWER).get("/").text
    assert "<dt>Lock</dt><dd>held open</dd>" in shown
    without = {key: value for key, value in page.answers["status"].items() if key != "lock"}
    page.answers["status"] = without
    assert "<dt>Lock</dt>" not in page.logged_in(Role.VIEWER).get("/").text


def test_a_photo_is_shown_small_or_it_is_said_why_not(page: Stage) -> None:
    browser = page.logged_in(Role.MANAGER)
    drawn = browser.get("/people/of/0012345/photo")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert "there is no such file" in drawn.text
    page.answers["thumbnail"] = {"jpeg": "/9j/", "why": ""}
    small = browser.get("/people/of/0012345/photo")
    assert (small.headers["content-type"], small.content) == ("image/jpeg", b"\xff\xd8\xff")
    told = {**page.answers["people"]["rows"][0], "photo_problem": "ada.jpg cannot be shown: gone."}
    page.answers["people"] = {"rows": [told], "is_enrolling": False}
    listed = browser.get("/people").text
    assert 'src="/people/of/0012345/photo"' in listed
    assert "ada.jpg cannot be shown: gone." in listed
