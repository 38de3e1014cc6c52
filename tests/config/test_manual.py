"""The shipped YAML is the manual, and a manual must be true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.config.explaining import section_of
from edgeverify.config.manual import render
from edgeverify.settings import Section, Settings

CONFIG = Path(__file__).resolve().parents[2] / "config"


def keys(section: type[Section], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in section.model_fields.items():
        yield (*above, name)
        if name != "staff" and (inner := section_of(field.annotation)):
            yield from keys(inner, (*above, name))


def test_the_shipped_yaml_is_the_defaults() -> None:
    assert load_config(CONFIG / "edgeverify.yaml").settings == Settings()


def test_the_shipped_yaml_is_what_the_settings_say() -> None:
    shipped = (CONFIG / "edgeverify.yaml").read_text(encoding="utf-8")
    assert shipped == render(), "run: python -m edgeverify.config.manual > config/edgeverify.yaml"


@pytest.mark.parametrize("key", list(keys(Settings)), ids=".".join)
def test_every_key_stands_in_the_shipped_yaml_under_a_comment(key: tuple[str, ...]) -> None:
    file = CONFIG / "edgeverify.yaml"
    _, line = load_config(file).lines[key]
    before = file.read_text(encoding="utf-8").splitlines()[line - 2].strip()
    assert before.startswith("#") or key == ("staff",)


def test_the_example_of_people_holds() -> None:
    loaded = load_config(CONFIG / "staff.example.yaml")
    assert [one.card for one in loaded.settings.staff] == ["0012345", "0098765", "A-17"]
