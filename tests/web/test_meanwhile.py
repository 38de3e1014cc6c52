"""Somebody else is at work between what is shown and what is confirmed; a photo may be shared."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeverify.web.roles import Role
from edgeverify.web.staff import saving
from tests.web.office import FORM, JPEG, answered, photos_kept, sent, staff_text, told
from tests.web.stage import CONFIG, PASSWORD, STAFF, Browser, Stage, stage


def _broken(path: Path) -> None:
    path.write_text("staff: [", encoding="utf-8")


def _linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere.yaml"))
    path.symlink_to("elsewhere.yaml")


@pytest.mark.parametrize(
    ("happened", "said"),
    [(_broken, "is not YAML"), (Path.unlink, "No such file"), (_linked, "is a link to")],
)
def test_a_staff_file_that_became_another_is_left_as_it_is_and_no_photo_stays(
    page: Stage, manager: Browser, happened: Callable[[Path], None], said: str
) -> None:
    """A link was replaced by a file, and photos that nobody had confirmed lay there for an hour."""
    shown = sent(manager, "/people/new", FORM, JPEG)
    path = page.folder / "people" / "front-door.yaml"
    happened(path)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    saved = answered(manager, shown)
    assert (saved.status_code, said in saved.text) == (503, True), saved.text
    assert (path.read_text(encoding="utf-8") if path.exists() else "") == before
    assert path.is_symlink() is (happened is _linked)
    assert photos_kept(page) == []
    assert page.acts() == [("page log-in", "manager", "manager")], "nothing was done"


def test_a_config_that_names_another_file_meanwhile_is_told(page: Stage, manager: Browser) -> None:
    shown = sent(manager, "/people/new", FORM, JPEG)
    (page.folder / "people" / "other.yaml").write_text(STAFF, encoding="utf-8")
    config = CONFIG.replace("people/front-door.yaml", "people/other.yaml")
    (page.folder / "front-door.yaml").write_text(config, encoding="utf-8")
    assert "names another staff file" in answered(manager, shown).text
    assert (staff_text(page), photos_kept(page)) == (STAFF, [])


def test_a_file_that_is_a_mount_of_its_own_says_what_to_mount_instead(
    page: Stage, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(path: Path, _content: bytes, **_more: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy", str(path))  # as rename(2) says it

    shown = sent(manager, "/people/new", FORM, JPEG)
    monkeypatch.setattr(saving, "write_whole", busy)
    assert "mount its folder instead" in answered(manager, shown).text
    assert (staff_text(page), photos_kept(page)) == (STAFF, [])


def _removed(folder: Path, *, config: str = CONFIG, staff: str = STAFF, link: str = "") -> Path:
    """Let Bob be removed, and return where his photo was; `link`: whose photo it leads to."""
    with stage(folder, config=config) as page:
        (page.folder / "people" / "front-door.yaml").write_text(staff, encoding="utf-8")
        page.logins.put(Role.MANAGER.value, Role.MANAGER, PASSWORD)
        page.answers |= {"reload": {"ticket": 3}, "reload-outcome": told()}
        manager = page.logged_in(Role.MANAGER)
        photo = page.folder / "people" / "photos" / "bob.jpg"
        if link:
            photo.with_name(link).write_bytes(JPEG)
            photo.symlink_to(link)
        else:
            photo.write_bytes(JPEG)
        token = manager.token("/people/of/7")
        asked = manager.followed(manager.post("/people/of/7/remove", {"form_token": token}))
        assert ("Deleted with it" in asked.text) is bool(link), "what is said is what is done"
        assert "Removed" in answered(manager, asked).text
        return photo


ALSO_BOB = 'staff:\n  - {card: "77", name: Bob, photos: [people/photos/bob.jpg]}\n'


def test_a_photo_of_somebodys_other_card_in_the_config_itself_stays(tmp_path: Path) -> None:
    assert _removed(tmp_path, config=CONFIG + ALSO_BOB).exists()


def test_a_photo_that_another_entry_writes_in_another_way_stays(tmp_path: Path) -> None:
    also = '  - {card: "77", name: Bob, photos: [./people/../people/photos/bob.jpg]}\n'
    assert _removed(tmp_path, staff=STAFF + also).exists()


def test_of_a_link_to_somebody_elses_photo_the_link_alone_goes(tmp_path: Path) -> None:
    photo = _removed(tmp_path, link="ada.jpg")
    assert not photo.is_symlink()
    assert photo.with_name("ada.jpg").exists()
