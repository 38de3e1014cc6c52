"""A Python without pip, as `uv venv` and Debian's bare one have it: told how to get one."""

from __future__ import annotations

import venv
from pathlib import Path

import pytest

from edgeverify.errors import BundleError
from edgeverify.models import pip_download
from edgeverify.models.archives import FACE_RECOGNITION, fetch_archive


def test_a_python_without_pip_is_told_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = tmp_path / "without"
    venv.create(without, with_pip=False)
    monkeypatch.setattr(pip_download.sys, "executable", str(without / "bin/python"))
    with pytest.raises(BundleError, match=r"gz: this Python has no pip") as caught:
        fetch_archive(FACE_RECOGNITION, tmp_path / "cache")
    assert caught.value.advice.startswith(f"Run `{without}/bin/python -m ensurepip` first, or ")
    assert "--from" in caught.value.advice
