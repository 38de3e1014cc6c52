"""`edgeverify-train check-data`: what spoils a training is found, and only that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from edgeverify_train.checking.findings import (
    amount,
    neighbours,
    same_people,
    same_pictures,
    strangers,
)
from edgeverify_train.cli import app
from edgeverify_train.leakage import require_apart
from edgeverify_train.people import people_in
from edgeverify_train.recipe import DataSettings
from PIL import Image
from typer.testing import CliRunner

from edgeverify.errors import ConfigError

PEOPLE = ("Abel_Pacheco", "Adam_Sandler", "Akhmed_Zakayev")


def crowd(people: int = 5, each: int = 4, spread: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Unit embeddings that keep made-up people well apart."""
    random = np.random.default_rng(6)
    centres = np.repeat(np.eye(16)[:people], each, axis=0)
    values = centres + random.normal(0, spread / 4, centres.shape)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return values.astype(np.float32), np.repeat(np.arange(people), each)


def test_good_labels_raise_nothing() -> None:
    values, person = crowd()
    found = neighbours(values, person, "cosine", 0.5)
    assert not found.meetings
    assert not strangers(found, 0.5)
    assert (found.own_count == 3).all()
    assert (found.own_best > 0.8).all()
    assert (found.other_best < 0.5).all()


def test_a_picture_in_another_persons_folder_is_named_with_whom_it_shows() -> None:
    values, person = crowd()
    person[0] = 4
    (found,) = strangers(neighbours(values, person, "cosine", 0.5), 0.5)
    assert found.picture == 0
    assert found.rather is not None
    assert person[found.rather] == 0
    assert found.rather_score > 0.5 > found.own_score


def test_a_picture_of_nobody_in_the_folder_is_unlike_the_rest() -> None:
    values, person = crowd()
    values[5] = np.eye(16)[12]
    (found,) = strangers(neighbours(values, person, "cosine", 0.5), 0.5)
    assert (found.picture, found.rather) == (5, None)


def test_one_person_under_two_names_is_one_finding() -> None:
    values, person = crowd()
    person[person == 1] = np.array([1, 1, 7, 7])
    found = same_people(neighbours(values, person, "cosine", 0.5), person)
    assert [(sorted((person[one.first], person[one.second])), one.pairs) for one in found] == [
        ([1, 7], 4)
    ]


def test_who_has_two_pictures_is_not_called_strange() -> None:
    """Of two that differ, nobody can say which is the wrong one."""
    values, person = crowd(each=2)
    values[0] = np.eye(16)[12]
    assert not strangers(neighbours(values, person, "cosine", 0.5), 0.5)


def test_one_picture_in_several_places() -> None:
    found = same_pictures(["a", "b", "a", "c", "b"], np.array([0, 1, 2, 2, 1]))
    assert [(one.pictures, one.people) for one in found] == [((0, 2), (0, 2)), ((1, 4), (1,))]


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (999, "fewer than the 1,000"),
        (1000, "enough for a small task"),
        (1500, "enough for a medium task"),
        (5000, "enough for a large task"),
    ],
)
def test_the_table_of_identities(people: int, said: str) -> None:
    assert said in amount([2] * people).verdict


def test_possible_pairs_are_counted() -> None:
    found = amount([1, 2, 4])
    assert (found.mated, found.non_mated) == (7, 14)
    assert (found.fewest, found.median, found.most) == (1, 2, 4)


@pytest.fixture
def album(tmp_path: Path, testdata: Path) -> Path:
    for person in PEOPLE:
        (tmp_path / "album" / person).mkdir(parents=True)
        for photo in sorted((testdata / "lfw/lfw-deepfunneled" / person).iterdir())[:3]:
            shutil.copyfile(photo, tmp_path / "album" / person / photo.name)
    return tmp_path / "album"


def check(*words: str | Path) -> tuple[int, str, str]:
    said = CliRunner().invoke(app, ["check-data", *(str(word) for word in words), "--no-cache"])
    assert said.exception is None or isinstance(said.exception, SystemExit), said
    return said.exit_code, said.stdout, said.stderr


def test_real_people_and_what_was_done_to_their_folders(album: Path, tmp_path: Path) -> None:
    """A photo in a wrong folder, one picture under two people, and people of an evaluation."""
    code, out, _ = check(album)
    assert code == 0, out
    assert "3 people" in out
    assert "may be" not in out
    assert f"next: edgeverify-train fit RECIPE --data {album}" in out

    shutil.move(album / PEOPLE[1] / f"{PEOPLE[1]}_0003.jpg", album / PEOPLE[0] / "moved.jpg")
    shutil.copyfile(album / PEOPLE[2] / f"{PEOPLE[2]}_0001.jpg", album / PEOPLE[0] / "copy.jpg")
    (album / PEOPLE[2] / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "pairs.txt").write_text(f"1\t1\n{PEOPLE[0]}\t1\t2\nSomebody\t1\tElse\t1\n")
    code, out, _ = check(album, "--against", tmp_path / "pairs.txt", "-o", tmp_path / "out")
    assert code == 1
    assert "people who are in the evaluation" in out
    assert f"{PEOPLE[0]}/copy.jpg = {PEOPLE[2]}/{PEOPLE[2]}_0001.jpg" in out
    assert f"{PEOPLE[0]}/moved.jpg: " in out
    assert f"with {PEOPLE[1]}/" in out
    assert "broken.jpg: is not a picture that can be read" in out
    assert "To be mended before a training" in out
    told = json.loads((tmp_path / "out/check.json").read_text())
    assert told["leaked_people"] == {str(tmp_path / "pairs.txt"): [PEOPLE[0]]}
    assert told["strangers"][0]["rather"].split("/")[0] in PEOPLE[1:]
    assert len(told["must_mend"]) == 2
    with Image.open(tmp_path / "out/worst.png") as picture:
        assert picture.width > 800
    assert (tmp_path / "out/worst.png").stat().st_mode & 0o077 == 0


