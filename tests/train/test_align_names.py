"""What `edgeverify-train align` makes of names and links as people have them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from edgeverify_train.cli import app
from typer.testing import CliRunner

from tests.train.test_align import PEOPLE, aligned
from tests.train.test_align import photos as photos  # noqa: PLC0414 - a fixture


def test_names_that_are_no_utf8_are_aligned_under_names_that_are(
    photos: Path, tmp_path: Path
) -> None:
    """As an old archive unpacks them: two people whose names differ in such a byte stay two."""
    for byte in (b"\xe8", b"\xe9"):
        person = photos / os.fsdecode(b"Ren" + byte)
        person.mkdir()
        shutil.copyfile(photos / PEOPLE[0] / "a.jpg", person / os.fsdecode(b"a" + byte + b".jpg"))
        (person / os.fsdecode(b"bad" + byte + b".jpg")).write_text("no picture")
    chips = tmp_path / "chips"
    assert aligned(photos, chips).people == 4
    names = {path.relative_to(chips).as_posix() for path in chips.rglob("a\\*.png")}
    assert names == {"Ren\\udce8/a\\udce8.png", "Ren\\udce9/a\\udce9.png"}
    again = aligned(photos, chips)
    assert (again.made, again.kept, len(again.failures)) == (0, 6, 4)
    said = CliRunner().invoke(app, ["check-data", str(photos), "-o", str(tmp_path / "check")])
    assert said.exit_code == 78, said.output
    assert "Ren\\udce8 is not named in UTF-8" in said.stderr
    assert "edgeverify-train align" in said.stderr


def test_names_with_breaks_in_them_are_taken_up_again(photos: Path, tmp_path: Path) -> None:
    """The ledger of `a<CR>b.jpg` could not be read: the same command ended in an error."""
    for name in ("a\rb.jpg", "a\nb.jpg", 'a","b.jpg', "=1+1.jpg"):
        shutil.copyfile(photos / PEOPLE[0] / "a.jpg", photos / PEOPLE[0] / name)
    chips = tmp_path / "chips"
    made = aligned(photos, chips).made
    again = aligned(photos, chips)
    assert (again.made, again.kept, again.gone) == (0, made, ())


def test_an_output_whose_links_lead_round_is_one_plain_line(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    words = ["align", str(photos), "-o", str(tmp_path / "round"), "--template", "arcface-112"]
    said = CliRunner().invoke(app, words)
    assert isinstance(said.exception, SystemExit), said.exception
    assert "round" in said.stderr


def test_a_linked_person_is_aligned_and_a_link_below_one_is_named(
    photos: Path, tmp_path: Path
) -> None:
    """As `evaluate` and `check-data` read such a folder; a link may lead round in a circle."""
    elsewhere = tmp_path / "elsewhere"
    (photos / PEOPLE[1]).rename(elsewhere)
    (photos / PEOPLE[1]).symlink_to(elsewhere)
    (photos / PEOPLE[0] / "round").symlink_to("..")
    found = aligned(photos, tmp_path / "chips")
    assert (found.people, found.made) == (2, 4)
    assert [row.problem for row in found.failures if row.photo.endswith("round")] == [
        "is a link to a folder below a person's own, which is not followed"
    ]


def test_check_data_names_what_align_names_in_the_same_words(photos: Path, tmp_path: Path) -> None:
    """Of a reason with a colon in it only the end was said, and of such a link nothing."""
    (photos / PEOPLE[0] / "round").symlink_to("..")
    (photos / PEOPLE[0] / "raw.tif").write_bytes(b"II*\x00" + bytes(40))
    reasons = {row.photo: row.problem for row in aligned(photos, tmp_path / "chips").failures}
    check = ["check-data", str(photos), "-o", str(tmp_path / "check"), "--no-cache"]
    said = CliRunner().invoke(app, check)
    for name in ("round", "raw.tif"):
        place = f"{PEOPLE[0]}/{name}"
        assert f"  {place}: {reasons[place]}\n" in said.stdout
