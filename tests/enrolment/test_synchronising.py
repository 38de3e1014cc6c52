"""The config is the truth about people: real faces, a real model, and what goes wrong."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from edgeverify.domain import Embedding, Reference
from edgeverify.enrolment import Change, EnrolmentReport, EntryReport, PhotoJudge, synchronise
from edgeverify.references import PhotoEmbedding, ReferenceStore
from edgeverify.settings import Settings
from edgeverify.verifier.pipeline import Pipeline

LOOKS_ALIKE = 0.45
"""Written by hand for these photos."""
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
FACES = "faces_misc/ageitgey/examples"
TRAIN = f"{FACES}/knn_examples/train"
PEOPLE = {
    "obama.jpg": f"{TRAIN}/obama/obama.jpg",
    "obama2.jpg": f"{TRAIN}/obama/obama2.jpg",
    "biden.jpg": f"{FACES}/biden.jpg",
    "rose.jpg": f"{TRAIN}/rose_leslie/img1.jpg",
    "two.jpg": f"{FACES}/two_people.jpg",
    "tiny.jpg": f"{FACES}/obama-240p.jpg",
    "small.jpg": f"{FACES}/obama_small.jpg",
}


@dataclass
class Door:
    """A config folder, its people, and a store."""

    folder: Path
    pipeline: Pipeline
    store: ReferenceStore
    people: dict[str, dict[str, object]] = field(default_factory=dict)
    seen: list[tuple[int, int, str]] = field(default_factory=list)

    def admit(self, card: str, name: str, *photos: str) -> None:
        self.people[card] = {"card": card, "name": name, "photos": photos}

    def synchronise(self, *, only: set[str] | None = None) -> EnrolmentReport:
        settings = Settings.model_validate({"staff": list(self.people.values())})
        return synchronise(
            settings,
            self.folder,
            self.store,
            PhotoJudge.using(self.pipeline, threshold=LOOKS_ALIKE),
            now=NOW,
            progress=lambda *step: self.seen.append(step),
            only=only,
        )

    def reference(self, card: str) -> Reference:
        """What the door would compare with."""
        return self.store.load(self.pipeline.embedder.embedding_space).usable[card]

    @property
    def usable(self) -> set[str]:
        return set(self.store.load(self.pipeline.embedder.embedding_space).usable)


@pytest.fixture
def door(tmp_path: Path, testdata: Path, pipeline: Pipeline) -> Iterator[Door]:
    folder = tmp_path / "config"
    folder.mkdir()
    for name, source in PEOPLE.items():
        shutil.copyfile(testdata / source, folder / name)
    store = ReferenceStore(tmp_path / "references.sqlite", bytes(range(32)), now=NOW)
    yield Door(folder, pipeline, store)
    store.close()


def entry(report: EnrolmentReport, card: str) -> EntryReport:
    return next(entry for entry in report.entries if entry.card == card)


def changes(report: EnrolmentReport) -> dict[str, str]:
    return {entry.card: entry.change.value for entry in report.entries}


def test_nobody_opens_a_pipeline_for_photos_that_are_known(door: Door) -> None:
    """A reload that changes nobody's photo must not cost a second detector and mesh."""
    door.admit("1", "Ada", "obama.jpg")
    door.synchronise()

    def open_pipeline() -> Pipeline:
        opened.append(True)
        return door.pipeline

    opened: list[bool] = []
    known = PhotoJudge.using(door.pipeline, threshold=LOOKS_ALIKE)
    settings = Settings.model_validate({"staff": list(door.people.values())})
    for photo, expected in (("obama.jpg", []), ("biden.jpg", [True])):
        (door.folder / "obama.jpg").write_bytes((door.folder / photo).read_bytes())
        judge = PhotoJudge(
            open_pipeline,
            embedding_space=known.embedding_space,
            metric=known.metric,
            threshold=known.threshold,
        )
        synchronise(settings, door.folder, door.store, judge, now=NOW)
        assert opened == expected


def test_a_judge_closes_the_pipeline_that_it_opened_and_leaves_the_one_that_it_was_lent(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Pipeline] = []

    def close(pipeline: Pipeline) -> None:
        closed.append(pipeline)

    monkeypatch.setattr(Pipeline, "close", close)
    lent = PhotoJudge.using(door.pipeline, threshold=LOOKS_ALIKE)
    own = PhotoJudge(
        lambda: door.pipeline,
        embedding_space=lent.embedding_space,
        metric=lent.metric,
        threshold=lent.threshold,
    )
    for judge, expected in ((lent, []), (own, [door.pipeline])):
        assert judge.pipeline is door.pipeline
        judge.close()
        assert closed == expected