def test_pictures_of_an_evaluation_folder_under_other_names(album: Path, tmp_path: Path) -> None:
    (tmp_path / "evaluation" / "X").mkdir(parents=True)
    shutil.copyfile(album / PEOPLE[0] / f"{PEOPLE[0]}_0001.jpg", tmp_path / "evaluation/X/1.jpg")
    code, out, _ = check(album, "--against", tmp_path / "evaluation")
    assert code == 1
    assert f"{PEOPLE[0]}/{PEOPLE[0]}_0001.jpg" in out


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    code, _, err = check(tmp_path / "nowhere")
    assert code != 0
    assert "nowhere" in err
    assert "Traceback" not in err


def test_an_evaluation_that_is_not_there_is_said_before_any_picture_is_looked_at(
    tmp_path: Path,
) -> None:
    code, _, err = check(tmp_path, "--against", tmp_path / "pairs.txt")
    assert code != 0
    assert f"the evaluation list {tmp_path / 'pairs.txt'} cannot be read: No such file" in err
    assert "Errno" not in err


def test_somebody_of_an_evaluation_folder_under_another_name_is_seen_by_the_face(
    album: Path, tmp_path: Path
) -> None:
    """Neither the name nor one byte is the same; it is listed and drawn, and left to judge."""
    (tmp_path / "evaluation" / "X").mkdir(parents=True)
    moved = album / PEOPLE[1] / f"{PEOPLE[1]}_0003.jpg"
    shutil.move(moved, tmp_path / "evaluation" / "X" / "1.jpg")
    with pytest.raises(ConfigError, match="is not what"):
        kept_apart(album, check=str(tmp_path / "out/check.json"))
    code, out, _ = check(
        album, "--against", tmp_path / "evaluation", "-o", tmp_path / "out"
    )  # fmt: skip
    assert code == 0, out
    assert (
        f"compared with {tmp_path / 'evaluation'} by name, by picture, and by face: 8 with 1" in out
    )
    assert "1 pair of people who may be one, here and in the evaluation" in out
    assert "X/1.jpg: 0." in out
    told = json.loads((tmp_path / "out/check.json").read_text())
    ((found,),) = told["leaked_faces"].values()
    assert found["own"].startswith(str(album / PEOPLE[1]))
    assert not told["leaked_people"]
    assert not told["leaked_pictures"]

    # `fit` goes by it: it refuses, until somebody has looked, and says what was compared.
    checked = str(tmp_path / "out/check.json")
    with pytest.raises(ConfigError, match=f"1 by the face, of .*{PEOPLE[1]}/.* like X/1.jpg") as no:
        kept_apart(album, check=checked)
    assert "data.not_leaked=[NAME]" in str(no.value.advice)
    (words,) = kept_apart(album, check=checked, not_leaked=(PEOPLE[1],))
    assert "compared by name, picture, face (8 with 1" in words
    assert "void" in kept_apart(album, check=checked, allow_shared_people=True)[0]
    shutil.copyfile(album / PEOPLE[0] / f"{PEOPLE[0]}_0001.jpg", album / PEOPLE[0] / "more.jpg")
    assert "run check-data again" in kept_apart(album, check=checked, not_leaked=(PEOPLE[1],))[1]
    shutil.rmtree(album / PEOPLE[1])
    assert kept_apart(album, check=checked)


def kept_apart(folder: Path, *, lists: tuple[Path, ...] = (), **data: object) -> tuple[str, ...]:
    people, _ = people_in(folder)
    return require_apart(folder, people, lists, DataSettings.model_validate(data))


def test_a_check_beside_the_folder_is_found_and_a_list_alone_tells_no_faces(
    album: Path, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("1\t1\nSomebody\t1\t2\nSomebody\t1\tElse\t1\n")
    (words,) = kept_apart(album, lists=(pairs,))
    assert "compared by name; faces were not compared" in words
    pairs.write_text(f"1\t1\n{PEOPLE[0]}\t1\t2\n{PEOPLE[0]}\t1\tElse\t1\n")
    with pytest.raises(ConfigError, match=f"1 of {pairs}: {PEOPLE[0]}"):
        kept_apart(album, lists=(pairs,))
    code, out, _ = check(album, "--against", pairs)
    assert code == 1
    assert f"compared with {pairs} by name; not by face" in out
    # Nobody need name the list again: the check beside the folder holds.
    with pytest.raises(ConfigError, match=f"1 of {pairs}: {PEOPLE[0]}"):
        kept_apart(album)


def test_pictures_of_an_evaluation_folder_are_refused_by_their_bytes(
    album: Path, tmp_path: Path
) -> None:
    (tmp_path / "evaluation" / "X").mkdir(parents=True)
    shutil.copyfile(album / PEOPLE[0] / f"{PEOPLE[0]}_0001.jpg", tmp_path / "evaluation/X/1.jpg")
    with pytest.raises(ConfigError, match=f"1 pictures? of .*{PEOPLE[0]}_0001.jpg"):
        kept_apart(album, lists=(tmp_path / "evaluation",))
