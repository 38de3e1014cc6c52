"""A recipe as YAML that says everything: every key with its value, and what it means."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

from edgeverify.settings import Section
from edgeverify_train.recipe.loss import KEYS, LossSettings
from edgeverify_train.recipe.recipe import Recipe

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
