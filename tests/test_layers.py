"""The import contracts do refuse: what is forbidden is planted in a copy, and seen there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SIBLINGS = ("edgeverify/schedule.py", "import edgeverify.comparison")
UPWARDS = ("edgeverify/clock.py", "import edgeverify.daemon.faults")
NOWHERE = ("edgeverify/newcomer.py", "import edgeverify.errors")
TORCH = ("edgeverify/vision/quality.py", "import edgeverify_export.sessions")
WORKSHOP = ("export/edgeverify_export/canonical_graph.py", "import edgeverify_export.commands")
BETWEEN_SOURCES = ("edgeverify/claims/standing.py", "import edgeverify.claims.mqtt")
BETWEEN_COMMANDS = ("edgeverify/cli/door/status.py", "import edgeverify.cli.people.enrol")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    nothing_built = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("edgeverify", "export"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=nothing_built)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run lint-imports on the copy, which stands before everything that is installed."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'export'}"},
        capture_output=True,
        text=True,
        check=False,
    )


def plant(folder: Path, file: str, statement: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{text}\n{statement}\n", encoding="utf-8")


def test_each_forbidden_import_is_refused_by_name_and_the_copy_alone_is_not(copy: Path) -> None:
    clean = lint(copy)
    assert clean.returncode == 0, clean.stdout
    assert " 0 broken" in clean.stdout
    planted = (SIBLINGS, UPWARDS, NOWHERE, TORCH, WORKSHOP, BETWEEN_SOURCES, BETWEEN_COMMANDS)
    for file, statement in planted:
        plant(copy, file, statement)
    refused = lint(copy)
    assert refused.returncode == 1
    for importer, imported in (
        ("edgeverify.schedule", "edgeverify.comparison"),
        ("edgeverify.clock", "edgeverify.daemon.faults"),
        ("edgeverify.vision.quality", "edgeverify_export.sessions"),
        ("edgeverify_export.canonical_graph", "edgeverify_export.commands"),
        ("edgeverify.claims.standing", "edgeverify.claims.mqtt"),
        ("edgeverify.cli.door.status", "edgeverify.cli.people.enrol"),
    ):
        assert f"{importer} -> {imported}" in " ".join(refused.stdout.split()), importer
    assert "newcomer" in refused.stdout, "a module that stands in no layer"


def test_the_picture_of_the_layers_shows_every_module_of_the_contract() -> None:
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contract = contract.partition('name = "Imports point down"')[2].partition("\n]\n")[0]
    names = re.findall(r"[a-z_]+", contract.partition("layers = [")[2])
    assert len(names) > 40
    picture = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    missing = [name for name in names if not re.search(rf"`{name}/?[` ]", picture)]
    assert missing == ["__main__"], "the entry of `python -m edgeverify` alone has no level"
