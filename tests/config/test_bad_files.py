"""Files that are no config at all: absent, too large, not text, with something hidden in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.errors import ConfigError


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load_config(tmp_path / "nowhere.yaml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_a_file_over_4_mebibytes(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="is larger than 4 MiB"):
        load_config(file)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(b"# fine\ndoor: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"door.yaml:2: is not UTF-8 text"):
        load_config(file)


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_no_comment_hides_a_key_behind_an_invisible_separator(
    tmp_path: Path, separator: str
) -> None:
    """YAML 1.1 ends a comment there, YAML 1.2 and most editors do not."""
    file = tmp_path / "door.yaml"
    file.write_text(f"door: a\n# quiet{separator}liveness: off\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"door.yaml:2: holds the invisible line separator U\+"):
        load_config(file)


def test_a_byte_order_mark_is_taken_off_in_front_and_refused_inside(tmp_path: Path) -> None:
    """libyaml would make a word of it, and PyYAML's own parser nothing."""
    file = tmp_path / "door.yaml"
    file.write_text("\ufeffdoor: a\n", encoding="utf-8")
    assert load_config(file).settings.door == "a"
    file.write_text("# two files in one\n\ufeff\ndoor: a\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"door.yaml:2: holds the invisible byte order mark"):
        load_config(file)


def test_a_thousand_mistakes_are_counted_and_the_first_are_told(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    people = "".join(f"  - {{card: {n}, name: B, photos: [b.jpg]}}\n" for n in range(1000))
    file.write_text("staff:\n" + people, encoding="utf-8")
    with pytest.raises(ConfigError, match="1,000 mistakes") as caught:
        load_config(file)
    assert caught.value.problem.endswith("\n  and 950 more")
    assert len(caught.value.problem.splitlines()) == 1 + 50 + 1


def test_a_mistake_in_a_large_file_is_told_by_the_fast_parser_alone(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("# much\n" * 50_000 + "claims: [mqtt\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"door.yaml:50002: is not YAML: did not find expected"):
        load_config(file)


def test_a_control_character(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_bytes(b"door: a\x00b\n")
    with pytest.raises(ConfigError, match=r"door.yaml:1: is not YAML: unacceptable"):
        load_config(file)


def test_a_merge_key_is_just_an_unknown_key(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("<<: {door: a}\n")
    with pytest.raises(ConfigError, match="<<: unknown key"):
        load_config(file)
