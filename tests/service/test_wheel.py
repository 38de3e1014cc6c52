"""What is in the checkout must be in the wheel: one is built, and looked into."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = {"edgeverify": CHECKOUT, "edgeverify_export": CHECKOUT / "export"}


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build a wheel from a copy of the tracked sources, as a release is, and list its files."""
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
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_module_and_data_file_of_a_package_is_carried(
    package: str, carried: set[str]
) -> None:
    """Catalogues and measured points are read at run time; the wheel must hold them."""
    root = PACKAGES[package]
    here = {
        str(path.relative_to(root))
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert f"{package}/__init__.py" in here
    assert here - carried == set()


def test_nothing_else_is_carried(carried: set[str]) -> None:
    tops = {name.split("/")[0] for name in carried}
    assert {top for top in tops if not top.startswith("edgeverify-")} == set(PACKAGES)
