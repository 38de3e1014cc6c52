"""A run's folder: never written over, and not taken by a training that was refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from edgeverify_train.run_folder import RunFolder

from edgeverify.errors import ConfigError


def test_a_folder_that_a_refused_training_left_can_be_named_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.make()
    run.people.write_text("{}")
    chips = run.folder / "chips"
    chips.mkdir()
    (chips / "00000000.png").write_bytes(b"a face")
    run.make()
    assert sorted(path.name for path in run.folder.iterdir()) == ["checkpoints", "report"]


@pytest.mark.parametrize(
    "place",
    ["recipe.yaml", "checkpoints/last.pt", "checkpoints/notes.txt", "mine.txt", "chips/mine.png"],
)
def test_what_was_begun_or_is_somebodys_own_is_never_cleared_away(
    place: str, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    run.make()
    file = run.folder / place
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"")
    with pytest.raises(ConfigError, match="is not empty"):
        run.make()
    assert file.exists()
