"""A recipe's file, or a shipped recipe's name, to `Recipe`; `--set KEY=VALUE` goes over it.

Those that the release brings are files beside this one. And back: a recipe as YAML that says every
key with its value, and what it means.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeverify.config.building import resolve
from edgeverify.config.problems import ConfigProblemsError, KeyPath
from edgeverify.config.reading import read_yaml
from edgeverify.config.sections import mapping_of, validated
from edgeverify.errors import ConfigError
from edgeverify.settings import Section
from edgeverify_train.recipe.loss import KEYS, LossSettings
from edgeverify_train.recipe.recipe import Recipe

_FILES = Path(__file__).parent / "files"


def shipped() -> tuple[str, ...]:
    """List their names, sorted."""
    return tuple(sorted(path.stem for path in _FILES.glob("*.yaml")))


def shipped_file(name: str) -> Path | None:
    """Return the file of the recipe of that name; None where there is none."""
    return _FILES / f"{name}.yaml" if name in shipped() else None


_PATHS = (
    ("data", "folder"),
    ("data", "evaluation_lists"),
    ("network", "start"),
    ("sampler", "pairs_file"),
    ("measurement", "folder"),
    ("feeding", "template"),
    ("teacher", "bundle"),
)
_MAYBE_PATHS = ("template", "bundle")
"""Names, unless something of that name lies there."""


def load_recipe(name_or_file: str, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe; ConfigProblemsError with file, line and key of every mistake.

    A recipe of the release is named; anything else is a file. Paths come back absolute: a shipped
    recipe's and those of `changes` (`data.folder=faces`) start from the working directory, a
    file's own from its folder.
    """
    path = shipped_file(name_or_file) or Path(name_or_file)
    if not path.is_file():
        raise ConfigError(
            f"there is no recipe {name_or_file}",
            advice=f"Give a file, or one of {', '.join(shipped())}. "
            "`edgeverify-train recipes NAME` prints one to start from.",
        )
    file = read_yaml(path)
    values = mapping_of(file, "name: my-training")
    _make_absolute(values, Path.cwd() if shipped_file(name_or_file) else path.parent.absolute())
    lines = {key: (path, line) for key, line in file.lines.items()}
    for change in changes:
        lines[_apply(values, change)] = (Path("--set"), 0)
    _make_absolute(values, Path.cwd())
    problems = list(file.problems)
    recipe = validated(values, lines, path, problems, Recipe)
    if problems or recipe is None:
        raise ConfigProblemsError(problems, "the recipe")
    return recipe


def _apply(values: dict[str, object], change: str) -> KeyPath:
    """Set what a change says; returns the key as an error's place names it."""
    key, equals, text = change.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"--set takes KEY=VALUE, not {change!r}",
            advice="Write for example: --set training.batch=64.",
        )
    *above, last = key.split(".")
    target: object = values
    for part in above:
        target = _below(target, part, key)
    value = _value(text)
    if isinstance(target, dict):
        target[last] = value
    elif isinstance(target, list) and last.isdecimal() and int(last) < len(target):
        target[int(last)] = value
    else:
        raise ConfigError(
            f"--set {key}: nothing stands there",
            advice="Keys are those of the recipe: `edgeverify-train recipes NAME` prints them.",
        )
    return tuple(int(part) if part.isdecimal() else part for part in (*above, last))


def _below(target: object, part: str, key: str) -> object:
    if isinstance(target, dict):
        if not isinstance(target.get(part), dict | list):
            target[part] = [{}] if part == "stages" else {}
        return target[part]
    if isinstance(target, list) and part.isdecimal() and int(part) < len(target):
        return target[int(part)]
    raise ConfigError(
        f"--set {key}: there is no {part} there",
        advice="Stages count from 0: --set stages.0.epochs=5.",
    )


def _value(text: str) -> object:
    """Read a value as the YAML would: numbers, true and false, `[a, b]`, else text."""
    if text.startswith("[") and text.endswith("]"):
        return [resolve(part.strip()) for part in text[1:-1].split(",") if part.strip()]
    return resolve(text)


def _make_absolute(values: dict[str, object], folder: Path) -> None:
    for section, key in _PATHS:
        inner = values.get(section)
        if not isinstance(inner, dict):
            continue
        stated = inner.get(key)
        if isinstance(stated, str) and key in _MAYBE_PATHS and not (folder / stated).exists():
            continue
        if isinstance(stated, str) and stated:
            inner[key] = str(folder / stated)
        elif isinstance(stated, list):
            inner[key] = [str(folder / one) if isinstance(one, str) else one for one in stated]


WIDTH = 96


def print_recipe(recipe: Recipe) -> str:
    """Return the recipe's text: reading it gives the same recipe."""
    return "\n".join(_lines(recipe, "")) + "\n"


def _lines(section: Section, indent: str) -> Iterator[str]:
    void = _void(section)
    for name, field in type(section).model_fields.items():
        if name in void:
            continue
        value = getattr(section, name)
        if isinstance(value, Section):
            yield ""
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
            continue
        if isinstance(value, tuple) and value and isinstance(value[0], Section):
            yield ""
            yield f"{indent}{name}:"
            for key, about in type(value[0]).model_fields.items():
                yield from _comment(f"{key}: {about.description}", indent + "  ")
            for entry in value:
                first, *rest = (line for line in _plain(entry))
                yield f"{indent}  - {first}"
                yield from (f"{indent}    {line}" for line in rest)
            continue
        yield from _comment(field.description or "", indent)
        yield f"{indent}{name}: {_written(value)}".rstrip()


def _comment(text: str, indent: str) -> Iterator[str]:
    for line in textwrap.wrap(" ".join(text.split()), WIDTH - 4):
        yield f"{indent}# {line}"


def _plain(section: Section) -> Iterator[str]:
    for name in type(section).model_fields:
        yield f"{name}: {_written(getattr(section, name))}".rstrip()


def _void(section: Section) -> frozenset[str]:
    """Keys that mean nothing beside the others, and would be refused when read again."""
    if not isinstance(section, LossSettings):
        return frozenset()
    return frozenset(type(section).model_fields) - KEYS[section.kind] - {"kind"}


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)
