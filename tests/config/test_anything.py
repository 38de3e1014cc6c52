"""Whatever bytes a file holds, reading it ends in a config or in an error for people."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edgeverify.config import ConfigProblemsError, load_config
from edgeverify.settings import Settings

WORDS = st.sampled_from(
    [
        "door", "camera", "staff", "card", "hours", "windows", "decision", "max_fmr", "staff_file",
        ":", ": ", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ",", '"', "'", "&a", "*a",
        "!!x",
        "|", ">", "---", "...", "#", "?", "%YAML 1.1", "0012", "1e999", '"\\0"', '"\\uD800"',
        "-0", ".nan", "~", "true",
        "\t", "\0", "\u2028", "é", "\ufeff", "<<", "2026-02-30", "Mon 07:00-08:00",
    ]
)  # fmt: skip


def read(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "door.yaml"
        file.write_bytes(content)
        with contextlib.suppress(ConfigProblemsError):
            assert isinstance(load_config(file).settings, Settings)


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    read(content)


@given(st.lists(WORDS, max_size=30).map("".join))
def test_anything_that_looks_like_yaml(text: str) -> None:
    read(text.encode())
