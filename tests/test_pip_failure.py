"""What pip says, in one sentence: taken from what real pips printed."""

from __future__ import annotations

import signal

import pytest

from edgeverify.pip_failure import why_pip_failed

UNBUILT = """\
      File "/tmp/overlay/setuptools/_distutils/util.py", line 135, in subst_vars
          raise ValueError(f"invalid variable {var}")
      ValueError: invalid variable 'x'
      An error occurred when building editable wheel for edgeverify.
      [end of output]

  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building editable for edgeverify
Failed to build edgeverify
ERROR: Could not build wheels for edgeverify, which is required to install pyproject.toml-based projects
"""  # noqa: E501


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (UNBUILT, "it could not be built: ValueError: invalid variable 'x'"),
        ("ERROR: Can not combine '--user' and '--target'", "its settings send packages elsewhere"),
        ("distutils: Cannot set --home and --prefix together", "its settings send packages"),
        ("ERROR: one\nhint: another\n", "ERROR: one"),
        ("", "it ended with 1"),
    ],
)
def test_the_cause_is_named(said: str, means: str) -> None:
    assert why_pip_failed(1, said).startswith(means)


def test_a_killed_pip_is_named_by_its_signal() -> None:
    assert why_pip_failed(-signal.SIGKILL, "") == "it was killed (SIGKILL)"
