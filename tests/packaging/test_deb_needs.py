"""What the Debian package takes from the system stands in its Depends, and it has a manual page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.absent import absent
from tests.packaging.test_deb import package

__all__ = ["package"]

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(3600)]
PACKAGES = {
    **dict.fromkeys(
        ("libc.so.6", "libpthread.so.0", "libm.so.6", "libdl.so.2", "librt.so.1", "libmvec.so.1"),
        "libc6",
    ),
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
"""Where Debian has what wheels may expect of a system (PEP 600)."""


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    return folder


def _told_of(library: Path) -> str:
    if shutil.which("objdump") is None:
        absent("objdump is missing (binutils)")
    done = subprocess.run(["objdump", "-p", str(library)], capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def test_every_library_of_the_system_that_it_loads_is_depended_on(
    package: Path, unpacked: Path
) -> None:
    libraries = [
        path for path in unpacked.rglob("*.so*") if path.is_file() and not path.is_symlink()
    ]
    assert len(libraries) > 50
    brought = {path.name for path in libraries}
    told = "".join(map(_told_of, libraries))
    needed = set(re.findall(r"NEEDED\s+(\S+)", told)) - brought
    needed = {name for name in needed if not name.startswith("ld-linux")}
    depends = subprocess.run(
        ["dpkg-deb", "-f", str(package), "Depends"], capture_output=True, text=True, check=True
    ).stdout
    named = dict(re.findall(r"([\w+.-]+)(?: \(>= ([\d.]+)\))?", depends))
    assert needed <= set(PACKAGES), "a library that no package is known for"
    assert {PACKAGES[name] for name in needed} <= set(named)

    def number(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    newest = max(re.findall(r"\bGLIBC_(\d+(?:\.\d+)+)", told), key=number)
    assert number(newest) <= number(named["libc6"])


def test_its_manual_page_is_one(unpacked: Path) -> None:
    page = unpacked / "usr/share/man/man1/edgeverify.1.gz"
    assert page.is_file()
    if shutil.which("man") is None:
        absent("man is missing (man-db)")
    done = subprocess.run(
        ["man", "--warnings", "--local-file", str(page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "edgeverify - face verification at a door" in done.stdout
