"""A config that holds: YAML 1.2, the staff file, the digest, the lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import ConfigProblemsError, LoadedConfig, load_config
from edgeverify.config.reading import read_yaml
from edgeverify.settings import Settings

PERSON = '  - card: "{card}"\n    name: {name}\n    photos: [{name}.jpg]\n'


def written(folder: Path, text: str, name: str = "door.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, text: str) -> LoadedConfig:
    return load_config(written(folder, text))


@pytest.mark.parametrize(
    "text", ["# a door\ncamera:\n", "\ufeffcamera: {}", "camera: {}", "camera:\n"]
)
def test_a_config_of_empty_sections_is_all_defaults(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text).settings == Settings()


@pytest.mark.parametrize(
    ("written_as", "means"),
    [
        ("off", "off"),
        ("no", "no"),
        ("yes", "yes"),
        ("y", "y"),
        ("17:30", "17:30"),
        ("1:20:30", "1:20:30"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1e-4", 1e-4),
        ("1.", 1.0),
        (".5", 0.5),
        ("0o17", 15),
        ("0x1F", 31),
        ("010", 10),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ('"null"', "null"),
        ("'17'", "17"),
        ("NO", "NO"),
        ("=", "="),
        ("9" * 70, "9" * 70),
        ("\ttrue", True),
    ],
)
def test_scalars_follow_yaml_1_2(tmp_path: Path, written_as: str, means: object) -> None:
    assert read_yaml(written(tmp_path, f"key: {written_as}\n")).root == {"key": means}


def test_liveness_off_is_the_word_off(tmp_path: Path) -> None:
    assert loaded(tmp_path, "liveness: off\n").settings.liveness == "off"


def test_a_yaml_1_1_directive_brings_no_yaml_1_1(tmp_path: Path) -> None:
    assert loaded(tmp_path, "%YAML 1.1\n---\nliveness: off\n").settings.liveness == "off"


def test_a_model_may_be_given_by_its_name_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, "model: mobilefacenet\n").settings.model.bundle == "mobilefacenet"


def test_people_may_stand_in_a_second_file(tmp_path: Path) -> None:
    written(tmp_path, "staff:\n" + PERSON.format(card="2", name="bob"), "people.yaml")
    config = loaded(
        tmp_path, "staff_file: people.yaml\nstaff:\n" + PERSON.format(card="1", name="ada")
    )
    assert [(one.card, one.name) for one in config.settings.staff] == [("1", "ada"), ("2", "bob")]
    assert config.files == (tmp_path / "door.yaml", tmp_path / "people.yaml")
    assert config.lines["staff", 1, "name"] == (tmp_path / "people.yaml", 3)


def test_a_mistake_in_the_staff_file_names_that_file(tmp_path: Path) -> None:
    people = written(tmp_path, "door: x\nstaff:\n  - card: 12\n    nmae: bob\n", "people.yaml")
    with pytest.raises(ConfigProblemsError) as caught:
        loaded(tmp_path, "staff_file: people.yaml\nstaff:\n" + PERSON.format(card="1", name="ada"))
    texts = [str(problem) for problem in caught.value.problems]
    assert texts[0] == f"{people}:1: door: unknown key; a staff file holds `staff:`"
    assert texts[1].startswith(f"{people}:3: staff[0].card: a card number must be in quotes")
    assert f"{people}:4: staff[1].nmae: unknown key; did you mean 'name'?" in texts


def test_a_card_in_both_files_is_twice_the_same_card(tmp_path: Path) -> None:
    people = written(tmp_path, "staff:\n" + PERSON.format(card="1", name="bob"), "people.yaml")
    with pytest.raises(ConfigProblemsError) as caught:
        loaded(tmp_path, "staff_file: people.yaml\nstaff:\n" + PERSON.format(card="1", name="ada"))
    assert str(caught.value.problems[0]) == (
        f'{people}:2: staff[1].card: card "1" appears twice, first in {tmp_path}/door.yaml:3'
    )


def test_a_staff_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigProblemsError, match=r"door\.yaml:\d: staff_file: .*gone\.yaml: cannot be read"
    ):
        loaded(tmp_path, "staff_file: gone.yaml\n")


def test_the_digest_changes_with_either_file_and_with_nothing_else(tmp_path: Path) -> None:
    people = written(tmp_path, "staff: []\n", "people.yaml")
    config = written(tmp_path, "staff_file: people.yaml\n")
    first = load_config(config).digest
    assert load_config(config).digest == first
    people.write_text("staff: []\n\n")
    second = load_config(config).digest
    assert second != first
    config.write_text("staff_file: people.yaml # \n")
    assert load_config(config).digest not in {first, second}


def test_ten_thousand_people_load(tmp_path: Path) -> None:
    people = "".join(PERSON.format(card=f"{n:07}", name=f"p{n}") for n in range(10_000))
    assert len(loaded(tmp_path, "staff:\n" + people).settings.staff) == 10_000
