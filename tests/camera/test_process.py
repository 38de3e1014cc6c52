"""The child that captures: what keeps it from starting is a camera that is offline, and no more."""

from __future__ import annotations

import errno
import os
import socket
import subprocess

import pytest

from edgeverify.camera.process import CaptureProcess
from edgeverify.errors import CameraError


@pytest.mark.parametrize("where", [(socket, "socketpair"), (subprocess, "Popen")])
def test_a_full_table_of_open_files_is_an_error_of_the_camera(
    monkeypatch: pytest.MonkeyPatch, where: tuple[object, str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(*where, full)
    with pytest.raises(CameraError, match="cannot start a capture process: Too many open files"):
        CaptureProcess()