def test_a_person_is_enrolled_kept_changed_and_removed(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    assert changes(door.synchronise()) == {"1": "enrolled", "2": "enrolled"}
    before = door.store.list()
    assert changes(door.synchronise()) == {"1": "unchanged", "2": "unchanged"}
    assert door.store.list() == before

    door.admit("1", "Barack Obama", "obama2.jpg")
    assert changes(door.synchronise()) == {"1": "updated", "2": "unchanged"}

    del door.people["1"]
    assert changes(door.synchronise()) == {"2": "unchanged", "1": "removed"}
    assert door.usable == {"2"}


def test_a_photo_with_other_bytes_under_the_same_name_is_enrolled_anew(door: Door) -> None:
    door.admit("1", "Somebody", "obama.jpg")
    door.synchronise()
    shutil.copyfile(door.folder / "rose.jpg", door.folder / "obama.jpg")
    assert changes(door.synchronise()) == {"1": "updated"}


def test_a_renamed_photo_and_a_renamed_person_cost_no_new_look(door: Door) -> None:
    door.admit("1", "Barack", "obama.jpg")
    door.synchronise()
    before = door.store.get("1")
    (door.folder / "obama.jpg").rename(door.folder / "other.jpg")
    door.admit("1", "Barack Obama", "other.jpg")
    assert changes(door.synchronise()) == {"1": "updated"}
    after = door.store.get("1")
    assert before is not None
    assert after is not None
    assert after.summary.name == "Barack Obama"
    assert np.array_equal(before.photos[0].embedding.values, after.photos[0].embedding.values)


def test_several_photos_make_one_reference(door: Door) -> None:
    door.admit("1", "Barack Obama", "obama.jpg", "obama2.jpg")
    report = door.synchronise()
    assert entry(report, "1").photo_count == 2
    space = door.pipeline.embedder.embedding_space
    assert door.store.load(space).usable["1"].photo_count == 2
    assert report.warnings == ()


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


def test_a_photo_that_goes_away_takes_nothing_back(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.synchronise()
    (door.folder / "rose.jpg").unlink()
    report = door.synchronise()
    assert changes(report) == {"1": "unchanged"}
    assert report.problems == ()
    assert "what was enrolled from it before is kept" in report.warnings[0]


def test_a_photo_that_was_replaced_by_a_bad_one_takes_its_reference_with_it(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.synchronise()
    shutil.copyfile(door.folder / "two.jpg", door.folder / "rose.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "refused"}
    assert door.store.list() == ()
    assert report.problems[-1].endswith(
        "its earlier reference was removed: the photos no longer carry it"
    )


def of_another_model(door: Door, card: str, photo: str) -> None:
    values = np.full(128, 0.1, dtype=np.float32)
    made = Embedding(values=values, embedding_space="f" * 64)
    kept = (PhotoEmbedding(photo=photo, digest="0" * 64, embedding=made),)
    door.store.put(card, "Rose", kept, now=NOW)


def test_a_reference_of_another_model_is_made_again_from_its_photo(door: Door) -> None:
    of_another_model(door, "1", "rose.jpg")
    door.admit("1", "Rose", "rose.jpg")
    assert changes(door.synchronise()) == {"1": "updated"}
    assert door.usable == {"1"}


def test_without_the_photo_it_is_refused_by_name_and_kept_for_the_way_back(door: Door) -> None:
    of_another_model(door, "1", "gone.jpg")
    door.admit("1", "Rose", "gone.jpg")
    report = door.synchronise()
    assert changes(report) == {"1": "refused"}
    assert report.problems[-1] == (
        "card 1 (Rose): its reference was made with another model and cannot be made again "
        "without the photo"
    )
    assert door.usable == set()
    assert len(door.store.list()) == 1


def test_enrolling_one_card_removes_nobody(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    door.synchronise()
    del door.people["2"]
    assert changes(door.synchronise(only={"1"})) == {"1": "unchanged"}
    assert door.usable == {"1", "2"}


def test_progress_names_everybody_and_ends(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.admit("2", "Joe Biden", "biden.jpg")
    door.synchronise()
    assert door.seen == [(0, 2, "Rose"), (1, 2, "Joe Biden"), (2, 2, "")]


def test_no_image_is_kept(door: Door) -> None:
    door.admit("1", "Rose", "rose.jpg")
    door.synchronise()
    kept = door.store.path.read_bytes()
    assert b"JFIF" not in kept
    assert len(kept) < 100_000
    assert {file.name for file in door.store.path.parent.iterdir()} <= {
        "config",
        "references.sqlite",
        "references.sqlite-wal",
        "references.sqlite-shm",
    }


def test_nobody_in_the_config_is_no_mistake(door: Door) -> None:
    report = door.synchronise()
    assert report.summary == "nobody in the config"
    assert report.count(Change.ENROLLED) == 0


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
