"""`edgeverify evaluate` and `calibrate` at the command line, on real faces and a real model."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeverify.domain import Outcome
from edgeverify.journal import Journal
from tests.doors import NOON, decided, door_keys
from tests.enrolment.real_model import write_mobilefacenet
from tests.evaluation.faces import Said, run

SIXTY = ("--gate", "min_eye_distance_pixels=60")
PEOPLE = ("Abel_Pacheco", "Adam_Sandler", "Akhmed_Zakayev")
Evaluate = Callable[..., Said]


@pytest.fixture(scope="session")
def model(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_mobilefacenet(folder, trained_models)
    return folder


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "private"


@pytest.fixture
def album(tmp_path: Path, testdata: Path) -> Path:
    """Three people with two pictures each, as LFW has them."""
    for person in PEOPLE:
        source = testdata / "lfw" / "lfw-deepfunneled" / person
        (tmp_path / "album" / person).mkdir(parents=True)
        for picture in sorted(source.iterdir())[:2]:
            shutil.copyfile(picture, tmp_path / "album" / person / picture.name)
    return tmp_path / "album"


@pytest.fixture
def evaluate(model: Path, kept: Path) -> Evaluate:
    def say(*words: str | Path) -> Said:
        return run(
            "evaluate", *words, "--bundle", model, "--cache", kept, "--threads", "1",
            "--threshold", "0.4",
        )  # fmt: skip

    return say


def test_a_threshold_that_no_score_reaches_is_refused(album: Path, model: Path) -> None:
    """It was dropped without a word, and the bundle's evidence blamed."""
    said = run("evaluate", album, "--bundle", model, "--no-cache", "--threshold", "41")
    assert said.code == 78
    assert "threshold 41 lets nobody in" in said.err


