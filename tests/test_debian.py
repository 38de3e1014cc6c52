"""The Debian roots of the container's tests: made again after a run that was killed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.debian import debian_root, let_go, mounted_below


def test_what_lies_mounted_below_a_folder_is_found_deepest_first(tmp_path: Path) -> None:
    root = tmp_path / "a root"
    escaped = str(root).replace(" ", "\\040")
    places = (f"{escaped}/proc", f"{escaped}/proc/sys/y", f"{root}s")
    mounts = "".join(f"x {place} x rw 0 0\n" for place in places)
    assert mounted_below(root, mounts) == [f"{root}/proc/sys/y", f"{root}/proc"]


def test_a_root_is_made_once_and_anew_for_other_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "bin/debootstrap"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nmkdir -p "$4/etc"\necho "$2" >> {said}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    for include in ("one", "one", "one,two", "", "one,two"):
        root = debian_root(tmp_path / "root", "bookworm", include=include)
        assert (root / "etc/hosts").exists()
    assert said.read_text().splitlines() == ["--include=one", "--include=one,two"]


def test_an_ubuntu_is_made_by_the_script_that_knows_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program = tmp_path / "bin/debootstrap"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {said}\nmkdir -p "{tmp_path}/root/etc"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    debian_root(tmp_path / "root", "resolute")
    assert "|--components=main,universe|" in said.read_text()
    assert said.read_text().endswith(
        f"|resolute|{tmp_path}/root||/usr/share/debootstrap/scripts/gutsy|"
    )


def test_a_mount_that_was_left_behind_is_let_go(tmp_path: Path) -> None:
    place = tmp_path / "bare/proc"
    place.mkdir(parents=True)
    mounted = ["mount", "-t", "proc", "proc", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    assert any(place.iterdir())
    let_go(tmp_path / "bare")
    assert not any(place.iterdir())
