"""docs/dependencies.md: every dependency, where it is needed, its bounds; no more, no less."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).resolve().parent.parent


def _written() -> Iterator[tuple[str, str, str]]:
    """Give part ("door" or the extra), package, and what its row begins the bounds with."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for section in page.split("\n## ")[1:]:
        extra = re.match(r"`\[(.+?)\]`", section)
        for name, bounds in re.findall(
            r"^\| ([a-z0-9-]+) \| .+ \| (`.+) \|$", section, re.MULTILINE
        ):
            yield extra[1] if extra else "door", name, bounds.partition(": ")[0]


def _required() -> Iterator[tuple[str, str, str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for part, lines in {
        "door": project["dependencies"],
        **project["optional-dependencies"],
    }.items():
        for line in lines:
            requirement, _, marker = line.partition(";")
            name = re.match(r"[A-Za-z0-9-]+", requirement)
            assert name is not None
            bounds = f"`{requirement[name.end() :].strip()}`"
            yield part, name[0], bounds + (f" where `{marker.strip()}`" if marker else "")


def test_every_dependency_stands_there_with_its_bounds() -> None:
    required = sorted(_required())
    assert len(required) > 40
    assert sorted(_written()) == required


CALLED = {
    "argon2": "argon2-cffi",
    "cv2": "opencv-python-headless",
    "osdp": "libosdp",
    "paho": "paho-mqtt",
    "PIL": "pillow",
    "serial": "pyserial",
    "yaml": "pyyaml",
}
"""Packages that are imported by another name than they are installed by."""
DEVELOPMENT = {("babel", "edgeverify/languages/renew.py")}
"""Run in a checkout alone: `make languages`."""


def _imported() -> Iterator[tuple[str, str]]:
    """Return each package from elsewhere that the product imports, and where."""
    for folder in ("edgeverify", "export"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                for first in {name.partition(".")[0] for name in names}:
                    if first not in sys.stdlib_module_names and not first.startswith("edgeverify"):
                        name = CALLED.get(first, first.replace("_", "-").lower())
                        yield name, path.relative_to(ROOT).as_posix()


def test_what_is_imported_is_a_dependency_or_stands_on_the_page_as_brought_by_one() -> None:
    """A tool of the tests, or the tests themselves, would be missing where only a wheel is."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    brought = dict(
        re.findall(r"^\| ([a-z-]+) \| ([a-z0-9]+)(?: \(`\[web\]`\))? \| ", page, re.MULTILINE)
    )
    needed = {name for part, name, _ in _required() if part != "dev"}
    brought = {name: by for name, by in brought.items() if by in needed}
    found = set(_imported())
    assert len({name for name, _ in found}) > 30
    assert {(name, where) for name, where in found if name not in needed | set(brought)} == (
        DEVELOPMENT
    )
    assert set(brought) <= {name for name, _ in found}, "named on the page, and imported nowhere"


def test_every_dependency_has_a_lower_bound() -> None:
    for _, name, bounds in _required():
        assert re.match("`[>=]=", bounds), name


def test_whatever_is_installed_for_a_user_has_its_licence_on_the_page() -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    stated = set(re.findall(r"^\| ([a-z0-9-]+) \| [^|]+ \|$", page, re.MULTILINE))
    needed = {name for part, name, _ in _required() if part != "dev"}
    assert len(needed) > 40
    assert sorted(needed - stated) == ["tensorrt-cu12", "tensorrt-cu13"], "NVIDIA's own, as said"
