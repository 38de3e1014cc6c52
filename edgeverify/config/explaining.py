"""Pydantic's errors as sentences for people: what is allowed, and what the key may have meant."""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from edgeverify.settings import Section, Settings

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "a section with keys below it",
    "model_attributes_type": "a section with keys below it",
    "dict_type": "a section with keys below it",
}


_BARE: Mapping[str, str] = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "too_long": "must have at most {limit} entries",
    "string_too_long": "must have at most {limit} characters",
}


def explain(error: ErrorDetails, root: type[Section] = Settings) -> str:
    """Return a sentence that says what is wrong with the value at `error["loc"]`."""
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(error["loc"], root)
    if kind == "value_error":
        return str(error.get("ctx", {}).get("error", error["msg"]))
    if kind in _BARE:
        return _BARE[kind].format(limit=error.get("ctx", {}).get("max_length", ""))
    if kind == "tuple_type" and isinstance(value, str):
        return f"must be a list, not {_show(value)}; put it in brackets: [{_quoted(value)}]"
    if kind in _EXPECTED:
        return f"must be {_EXPECTED[kind]}, not {_show(value)}"
    return _out_of_range(error, root)


def _out_of_range(error: ErrorDetails, root: type[Section]) -> str:
    kind, shown = error["type"], _show(error["input"])
    found = _field(error["loc"], root)
    if kind == "literal_error":
        return f"must be {_choices(found, error)}, not {shown}"
    if kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}:
        return f"must be {_range(found)}, not {shown}"
    if kind.startswith("date"):
        return f"is not a day of the calendar such as 2026-12-31: {shown}"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}, not {shown}"


def allowed_range(found: FieldInfo) -> str:
    """Return the bounds in words ("0 to 255", "above 0, at most 60"); empty without bounds."""
    low = high = ""
    inclusive = True
    for bound in _metadata(found):
        if isinstance(bound, Ge):
            low = f"{bound.ge:g}" if isinstance(bound.ge, int | float) else ""
        elif isinstance(bound, Gt):
            low, inclusive = f"above {bound.gt}", False
        elif isinstance(bound, Le):
            high = f"{bound.le:.10g}" if isinstance(bound.le, int | float) else ""
        elif isinstance(bound, Lt):
            high, inclusive = f"below {bound.lt}", False
    if low and high:
        if inclusive:
            return f"{low} to {high}"
        low = low if low.startswith("above") else f"at least {low}"
        return f"{low}, {high if high.startswith('below') else f'at most {high}'}"
    if low:
        return low if low.startswith("above") else f"at least {low}"
    if high:
        return high if high.startswith("below") else f"at most {high}"
    return ""


def choices(annotation: Any) -> tuple[str, ...]:
    """List the words that a `Literal` (also inside a tuple) allows; empty for other types."""
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    for inner in get_args(annotation):
        if found := choices(inner):
            return found
    return ()


def section_of(annotation: Any) -> type[Section] | None:
    """Find the section type in a field's annotation (`X`, `X | None`, `tuple[X, ...]`)."""
    # On Python 3.10 `tuple[X, ...]` calls itself a type, and is none that `issubclass` takes.
    if get_origin(annotation) is None and inspect.isclass(annotation):
        return annotation if issubclass(annotation, Section) else None
    if get_origin(annotation) in {Union, types.UnionType, tuple, typing.Annotated}:
        for inner in get_args(annotation):
            if found := section_of(inner):
                return found
    return None


def _metadata(found: FieldInfo) -> list[Any]:
    inner = [
        deeper
        for part in get_args(found.annotation)
        for deeper in getattr(part, "__metadata__", ())
    ]
    return [*found.metadata, *inner]


def _field(loc: tuple[int | str, ...], root: type[Section]) -> FieldInfo | None:
    section: type[Section] | None = root
    found: FieldInfo | None = None
    for part in loc:
        if isinstance(part, int):
            continue
        if section is None:
            break
        found = section.model_fields.get(part)
        section = section_of(found.annotation) if found else None
    return found


def _unknown(loc: tuple[int | str, ...], root: type[Section]) -> str:
    *above, name = (part for part in loc if isinstance(part, str))
    section: type[Section] | None = root
    for part in above:
        known = section.model_fields.get(part) if section else None
        section = section_of(known.annotation) if known else None
    keys = sorted(section.model_fields) if section else []
    close = difflib.get_close_matches(name, keys, n=1, cutoff=0.6)
    odd = next((letter for letter in name if not letter.isascii()), "")
    if odd:  # it may look like the right key, or like none at all
        hint = f"; did you mean {close[0]!r}?" if close else "."
        return f"unknown key{hint} It holds U+{ord(odd):04X}: type it again"
    if close:
        return f"unknown key; did you mean {close[0]!r}?"
    elsewhere = [
        f"{outer}.{name}"
        for outer, info in root.model_fields.items()
        if (inner := section_of(info.annotation)) and name in inner.model_fields
    ]
    if name in root.model_fields:
        elsewhere.append(name)
    if elsewhere:
        return f"unknown key here; did you mean {' or '.join(elsewhere)}?"
    return f"unknown key; allowed here: {', '.join(keys)}"


def _choices(found: FieldInfo | None, error: ErrorDetails) -> str:
    words = choices(found.annotation) if found else ()
    if not words:
        return str(error.get("ctx", {}).get("expected", "another value"))
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _range(found: FieldInfo | None) -> str:
    return (allowed_range(found) if found else "") or "within its range"


def _quoted(value: str) -> str:
    return f'"{value}"' if len(value) <= 60 else "..."


def _show(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        shown = value if len(value) <= 60 else value[:57] + "..."
        return f'the text "{shown}"'
    return f"{value}"
