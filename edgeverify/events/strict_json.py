"""JSON from strangers: bounded, one object, no key twice, nothing that is not JSON."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode

MAX_DEPTH = 8


def read_object(raw: bytes, *, limit_bytes: int) -> dict[str, object]:
    """Parse `raw` as one JSON object.

    Raises ValueError with a sentence for people: too long, not UTF-8, not JSON, a key twice, NaN,
    nested deeper than 8, or not an object.
    """
    if len(raw) > limit_bytes:
        raise ValueError(f"longer than {limit_bytes} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON (column {error.pos + 1})") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the input is wrong, not a type
    return value


def text_of(record: dict[str, object], key: str, *, limit: int = 256) -> str:
    """Return a text of 1 to `limit` characters. Raises ValueError naming the key."""
    value = record.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text")  # noqa: TRY004 - likewise
    if not 1 <= len(value) <= limit:
        raise ValueError(f"{key} must have 1 to {limit} characters")
    return value


def base64_of(record: dict[str, object], key: str, *, limit: int = 2048) -> bytes:
    """Return the bytes of a base64 text of 1 to `limit` characters. ValueError naming the key."""
    try:
        return b64decode(text_of(record, key, limit=limit), validate=True)
    except binascii.Error:
        raise ValueError(f"{key} is not base64") from None


def _depth(text: str) -> int:
    """Count brackets before parsing; those inside texts count too, which only errs to refusal."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key appears twice")
    return record


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
