"""One entry of `staff` as lines of YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from edgeverify.settings.people import DAY

PLAIN_KEY = re.compile(r"^[a-z_]+$")


def entry_lines(entry: Mapping[str, object], indent: int) -> list[str]:
    """Return the lines of one entry of the list; `indent` is that of its dash."""
    lines = [f"  {line}" for line in _mapping(entry)]
    lines[0] = f"- {lines[0][2:]}"
    return [" " * indent + line for line in lines]


def _mapping(values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        name = key if PLAIN_KEY.match(key) else json.dumps(key)
        if isinstance(value, Mapping):
            yield f"{name}:"
            yield from (f"  {line}" for line in _mapping(value))
        else:
            yield f"{name}: {_scalar(value)}"


def _scalar(value: object) -> str:
    """Return a value in YAML's flow style, which JSON is; days stay as people write them."""
    if isinstance(value, str) and DAY.match(value):
        return value
    return json.dumps(value, ensure_ascii=False)
