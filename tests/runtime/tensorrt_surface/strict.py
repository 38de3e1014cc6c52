"""A fake `tensorrt` that offers exactly what NVIDIA's bindings offer, and nothing else.

The surface comes from the real bindings (`dump.py`; test_trt_contract.py compares). A member that
the real class does not have cannot be called, set or even written into this fake; a call with
parameters that no overload has fails.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

Surface = dict[str, dict[str, Any]]


def read_surface(version: str) -> tuple[str, Surface]:
    """The surface of 8.5, 8.6, 10 or 11 as committed, and the version it was read off."""
    file = Path(__file__).with_name(f"surface_{version}.json")
    found = json.loads(file.read_text("utf-8"))
    surface: Surface = found["classes"]
    return found["version"], surface


def strict_module(version: str, behaviours: dict[str, type]) -> ModuleType:
    """Make the module; `behaviours` are plain classes by TensorRT name."""
    full, surface = read_surface(version)
    module = ModuleType("tensorrt")
    module.__version__ = full  # type: ignore[attr-defined]
    for name, members in surface.items():
        enums = [member for member, kind in members.items() if kind == "enum"]
        if enums:
            made: Any = IntEnum(name, {member: i for i, member in enumerate(sorted(enums))})  # type: ignore[misc]
        elif name in behaviours:
            made = _strict_class(name, members, behaviours[name])
        else:
            continue
        setattr(module, name, made)
    if "Logger" in behaviours:
        module.Logger = _strict_class("Logger", surface["Logger"], behaviours["Logger"])  # type: ignore[attr-defined]
    return module


def _strict_class(name: str, members: dict[str, Any], behaviour: type) -> type:
    body: dict[str, Any] = {}
    for member, value in vars(behaviour).items():
        if member.startswith("_") and member != "__init__":
            body[member] = value
            continue
        if member not in members:
            raise AssertionError(f"the real {name} has no {member}")
        known = members[member]
        body[member] = _checked(name, member, value, known) if callable(value) else value
    settable = {member for member, kind in members.items() if kind in ("property", "enum")}

    def __setattr__(self: object, attribute: str, value: object) -> None:  # noqa: N807
        if not attribute.startswith("_") and attribute not in settable:
            raise AttributeError(f"the real {name} has no {attribute} to set")
        object.__setattr__(self, attribute, value)

    return type(name, (), {**body, "__setattr__": __setattr__})


def _checked(
    owner: str, member: str, function: Callable[..., Any], overloads: list[str] | str
) -> Callable[..., Any]:
    """Bind every call to the real parameter names: a wrong keyword or count fails."""
    if not isinstance(overloads, list) or not overloads:
        return function
    signatures = [_signature(overload.split()) for overload in overloads]

    def call(*args: Any, **kwargs: Any) -> Any:
        for signature in signatures:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                continue
            return function(*bound.args, **bound.kwargs)
        raise AssertionError(f"no overload of the real {owner}.{member} takes that: {overloads}")

    return call


_OPTIONAL = {"flags", "path", "min_severity", "strategy", "runtime_config"}


def _signature(names: list[str]) -> inspect.Signature:
    first = next((i for i, name in enumerate(names) if name in _OPTIONAL), len(names))
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [
            inspect.Parameter(name, kind, default=None if i >= first else inspect.Parameter.empty)
            for i, name in enumerate(names)
        ]
    )
