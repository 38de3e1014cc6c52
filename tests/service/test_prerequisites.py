"""What pip cannot bring is named, with what it is for and the one command that installs it."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "systemd/prerequisites"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder on the PATH: a shell's basics, a user who is not root, and apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "grep", "ls", "cat"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    program(folder / "id", "echo 1000")
    program(folder / "apt-get", "echo apt-get must not run; exit 99")
    return folder


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def python(folder: Path, version: str, *, has_venv: bool = True) -> None:
    """A Python of that version, as far as the script asks it."""
    major, minor = version.split(".")[:2]
    code = (
        f'case "$1" in -V) echo "Python {version}"; exit;; esac\n'
        f'case "$2" in *venv*) {"" if has_venv else "exit 1"};; esac\n'
        f"low=${{2##*not (3, }}; low=${{low%%)*}}; high=${{2##*<= (3, }}; high=${{high%%)*}}\n"
        f"[ {major} -eq 3 ] && [ {minor} -ge $low ] && [ {minor} -le $high ]"
    )
    program(folder / "python3", code)


def look(programs: Path, group: str = "demo", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(programs / "sh"), str(SCRIPT), group],
        env={"PATH": str(programs), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_any_python_the_package_its_purpose_and_the_command_are_named(
    programs: Path,
) -> None:
    done = look(programs)
    assert done.returncode == 1
    assert "python3-venv: makes the environment" in done.stderr
    assert re.search(r"^Run as root: apt-get install .* python3-venv", done.stderr, re.MULTILINE)


def test_where_there_is_sudo_the_command_begins_with_it(programs: Path) -> None:
    program(programs / "sudo", "exit 99")
    assert re.search(
        r"^Run: sudo apt-get install .* python3-venv", look(programs).stderr, re.MULTILINE
    )


def test_a_python_without_venv_lacks_the_package(programs: Path) -> None:
    python(programs, "3.11.2", has_venv=False)
    assert "python3-venv: makes the environment" in look(programs).stderr


def test_a_python_that_is_too_old_is_not_cured_by_a_package(programs: Path) -> None:
    python(programs, "3.9.2")
    done = look(programs)
    assert done.returncode == 1
    assert "python3 here is Python 3.9.2" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert "python3-venv:" not in done.stderr


def test_a_python_that_was_named_and_does_not_fit_is_named_again(programs: Path) -> None:
    python(programs, "3.11.2")
    assert "PYTHON=/opt/python2 is none" in look(programs, PYTHON="/opt/python2").stderr


def test_where_nothing_is_called_apt_the_packages_are_named_all_the_same(programs: Path) -> None:
    (programs / "apt-get").unlink()
    done = look(programs)
    assert done.returncode == 1
    assert "or what your system calls them" in done.stderr
    assert "python3-venv" in done.stderr


def test_the_python_that_fits_is_printed_for_make(programs: Path) -> None:
    python(programs, "3.11.2")
    done = look(programs, "python")
    assert (done.returncode, done.stdout) == (0, "python3\n")


def test_the_same_pythons_fit_here_and_in_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    wanted = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project)
    said = re.search(r"\(3, (\d+)\) <= sys.version_info\[:2\] <= \(3, (\d+)\)", SCRIPT.read_text())
    assert wanted
    assert said
    assert (int(said[1]), int(said[2])) == (int(wanted[1]), int(wanted[2]) - 1)


def test_the_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)
