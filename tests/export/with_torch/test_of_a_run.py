"""A checkpoint out of a training run: the command that judges what it learned from is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from edgeverify_export.cli import app
from edgeverify_export.networks.table import ARCHITECTURES
from typer.testing import CliRunner

pytestmark = pytest.mark.export


@pytest.mark.parametrize("run", [True, False])
def test_a_runs_weights_go_the_way_that_marks_weak_ones(tmp_path: Path, *, run: bool) -> None:
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    if run:
        (folder / "recipe.yaml").write_text("name: first\n")
    best = folder / "checkpoints/best.pth"
    torch.save(ARCHITECTURES["dense-grey-28"].build({}).state_dict(), best)
    words = ("onnx", best, "--arch", "dense-grey-28", "--template", "arcface-112", "--no-fp16")
    done = CliRunner().invoke(app, [*map(str, words), "-o", str(tmp_path / "bundle")])
    assert done.exit_code == 0, done.output
    assert (f"edgeverify-train export {folder} -o BUNDLE" in done.output) is run
