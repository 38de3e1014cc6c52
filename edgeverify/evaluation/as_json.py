"""Figures as JSON: dataclasses and models to dictionaries, without the arrays."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

_ARRAYS = frozenset({"curve", "scores"})
_DIGITS = 8


def plain(value: Any) -> Any:
    """Turn figures into what `json` writes; numbers that are not finite become null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name not in _ARRAYS
        }
    if isinstance(value, BaseModel):
        return {name: plain(item) for name, item in value}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> str | int | float | bool | None:
    if isinstance(value, Enum | Path):
        return str(value.value if isinstance(value, Enum) else value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, float | np.floating):
        return round(float(value), _DIGITS) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a report")
