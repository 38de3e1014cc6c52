"""Whatever bytes a file holds, reading it ends in a config or in an error for people."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.config import ConfigProblemsError, load_config, reading
from edgeverify.config.reading import YamlFile, read_yaml
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


def read_by(parser: type[yaml.SafeLoader], file: Path) -> YamlFile | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_FASTEST", parser)
        try:
            return read_yaml(file)
        except ConfigProblemsError:
            return None


@given(st.lists(WORDS, max_size=30).map("".join))
def test_both_parsers_mean_the_same_where_both_accept(text: str) -> None:
    """A machine whose PyYAML has no libyaml reads a config as every other machine does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "door.yaml"
        file.write_text(text, encoding="utf-8")
        fast, slow = read_by(yaml.CSafeLoader, file), read_by(yaml.SafeLoader, file)
    if fast is not None and slow is not None:
        assert repr(fast) == repr(slow)  # as text, in which not-a-number equals itself
    assert slow is None or fast is not None
