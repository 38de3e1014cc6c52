"""Steps leave what the service can read, and name the file that a step failed on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeverify.errors import EdgeverifyError
from edgeverify.installation.steps import carry_out, copy, folder


def test_a_closed_umask_of_root_does_not_shut_the_service_out(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        carry_out([folder(tmp_path / "opt/edgeverify", 0o755)], lambda _: None, dry_run=False)
        assert os.umask(0o077) == 0o077  # and it is as it was
    finally:
        os.umask(before)
    assert (tmp_path / "opt/edgeverify").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "opt").stat().st_mode & 0o777 == 0o755


def test_the_file_that_a_step_failed_on_is_named(tmp_path: Path) -> None:
    step = copy(tmp_path / "gone.conf", tmp_path / "etc/there.conf")
    with pytest.raises(EdgeverifyError, match=r"gone\.conf: No such file") as caught:
        carry_out([step], lambda _: None, dry_run=False)
    assert "as root" not in caught.value.advice


def test_a_rehearsal_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    carry_out([folder(tmp_path / "opt", 0o755)], said.append, dry_run=True)
    assert said == [f"mkdir -p -m 0755 {tmp_path / 'opt'}"]
    assert not (tmp_path / "opt").exists()
