"""`edgeverify-train align`: photos to chips, taken up again; what fails is written down."""

from __future__ import annotations

import csv
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgeverify_train.aligning.align import Aligned, align_folder
from edgeverify_train.aligning.cutting import Cut
from edgeverify_train.aligning.heat import CoolDown
from edgeverify_train.aligning.ledger import photos_in
from edgeverify_train.cli import app
from edgeverify_train.people import read_statement
from typer.testing import CliRunner

from edgeverify.atomic_file import read_plain
from edgeverify.errors import ConfigError
from edgeverify.feeding.templates import TEMPLATES
from edgeverify.thermal import Reading, Trips
from edgeverify.vision.dominance import FaceSelection
from tests.train.chips import mesh_of

PEOPLE = ("Abel_Pacheco", "Adam_Sandler")
ARCFACE = TEMPLATES["arcface-112"]


@pytest.fixture
def photos(tmp_path: Path, testdata: Path) -> Path:
    """Two people with two photos each, one of them a folder deeper; and what is no photo."""
    for person in PEOPLE:
        (tmp_path / "photos" / person / "older").mkdir(parents=True)
        first, second = sorted((testdata / "lfw/lfw-deepfunneled" / person).iterdir())[:2]
        shutil.copyfile(first, tmp_path / "photos" / person / "a.jpg")
        shutil.copyfile(second, tmp_path / "photos" / person / "older" / "a.jpg")
    (tmp_path / "photos" / PEOPLE[0] / "notes.txt").write_text("not a photo")
    cv2.imwrite(str(tmp_path / "photos" / PEOPLE[1] / "wall.png"), np.full((90, 90, 3), 200))
    (tmp_path / "photos" / ".thumbnails").mkdir()
    (tmp_path / "photos" / ".thumbnails" / "a.jpg").write_bytes(b"")
    return tmp_path / "photos"


def cool(read: object = list) -> CoolDown:
    def pause(_seconds: float) -> None:
        raise AssertionError("nothing is hot")

    return CoolDown(read, soft_celsius=None, clock=lambda: 0.0, pause=pause)  # type: ignore[arg-type]


def aligned(
    photos: Path,
    output: Path,
    *,
    workers: int = 1,
    size: int = 112,
    face: FaceSelection = FaceSelection.CENTRAL,
) -> Aligned:
    cut = Cut(output=output, template=ARCFACE, size=size, resize="area", face=face)
    return align_folder(
        photos,
        cut,
        unlabelled=False,
        workers=workers,
        cool_down=cool(),
        progress=lambda _done, _total, _name: None,
        say=print,
    )


