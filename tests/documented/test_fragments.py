"""Every piece of config on a page is one that the program takes, whole or within a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from edgeverify_export.template_file import read_template
from pydantic import BaseModel, TypeAdapter, ValidationError

from edgeverify.config import load_config
from edgeverify.config.reading import read_yaml
from edgeverify.lock.config import load_lock_config
from edgeverify.lock.settings import LockSettings
from edgeverify.settings import Settings
from tests.documented.test_command_lines import PAGES, spans

YAML = re.compile(r"^(?P<indent> *)```yaml\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
FEWEST_FRAGMENTS, FEWEST_KEYS = 10, 90
OTHERS = {"triggers": "an automation of Home Assistant"}
"""Blocks that begin with such a key are no config of ours, but this."""


def _blocks() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in YAML.finditer(text):
            line = text.count("\n", 0, found.start("indent")) + 1
            body = re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
            yield f"{page.name}:{line}", body


BLOCKS = dict(_blocks())


@pytest.mark.parametrize("where", BLOCKS)
def test_a_block_of_yaml_is_taken(where: str, tmp_path: Path) -> None:
    text = BLOCKS[where]
    first = re.match(r"[a-z_]+", text)
    assert first is not None, text
    if first[0] in OTHERS:
        return
    if first[0] == "rule":
        file = tmp_path / "template.yaml"
        file.write_text(text, encoding="utf-8")
        assert read_template(file)
        return
    _load(tmp_path, text if "door:" in text else f"door: front-door\n{text}")


def test_there_are_blocks_of_every_kind() -> None:
    kinds = {re.split(r"\W", text, maxsplit=1)[0] for text in BLOCKS.values()}
    assert kinds >= {"rule", *OTHERS}
    assert len([one for one in BLOCKS.values() if not one.startswith("rule")]) >= FEWEST_FRAGMENTS


def _load(folder: Path, text: str) -> None:
    (folder / "people").mkdir(exist_ok=True)
    for name in ("staff.yaml", "people/front-door.yaml"):
        (folder / name).write_text("staff: []\n", encoding="utf-8")
    file = folder / "door.yaml"
    file.write_text(text, encoding="utf-8")
    if "\nlock_type:" in text:
        load_lock_config(file)
    else:
        load_config(file)


KEY = re.compile(r"(?P<key>[a-z_]+(?:\.[a-z_]+)*): (?P<value>\S.*)")
DOTTED = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
FILES = {"csv", "data", "onnx", "py", "safetensors", "sqlite", "yaml"}
ELSEWHERE = {
    "deny": "a rhythm of `signals`, where every word is a signal",
    "snapshot": "what the source of a camera begins with",
    "gst": "what the source of a camera begins with",
    "degraded": "what the status says",
    "mirror": "a bundle's manifest",
    "kind": "a bundle's manifest",
    "resize": "a bundle's manifest",
    "predict": "a method of a network",
}
"""Words that look like a key of the door's or the lock's config, and what they are."""


RECIPE = ("data.", "network.")
"""Sections of a training's recipe."""


def _fields(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Return every key of a config with its type, sections below sections."""
    for name, field in model.model_fields.items():
        yield (name,), field
        for kind in _models(field.annotation):
            yield from (((name, *below), one) for below, one in _fields(kind))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


FIELDS = [*_fields(Settings), *_fields(LockSettings)]
SHORT = {("evidence",): "keep", ("model",): "bundle"}
"""Sections that one value may stand for, and the key that is meant."""
NAMES = {path for path, _ in FIELDS}


def test_every_key_that_a_sentence_names_is_one() -> None:
    sections = {path[0] for path in NAMES if len(path) > 1}
    seen, unknown = 0, []
    for page in PAGES:
        for span in spans(page.read_text("utf-8")):
            parts = tuple(span.split("."))
            if DOTTED.fullmatch(span) and parts[0] in sections and parts[-1] not in FILES:
                seen += 1
                if parts not in NAMES and parts[-1] not in ELSEWHERE:
                    unknown.append(f"{page.name}: {span}")
    assert unknown == []
    assert seen >= FEWEST_KEYS


def test_every_value_that_a_sentence_gives_a_key_is_taken(tmp_path: Path) -> None:
    seen, refused = 0, []
    for page in PAGES:
        for span in spans(page.read_text("utf-8")):
            found = KEY.fullmatch(span)
            if (
                found is None
                or "..." in span
                or span.startswith(RECIPE)
                or _last(found["key"]) in ELSEWHERE
            ):
                continue
            meant = {(*path, SHORT[path]) for path in SHORT if path == (found["key"],)}
            fields = [
                field for path, field in FIELDS if path[-1] == _last(found["key"]) or path in meant
            ]
            for text in found["value"].split(" | "):
                seen += 1
                if not any(_takes(field, text, tmp_path) for field in fields):
                    refused.append(f"{page.name}: {span}")
    assert refused == []
    assert seen >= FEWEST_KEYS // 2


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _takes(field: Any, text: str, folder: Path) -> bool:
    file = folder / "value.yaml"
    file.write_text(f"value: {text}\n", encoding="utf-8")
    root = read_yaml(file).root
    assert isinstance(root, dict)
    try:
        TypeAdapter(field.annotation).validate_python(root["value"])
    except ValidationError:
        return False
    return True