@pytest.mark.slow
def test_a_folder_of_people_is_measured_twice_and_drawn(
    album: Path, evaluate: Evaluate, tmp_path: Path
) -> None:
    said = evaluate(
        album, "--json", "--plots", tmp_path / "out", "--gate", "min_sharpness=0", *SIXTY
    )
    assert said.code == 0, said.err
    report = json.loads(said.out)
    off, on = report["measured"]["gates off"], report["measured"]["gates on"]
    assert (off["figures"]["mated"], off["figures"]["non_mated"]) == (3, 12)
    assert off["figures"]["eer"] == 0
    assert off["figures"]["confusion"]["matches_of_non_mated"] == 0
    assert not any(row["is_supported"] for row in off["figures"]["rows"])
    # LFW's faces have some 44 pixels between the eyes, and 60 are asked for.
    assert on["fta"]["count"] > 0
    assert report["gates"]["min_sharpness"] == 0
    for name in ("histograms", "roc", "det", "fnmr-against-fmr"):
        assert (tmp_path / "out" / f"{name}.svg").stat().st_size > 5000
        pixels = np.asarray(Image.open(tmp_path / "out" / f"{name}.png").convert("RGB"))
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text()) == report


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--gate", "min_sharpnes=0"), "--gate: min_sharpnes: unknown key; did you mean"),
        (("--gate", "max_yaw_degrees=-1"), "--gate: max_yaw_degrees: must be "),
        (("--max-fmr", "7"), "--max-fmr must be above 0, at most 0.1, not 7.0"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_in_our_own_words(
    album: Path, evaluate: Evaluate, words: tuple[str, ...], said: str
) -> None:
    refused = evaluate(album, *words)
    assert refused.code != 0
    assert said in refused.err


def test_damaged_and_repeated_pictures_are_named_and_the_rest_is_measured(
    album: Path, evaluate: Evaluate
) -> None:
    first = min((album / PEOPLE[0]).iterdir())
    shutil.copyfile(first, album / PEOPLE[0] / "again.jpg")
    (album / PEOPLE[1] / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    said = evaluate(album)
    assert said.code == 0, said.err
    assert "images left out: 2" in said.out
    assert "is the same picture as" in said.out
    assert "broken.jpg: is not a picture that can be read" in said.out
    assert "3 mated and 12 non-mated" in said.out
    assert "not supported: too few pairs of people" in said.out


def test_a_pair_list_with_missing_pictures(album: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    one, two, three = PEOPLE
    numbers = {name: sorted(path.stem[-4:] for path in (album / name).iterdir()) for name in PEOPLE}
    lines = ["2\t1"]
    for left, right in ((one, two), (three, two)):
        first, second = numbers[left]
        lines += [f"{left}\t{int(first)}\t{int(second)}", f"{left}\t{int(first)}\t{right}\t999"]
    lines[-1] = f"{three}\t{int(numbers[three][0])}\t{two}\t{int(numbers[two][0])}"
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    said = evaluate("--pairs", tmp_path / "pairs.txt", "--images", album)
    assert said.code == 0, said.err
    assert f"{two}_0999.jpg: line 3 of the pairs names it, and it is not there" in said.out
    assert "pair list: 2 mated, 1 non-mated" in said.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name one thing to measure"),
        (("nowhere",), "is not a folder"),
        (("nowhere", "--journal", "j", "--labels", "l"), "only one thing"),
        (("--pairs", "pairs.txt"), "--pairs and --images belong together"),
        (("nowhere", "--face", "third"), "choose one of dominant, central, largest"),
        (("nowhere", "--gate", "sharp"), "is not a gate and a number"),
        (("nowhere", "--gate", "sharp=3"), "sharp"),
        (("nowhere", "--report-folds", "a"), "is not a list of folds"),
    ],
)
def test_what_is_asked_wrongly_is_said_plainly(
    words: tuple[str, ...], message: str, evaluate: Evaluate
) -> None:
    said = evaluate(*words)
    assert said.code != 0
    assert message in said.err


def test_a_folder_with_one_person_is_an_error(album: Path, evaluate: Evaluate) -> None:
    for name in PEOPLE[1:]:
        shutil.rmtree(album / name)
    said = evaluate(album)
    assert said.code == 2
    assert "nobody to compare with" in said.err


@pytest.mark.slow
def test_transactions_across_sessions(evaluate: Evaluate, testdata: Path, tmp_path: Path) -> None:
    """Two sessions of two people: everybody comes in, and nobody as the other."""
    for person, sessions in (("0001", ("01", "02")), ("0005", ("01", "02"))):
        (tmp_path / "live" / person).mkdir(parents=True)
        for session in sessions:
            source = testdata / "nuaa" / "db" / "ClientRaw" / person
            for picture in sorted(source.glob(f"{person}_00_00_{session}_*.jpg"))[:20]:
                shutil.copyfile(picture, tmp_path / "live" / person / picture.name)
    said = evaluate(
        tmp_path / "live", "--sequences", "--json", "--gate", "min_eye_distance_pixels=30"
    )
    assert said.code == 0, said.err
    found = json.loads(said.out)["measured"]["gates on"]
    assert found["false_rejects"]["over_attempts"]["errors"] == 0
    assert found["false_accepts"]["over_attempts"]["errors"] == 0
    assert found["false_accepts"]["over_people"]["count"] == 1


@pytest.mark.slow
def test_calibrating_writes_what_the_door_then_finds(
    model: Path, kept: Path, testdata: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(model, bundle)
    faces = testdata / "lfw" / "lfw-deepfunneled"
    for number, person in enumerate(sorted(faces.iterdir())[:60]):
        (tmp_path / f"set{number % 2}" / person.name).mkdir(parents=True)
        for picture in person.iterdir():
            shutil.copyfile(picture, tmp_path / f"set{number % 2}" / person.name / picture.name)
    said = run(
        "calibrate", tmp_path / "set0", "--check", tmp_path / "set1", "--bundle", bundle,
        "--face", "central", "--cache", kept, "--threads", "1", "--name", "sixty people",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "FMR 0.0001 is not supported by this data; the strictest that is: 0.01" in said.out
    points = json.loads((bundle / "operating-points.json").read_text())["sets"][0]["points"]
    assert points[0]["dataset"].startswith("sixty people")
    assert points[0]["check"]["people"] == 30
    again = run(
        "evaluate", tmp_path / "set1", "--bundle", bundle, "--face", "central", "--cache", kept,
        "--threads", "1", "--max-fmr", "0.01",
    )  # fmt: skip
    assert f"the door's threshold: {points[0]['threshold']:.4f}" in again.out


def test_a_set_is_never_checked_on_its_own_people(album: Path, model: Path, kept: Path) -> None:
    said = run(
        "calibrate", album, "--check", album, "--bundle", model, "--cache", kept, "--threads", "1"
    )
    assert said.code == 2
    assert "3 people are in both sets" in said.err


def test_a_breakdown_by_any_column(album: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("person,glasses\n" + "".join(f"{name},no\n" for name in PEOPLE))
    said = evaluate(album, "--attributes", table)
    assert said.code == 0, said.err
    assert "glasses=no: 3 people, 6 images, FTA 0.0%, FMR 0 (to" in said.out


def test_names_that_are_no_utf8_are_spelt_out_in_the_report(
    album: Path, evaluate: Evaluate, tmp_path: Path
) -> None:
    """As an old archive unpacks them, in a folder and in a picture that is left out."""
    (album / PEOPLE[0]).rename(album / os.fsdecode(b"Ren\xe9"))
    (album / os.fsdecode(b"Ren\xe9/bad\xe9.jpg")).write_text("no picture")
    said = evaluate(album, "--plots", tmp_path / "out")
    assert said.code == 0, said.err
    report = (tmp_path / "out/evaluation.json").read_bytes().decode("utf-8")
    assert "Ren\\udce9/bad\\udce9.jpg" in report
    assert json.loads(report)


def test_a_folder_whose_links_lead_round_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    for command in ("evaluate", "calibrate"):
        said = run(command, tmp_path / "round")
        assert said.code == 2, said.err
        assert "round is not a folder" in said.err


def test_a_journal_is_judged_by_labels(tmp_path: Path) -> None:
    opened = Journal.open(tmp_path / "journal.sqlite", now=NOON)
    for name, outcome in (("one", Outcome.GRANT), ("two", Outcome.DENY)):
        opened.journal.record(decided(name, outcome=outcome, at=NOON), door_keys(tmp_path))
    opened.journal.close()
    (tmp_path / "labels.csv").write_text("event_id,label\nevent-one,genuine\nevent-two,impostor\n")
    said = run("evaluate", "--journal", tmp_path, "--labels", tmp_path / "labels.csv")
    assert said.code == 0, said.err
    assert "FRR: 0.00%, 0 of 1 transactions" in said.out
    assert "FAR: 0.00%, 0 of 1 transactions" in said.out


def test_transactions_of_one_run_are_nothing_to_compare(
    album: Path, evaluate: Evaluate, tmp_path: Path
) -> None:
    (tmp_path / "alone").mkdir()
    shutil.move(album / PEOPLE[0], tmp_path / "alone" / PEOPLE[0])
    said = evaluate(tmp_path / "alone", "--sequences")
    assert said.code == 2
    assert "one run of one person" in said.err
    assert "a folder of pictures" in evaluate("--pairs", "p", "--images", "i", "--sequences").err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("who,what\nann,a.mkv\n", "needs a column file"),
        ("person,clip\nann,nowhere.mkv\n", "names none of the files"),
    ],
)
def test_a_table_of_people_that_fits_no_file(
    album: Path, evaluate: Evaluate, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "people.csv").write_text(text)
    said = evaluate(album, "--sequences", "--people", tmp_path / "people.csv")
    assert said.code == 2
    assert message in said.err
