"""A mistake is told with its place, and with its key once, whoever worded it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.config.problems import ConfigProblemsError, KeyPath, Problem

RATE = "decision.max_fmr 1e-09 is stricter than the evidence of the bundle sface"


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        (("decision", "max_fmr"), "must be above 0", "a.yaml:2: decision.max_fmr: must be above 0"),
        (("decision", "max_fmr"), RATE, f"a.yaml:2: {RATE}"),
        (("decision",), RATE, f"a.yaml:2: {RATE}"),
        (("model", "bundle"), "model.bundle x is weak", "a.yaml:2: model.bundle x is weak"),
        (("decision",), "model.bundle x is weak", "a.yaml:2: decision: model.bundle x is weak"),
        (("staff", 0, "photos"), "a.jpg: no face", "a.yaml:2: staff[0].photos: a.jpg: no face"),
        ((), "is empty", "a.yaml:2: is empty"),
    ],
)
def test_a_key_is_told_once(key: KeyPath, text: str, said: str) -> None:
    assert str(Problem(Path("a.yaml"), 2, key, text)) == said


def test_a_file_of_another_program_is_refused_without_a_search_for_each_of_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred thousand keys took minutes: each was compared with every key there is."""
    searched: list[str] = []

    def search(name: str, *_others: object, **_more: object) -> list[str]:
        searched.append(name)
        return []

    monkeypatch.setattr("difflib.get_close_matches", search)
    file = tmp_path / "door.yaml"
    file.write_text("".join(f"key_{n}: 1\n" for n in range(2000)), encoding="utf-8")
    with pytest.raises(ConfigProblemsError, match="has 2,000 mistakes") as caught:
        load_config(file)
    assert f"{file}:50: key_49: unknown key; allowed here" in str(caught.value)
    assert f"{file}:51" not in str(caught.value)
    assert 50 <= len(searched) <= 500


def test_a_sentence_that_names_a_key_below_points_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text("decision:\n  window_frames: 5\n  max_fmr: 1.0e-9\n", encoding="utf-8")
    config = load_config(file)
    assert str(config.problem(("decision",), RATE)) == f"{file}:3: {RATE}"
    # A key that nobody wrote, and one of another section: the line of what was meant stays.
    assert str(config.problem(("decision",), "decision.fusion: mean")).startswith(f"{file}:1: ")
    assert config.problem(("decision",), "model.bundle x is weak").line == 1