def test_a_chip_a_photo_and_every_failure_with_its_reason(photos: Path, tmp_path: Path) -> None:
    chips = tmp_path / "chips"
    found = aligned(photos, chips)
    assert (found.people, found.made, found.kept) == (2, 4, 0)
    assert {row.photo: row.problem for row in found.failures} == {
        "Abel_Pacheco/notes.txt": "is not a picture that can be read",
        "Adam_Sandler/wall.png": "no face is in it",
    }
    names = sorted(path.relative_to(chips).as_posix() for path in chips.rglob("*.png"))
    assert names == [f"{person}/{name}.png" for person in PEOPLE for name in ("a", "older_a")]
    stated = read_statement(chips)
    assert stated is not None
    assert (stated.template, stated.template_version, stated.size) == ("arcface-112", 1, 112)
    with (chips / "aligned.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 6
    assert chips.stat().st_mode & 0o077 == 0
    # The eyes are where ArcFace's five points have them.
    for name in names:
        mesh = mesh_of(chips / name)
        found_places = ARCFACE.pick(mesh)  # type: ignore[union-attr]
        wanted = np.array(ARCFACE.places) * 112  # type: ignore[union-attr]
        assert np.abs(found_places - wanted).mean() < 4


def test_it_is_taken_up_where_it_stopped(photos: Path, tmp_path: Path) -> None:
    """Killed in the middle of a row; a chip deleted; a photo changed: these are done again."""
    chips = tmp_path / "chips"
    aligned(photos, chips)
    ledger = chips / "aligned.csv"
    rows = ledger.read_text().splitlines()
    ledger.write_text("\n".join(rows[:-1]) + "\n" + rows[-1][:25])
    (chips / "Abel_Pacheco" / "a.png").unlink()
    shutil.copyfile(photos / "Adam_Sandler/a.jpg", photos / "Abel_Pacheco/older/a.jpg")
    found = aligned(photos, chips)
    assert (found.made, found.kept) == (2, 2)
    assert len(found.failures) == 2
    again = aligned(photos, chips)
    assert (again.made, again.kept, len(again.failures)) == (0, 4, 2)
    (photos / "Abel_Pacheco/older/a.jpg").unlink()
    assert aligned(photos, chips).gone == ("Abel_Pacheco/older_a.png",)


def test_the_advice_on_several_faces_works_in_the_same_folder(photos: Path, tmp_path: Path) -> None:
    """The reason says `--face largest`: typed, it cuts that photo, and no other again."""
    one = cv2.imread(str(photos / "Abel_Pacheco/a.jpg"))
    assert one is not None
    cv2.imwrite(str(photos / "Abel_Pacheco/two.png"), np.hstack([one, one]))
    chips = tmp_path / "chips"
    before = aligned(photos, chips, face=FaceSelection.DOMINANT)
    assert any("--face largest" in row.problem for row in before.failures)
    again = aligned(photos, chips, face=FaceSelection.LARGEST)
    assert (again.made, len(again.failures)) == (1, len(before.failures) - 1)
    assert (chips / "Abel_Pacheco/two.png").is_file()


@pytest.mark.slow
def test_photos_that_cannot_be_read_are_written_down_and_looked_at_again(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A run takes hours: meanwhile one photo is moved away, and another is not for this user.
    moved, closed = photos / PEOPLE[0] / "a.jpg", photos / PEOPLE[1] / "a.jpg"
    content = moved.read_bytes()

    def guarded(path: Path, most: int) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return read_plain(path, most)

    monkeypatch.setattr("edgeverify_train.aligning.cutting.read_plain", guarded)
    listed = photos_in

    def then_moved(folder: Path, *, unlabelled: bool) -> object:
        found = listed(folder, unlabelled=unlabelled)
        moved.unlink()
        return found

    monkeypatch.setattr("edgeverify_train.aligning.align.photos_in", then_moved)
    found = aligned(photos, tmp_path / "chips")
    assert found.made == 2
    said = {row.photo: row.problem for row in found.failures}
    assert said["Abel_Pacheco/a.jpg"] == "cannot be read: No such file or directory"
    assert said["Adam_Sandler/a.jpg"] == "cannot be read: Permission denied"
    monkeypatch.undo()
    moved.write_bytes(content)
    again = aligned(photos, tmp_path / "chips")
    assert (again.made, again.kept) == (2, 2)


def test_a_pipe_among_the_photos_is_not_waited_for(photos: Path, tmp_path: Path) -> None:
    os.mkfifo(photos / PEOPLE[1] / "pipe.jpg")
    said = {row.photo: row.problem for row in aligned(photos, tmp_path / "chips").failures}
    assert said["Adam_Sandler/pipe.jpg"] == "cannot be read: it is not a plain file"
    assert len(said) == 3


def test_two_processes_cut_what_one_does(photos: Path, tmp_path: Path) -> None:
    one, two = aligned(photos, tmp_path / "one"), aligned(photos, tmp_path / "two", workers=2)
    assert (one.made, len(one.failures)) == (two.made, len(two.failures)) == (4, 2)
    for path in (tmp_path / "one").rglob("*.png"):
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert twin.read_bytes() == path.read_bytes()


def test_chips_of_two_kinds_are_never_mixed(photos: Path, tmp_path: Path) -> None:
    aligned(photos, tmp_path / "chips")
    with pytest.raises(ConfigError, match="holds chips of arcface-112, 112 pixels"):
        aligned(photos, tmp_path / "chips", size=128)
    with pytest.raises(ConfigError, match="lies within the photos"):
        aligned(photos, photos / "chips")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other.txt").write_text("")
    with pytest.raises(ConfigError, match="no alignment made it"):
        aligned(photos, tmp_path / "full")


def test_what_the_command_says(photos: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["align", str(photos), "-o", str(tmp_path / "chips")])
    assert "how the chips are to be cut must be said" in said.stderr
    said = CliRunner().invoke(
        app,
        ["align", str(photos), "-o", str(tmp_path / "chips"), "--template", "intel-128",
         "--face", "central", "--workers", "1"],
    )  # fmt: skip
    assert said.exit_code == 0, said.stderr
    assert "4 chips of 2 people" in said.stdout
    assert "intel-128, 128 pixels" in said.stdout
    assert "Adam_Sandler/wall.png: no face is in it" in said.stdout
    assert "next: edgeverify-train check-data" in said.stdout


def test_the_lines_to_type_next_can_be_typed_where_a_folders_name_has_spaces(
    photos: Path, tmp_path: Path
) -> None:
    chips = tmp_path / "my chips"
    said = CliRunner().invoke(
        app,
        ["align", str(photos), "-o", str(chips), "--recipe", "finetune-own-people",
         "--face", "central", "--workers", "1"],
    )  # fmt: skip
    check, train = (line for line in said.stdout.splitlines() if "edgeverify-train" in line)
    assert shlex.split(check)[1:] == ["edgeverify-train", "check-data", str(chips)]
    assert shlex.split(train)[4:6] == ["--data", str(chips)]


def test_a_recipe_says_how_to_cut_without_pytorch() -> None:
    """Reading PyTorch takes seconds in which nothing would be said, and may not be there at all."""
    code = (
        "import sys\n"
        "sys.modules.update(torch=None, torchvision=None, timm=None)\n"
        "from edgeverify_train.chip_statement import chips_of\n"
        "from edgeverify_train.recipe import load_recipe\n"
        "template, size = chips_of(load_recipe('siamese-triplet'), None, None)\n"
        "print(template.name, size)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "face01-224 224\n"


def test_names_that_would_meet_do_not(tmp_path: Path) -> None:
    several = ("a.jpg", "a.png", "A.webp", "b/a.jpg", "c/d/e.jpg", "c_d/e.jpg", "c_d_e.jpg")
    for name in several:
        (tmp_path / "P" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "P" / name).write_bytes(b"")
    chips = [photo.chip for photo in photos_in(tmp_path)]
    assert len({chip.casefold() for chip in chips}) == len(several)
    (tmp_path / "stray.jpg").write_bytes(b"")
    with pytest.raises(ConfigError, match="is in nobody's folder"):
        photos_in(tmp_path)
    assert len(photos_in(tmp_path, unlabelled=True)) == len(several) + 1


def test_a_hot_machine_waits_until_it_is_cooler() -> None:
    degrees = iter((60.0, 73.0, 71.0, 68.0, 66.0))
    now, said = [0.0], []

    def read() -> list[Reading]:
        return [
            Reading(sensor="cpu-thermal", celsius=next(degrees)),
            Reading(sensor="dead", celsius=None, fault="is disabled"),
        ]

    def pause(seconds: float) -> None:
        now[0] += seconds

    waiting = CoolDown(read, soft_celsius=None, clock=lambda: now[0], pause=pause)
    assert waiting.wait(said.append) == 0
    assert waiting.wait(said.append) == 0  # looked at less than five seconds ago
    now[0] += 6
    assert waiting.wait(said.append) == 15
    assert said[0] == "cpu-thermal has 73 degrees Celsius: waiting until it is below 67"
    assert len(said) == 3
    assert next(degrees, None) is None


def test_a_sensors_own_trip_point_comes_first_and_no_sensor_never_waits() -> None:
    trips = Trips(passive=60.0)
    told: list[str] = []
    hot = iter((61.0, 54.0))
    CoolDown(
        lambda: [Reading(sensor="soc", celsius=next(hot), trips=trips)],
        soft_celsius=None,
        clock=lambda: 0.0,
        pause=lambda _seconds: None,
    ).wait(told.append)
    assert told == ["soc has 61 degrees Celsius: waiting until it is below 55"]
    assert cool().wait(told.append) == 0
