"""What is said of the photos that people bring: real ones, and what goes wrong with them."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.enrolment.config_door import Door, changes, entry


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_that_lies_on_its_side_is_turned_and_said(door: Door, quarters: int) -> None:
    with Image.open(door.folder / "obama.jpg") as image:
        image.rotate(quarters * 90, expand=True).save(door.folder / "lies.png")
    door.admit("1", "Barack Obama", "obama.jpg", "lies.png")
    report = door.synchronise()
    assert report.problems == ()
    degrees = 360 - quarters * 90
    assert report.warnings == (
        f"card 1 (Barack Obama): lies.png: was turned by {degrees} degrees; save it upright",
    ), "and it looks like the same person"


def test_one_bad_photo_never_stops_the_rest(door: Door) -> None:
    (door.folder / "text.jpg").write_text("not a photo")
    Image.new("RGB", (400, 400), "grey").save(door.folder / "grey.png")
    with Image.open(door.folder / "tiny.jpg") as small:
        small.resize((small.width * 3 // 4, small.height * 3 // 4)).save(door.folder / "dot.png")
    door.admit("1", "Nobody", "text.jpg", "grey.png", "gone.jpg", "two.jpg", "dot.png")
    door.admit("2", "Joe Biden", "biden.jpg")
    door.admit("3", "Barack Obama", "text.jpg", "obama.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "refused", "2": "enrolled", "3": "enrolled"}
    assert [problem.removeprefix("card 1 (Nobody): ") for problem in report.problems[:5]] == [
        "text.jpg: is not a picture that can be read. Use JPEG, PNG, WebP, HEIC or AVIF.",
        (
            "grey.png: no face was found in it. "
            "Use a photo of one face that looks at the camera, upright and lit from the front."
        ),
        (
            f"gone.jpg: there is no such file in {door.folder}. "
            "Copy it there, or correct its name: large and small letters differ."
        ),
        "two.jpg: it shows several faces. Crop it to one face.",
        (
            "dot.png: the face is too small: 18 pixels between the eyes, and it must be at least "
            "20. Use a larger photo of it, or the camera's own instead of a reduced copy."
        ),
    ]
    assert report.problems[5].startswith(
        "card 3 (Barack Obama): text.jpg: is not a picture that can be read. "
    )
    assert report.refused == ("1",)
    assert report.summary == "2 enrolled, 1 refused"


def test_a_small_card_is_enrolled_with_a_warning_and_held_to_a_tighter_threshold(
    door: Door,
) -> None:
    """Half of real ID documents show 24 to 32 pixels between the eyes, and match all the same."""
    door.admit("1", "Barack Obama", "tiny.jpg")
    report = door.synchronise()

    assert changes(report) == {"1": "enrolled"}
    said = "\n".join(report.warnings)
    assert "tiny.jpg: only 24 pixels between the eyes, and it is held to a tighter" in said
    assert "its only usable photo is small: a second one, recent and in colour" in said
    assert door.reference("1").is_small

    door.people.clear()
    door.admit("1", "Barack Obama", "tiny.jpg", "obama.jpg")
    report = door.synchronise()
    assert not door.reference("1").is_small, "one photo of two is large"
    assert not any("its only usable photo" in line for line in report.warnings)


def test_a_photo_without_colour_asks_for_a_second(door: Door) -> None:
    with Image.open(door.folder / "obama.jpg") as photo:
        photo.convert("L").save(door.folder / "old.png")
    door.admit("1", "Barack Obama", "old.png")

    (said,) = door.synchronise().warnings

    assert "its only usable photo is without colour, as old ones are" in said


def test_a_bad_photo_is_told_at_every_start_until_it_is_put_right(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg", "two.jpg")
    first = door.synchronise()
    second = door.synchronise()
    assert first.problems == second.problems
    assert changes(second) == {"1": "unchanged"}


def test_a_blurred_photo_is_refused(door: Door) -> None:
    with Image.open(door.folder / "obama.jpg") as image:
        image.filter(ImageFilter.GaussianBlur(14)).save(door.folder / "blurred.png")
    door.admit("1", "Barack Obama", "blurred.png")
    (problem,) = door.synchronise().problems
    assert "blurred.png: the face is blurred: " in problem
    assert "in sharpness (variance of the Laplacian), and it must be at least" in problem
    assert problem.endswith(". Use a sharp photo.")


def test_a_photo_that_lies_on_its_side_is_refused_with_degrees_and_a_cure(door: Door) -> None:
    with Image.open(door.folder / "obama.jpg") as image:
        image.rotate(40, expand=True).save(door.folder / "turned.png")
    door.admit("1", "Barack Obama", "turned.png")
    (problem,) = door.synchronise().problems
    assert re.search(r"camera: \d+ degrees of tilt, and it must be at most \d+\. Use ", problem)
    assert "turn it upright and save it." in problem


def test_a_face_beyond_the_border_is_to_be_further_from_it(door: Door) -> None:
    with Image.open(door.folder / "obama.jpg") as image:
        image.crop((0, 0, round(image.width * 0.5), image.height)).save(door.folder / "cut.png")
    door.admit("1", "Barack Obama", "cut.png")
    (problem,) = door.synchronise().problems
    assert re.search(r": -\d+ pixels from the border, and it must be at least \d+\. Use ", problem)


def test_a_small_photo_is_enrolled_with_a_warning(door: Door) -> None:
    door.admit("1", "Barack Obama", "small.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "enrolled"}
    (warning,) = report.warnings
    assert warning.startswith("card 1 (Barack Obama): small.jpg: only 4")


def test_a_tightly_cropped_id_photo_is_given_room(door: Door) -> None:
    with Image.open(door.folder / "obama.jpg") as image:
        tight = image.crop((362, 116, 624, 432))
        tight.save(door.folder / "tight.png")
    door.admit("1", "Barack Obama", "tight.png")
    assert changes(door.synchronise()) == {"1": "enrolled"}


def test_two_people_on_one_entry_are_doubted(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg", "biden.jpg")
    (warning,) = door.synchronise().warnings
    assert warning == (
        "card 1 (Barack Obama): obama.jpg and biden.jpg do not look like the same person"
    )


def test_look_alikes_are_named_once_a_pair(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    door.synchronise()
    door.admit("3", "His Twin", "obama2.jpg")
    report = door.synchronise()
    assert report.warnings == (
        (
            "card 1 (Barack Obama) and card 3 (His Twin) look alike: at this door's threshold each "
            "could enter with the other's card"
        ),
    )


def test_the_same_photo_on_two_cards_is_named(door: Door) -> None:
    shutil.copyfile(door.folder / "rose.jpg", door.folder / "copy.jpg")
    door.admit("1", "Rose", "rose.jpg")
    door.admit("2", "Not Rose", "copy.jpg")
    (pair,) = door.synchronise().look_alikes
    assert pair.is_same_photo
    assert "and card 2 (Not Rose) have the same photo: " in pair.line


def test_the_same_photo_twice_in_one_entry_counts_once(door: Door) -> None:
    shutil.copyfile(door.folder / "rose.jpg", door.folder / "copy.jpg")
    door.admit("1", "Rose", "rose.jpg", "copy.jpg")
    report = door.synchronise()
    assert entry(report, "1").photo_count == 1
    assert report.warnings == (
        "card 1 (Rose): copy.jpg: is the same photo as another of this entry",
    )


def test_an_id_card_s_photo_is_read_and_is_the_person(door: Door, testdata: Path) -> None:
    for name in ("BasanavicieneBirute.jpg", "BasanavicieneBiruteFace.jpg"):
        shutil.copyfile(testdata / "idcards/idenfy" / name, door.folder / name)
    door.admit("1", "The passport", "BasanavicieneBirute.jpg")
    door.admit("2", "The photo", "BasanavicieneBiruteFace.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "enrolled", "2": "enrolled"}
    assert len(report.look_alikes) == 1


def test_a_photo_with_broken_exif_is_still_a_photo(door: Door) -> None:
    with Image.open(door.folder / "rose.jpg") as image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    (door.folder / "exif.jpg").write_bytes(buffer.getvalue())
    door.admit("1", "Rose", "exif.jpg")
    assert changes(door.synchronise()) == {"1": "enrolled"}
