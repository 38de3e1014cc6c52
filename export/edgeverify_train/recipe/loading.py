"""A recipe's file, or a shipped recipe's name, to `Recipe`; `--set KEY=VALUE` goes over it.

Those that the release brings are files beside this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeverify.config.building import resolve
from edgeverify.config.problems import ConfigProblemsError
from edgeverify.config.reading import read_yaml
from edgeverify.config.sections import mapping_of, validated
from edgeverify.errors import ConfigError
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
    for change in changes:
        _apply(values, change)
    _make_absolute(values, Path.cwd())
    problems = list(file.problems)
    lines = {key: (path, line) for key, line in file.lines.items()}
    recipe = validated(values, lines, path, problems, Recipe)
    if problems or recipe is None:
        raise ConfigProblemsError(problems)
    return recipe


def _apply(values: dict[str, object], change: str) -> None:
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
