"""The recipes that the release brings, as files beside this one."""

from __future__ import annotations

from pathlib import Path

_FILES = Path(__file__).parent / "files"


def shipped() -> tuple[str, ...]:
    """List their names, sorted."""
    return tuple(sorted(path.stem for path in _FILES.glob("*.yaml")))


def shipped_file(name: str) -> Path | None:
    """Return the file of the recipe of that name; None where there is none."""
    return _FILES / f"{name}.yaml" if name in shipped() else None
