"""The Debian roots of the container's tests: made again after a run that was killed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.debian import let_go, mounted_below


def test_what_lies_mounted_below_a_folder_is_found_deepest_first(tmp_path: Path) -> None:
    root = tmp_path / "a root"
    escaped = str(root).replace(" ", "\\040")
    places = (f"{escaped}/proc", f"{escaped}/proc/sys/y", f"{root}s")
    mounts = "".join(f"x {place} x rw 0 0\n" for place in places)
    assert mounted_below(root, mounts) == [f"{root}/proc/sys/y", f"{root}/proc"]


def test_a_mount_that_was_left_behind_is_let_go(tmp_path: Path) -> None:
    place = tmp_path / "bare/proc"
    place.mkdir(parents=True)
    mounted = ["mount", "-t", "proc", "proc", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    assert any(place.iterdir())
    let_go(tmp_path / "bare")
    assert not any(place.iterdir())
