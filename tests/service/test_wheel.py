"""What is in the checkout must be in the wheel: one is built, and looked into."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import edgeverify

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "edgeverify": CHECKOUT,
    "edgeverify_export": CHECKOUT / "export",
    "edgeverify_train": CHECKOUT / "export",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy of the sources, as a release is."""
    sources = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "LICENSE", "systemd", "config", "requirements"):
        origin = CHECKOUT / name
        copy = shutil.copytree if origin.is_dir() else shutil.copy2
        copy(origin, sources / name)
    for name, root in PACKAGES.items():
        target = sources / root.relative_to(CHECKOUT) / name
        shutil.copytree(root / name, target, ignore=shutil.ignore_patterns("__pycache__"))
    out = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(out))
    subprocess.run([*build, str(sources)], check=True, timeout=240)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def carried(wheel: Path) -> set[str]:
    """List the files of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


NOT_READ = {".pyc", ".po", ".pot"}
"""At run time: translations are read as they were compiled (.mo)."""


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_module_and_data_file_of_a_package_is_carried(
    package: str, carried: set[str]
) -> None:
    """Catalogues and measured points are read at run time; the wheel must hold them."""
    root = PACKAGES[package]
    here = {
        str(path.relative_to(root))
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix not in NOT_READ
    }
    assert f"{package}/__init__.py" in here
    assert here - carried == set()


def test_nothing_else_is_carried(carried: set[str]) -> None:
    tops = {name.split("/")[0] for name in carried}
    assert {top for top in tops if not top.startswith("edgeverify-")} == set(PACKAGES)


def test_the_version_stands_in_one_place(wheel: Path) -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert '\nversion = "' not in text
    assert wheel.name.split("-")[1] == edgeverify.__version__
    changes = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased\n" in changes


SUBSCRIBER = """
from edgeverify.client import subscribe

for event in subscribe("broker.lan", door="front-door", verify_key="front-door.pub"):
    reveal_type(event.granted)
    reveal_type(event.card)
    event.no_such_field
"""


def test_a_subscribers_mypy_sees_types(wheel: Path, tmp_path: Path) -> None:
    """From the wheel, outside the checkout: `py.typed` is what makes mypy look."""
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    program = tmp_path / "lock.py"
    program.write_text(SUBSCRIBER, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "c"), "lock.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    ).stdout
    # mypy wrote `builtins.bool` before it wrote `bool`.
    revealed = re.findall(r'Revealed type is "(?:builtins\.)?(\w+)"', said)
    assert revealed == ["bool", "str"], said
    assert "no_such_field" in said
    assert "py.typed" not in said
