"""What nothing uses is taken out: names that only their own tests know, and logs without a line."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "edgeverify": ROOT / "edgeverify",
    "edgeverify_export": ROOT / "export/edgeverify_export",
    "edgeverify_train": ROOT / "export/edgeverify_train",
    "benchmarks": ROOT / "benchmarks",
}
FROM_OUTSIDE = {
    "edgeverify.references.database.VERSION": "an older release's `make rollback` asks for it",
    "edgeverify_export.cli.main": "the script of pyproject.toml",
    "edgeverify_train.cli.main": "the script of pyproject.toml",
}
"""Names that no module of this tree uses, and who does."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module's syntax tree, and whether it is the front of its package."""

    tree: ast.Module
    is_package: bool


def modules() -> dict[str, Module]:
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = Module(ast.parse(path.read_text(encoding="utf-8")), is_package)
    return found


def used_from_outside(known: Mapping[str, Module]) -> Mapping[str, set[str]]:
    """Return what other modules take from each: imported by name, or as an attribute of it."""
    used: dict[str, set[str]] = defaultdict(set)
    for module in known.values():
        called = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for each in node.names:
                    used[node.module].add(each.name)
                    called[each.asname or each.name] = f"{node.module}.{each.name}"
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used[called.get(node.value.id, "")].add(node.attr)
    return used


def is_looked_up_by_its_text(name: str) -> bool:
    """Return whether the table of networks names what this module makes."""
    return name.startswith("edgeverify_export.networks.")


def names_of(module: Module) -> Iterator[str]:
    """Return what a module makes, apart from what a decorator hands on, and what it passes on."""
    for node in module.tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if not node.decorator_list or isinstance(node, ast.ClassDef):
                    yield node.name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not name.startswith("__"):
                    yield name
            case ast.ImportFrom(module=origin) if module.is_package and origin != "__future__":
                yield from (each.asname or each.name for each in node.names)
            case _:
                pass


def test_every_name_is_used_by_more_than_its_tests() -> None:
    known = modules()
    assert len(known) > 500, "the test finds the modules that there are"
    used = used_from_outside(known)
    dead = set()
    for name, module in known.items():
        if name.startswith("benchmarks") or is_looked_up_by_its_text(name):
            continue
        loaded = Counter(
            node.id
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )
        dead |= {
            f"{name}.{made}"
            for made in names_of(module)
            if not made.startswith("_") and not loaded[made] and made not in used[name]
        }
    tested = _taken_by_tests_through_a_front(known)
    assert sorted(dead - tested) == sorted(FROM_OUTSIDE), "take it out, or say who uses it"


def _taken_by_tests_through_a_front(known: Mapping[str, Module]) -> set[str]:
    """Return names that a package passes on and tests take from there: they live below it."""
    fronts = {name for name, module in known.items() if module.is_package}
    return {
        f"{node.module}.{each.name}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in fronts
        for each in node.names
    }
