"""People and pictures whose names are no ordinary words, through a training and its tables."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from edgeverify_train.fitting.start import fit
from edgeverify_train.recipe import load_recipe
from edgeverify_train.reporting.report import write_report
from edgeverify_train.run_folder import RunFolder
from edgeverify_train.samplers import Pair, read_pairs, write_pairs

from .conftest import SMALL

ODD = ("=1+1", 'Miller, "Ada"', "two\nlines", "a\rb", "\u2028", "@SUM(A1)", "$x_1$", "-5", "plain")


def test_pairs_of_odd_names_are_read_as_they_were_written(tmp_path: Path) -> None:
    pictures = [tmp_path / name / f"{name}.png" for name in ODD]
    pairs = tuple(Pair(index - 1, index, mated=index % 2 == 0) for index in range(len(ODD)))[1:]
    write_pairs(tmp_path / "pairs.csv", pairs, pictures, tmp_path)
    assert read_pairs(tmp_path / "pairs.csv", pictures, tmp_path) == pairs


@pytest.mark.export
@pytest.mark.slow
def test_the_report_names_them_and_no_cell_is_a_formula(
    chips: Mapping[str, Path], tmp_path: Path
) -> None:
    data = tmp_path / "chips"
    data.mkdir()
    shutil.copy(chips["arcface-112"] / "aligned.json", data)
    people = sorted(one for one in chips["arcface-112"].iterdir() if one.is_dir())
    for name, person in zip(ODD, people, strict=False):
        shutil.copytree(person, data / name)
        first = next((data / name).glob("*.png"))
        first.rename(first.with_name(f"{name}.png"))
    run = RunFolder(tmp_path / "run")
    changes = [*SMALL, f"data.folder={data}", "data.held_out_share=0.75", "stages.0.epochs=1",
               "sampler.pairs_per_epoch=40", "training.batch=20"]  # fmt: skip
    recipe = load_recipe("contrastive-euclidean", changes)
    fit(recipe, run, print)
    write_report(recipe, run)
    with (run.report / "worst-pairs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {tuple(row) for row in rows} == {("kind", "probe", "reference", "score")}
    named = [row[side] for row in rows for side in ("probe", "reference")]
    assert named
    assert {name.rpartition("/")[0].removeprefix("'") for name in named} <= set(ODD)
    assert not any(name.startswith(("=", "+", "-", "@")) for name in named)
    assert all(float(row["score"]) < 0 for row in rows)
    assert (run.report / "pairs.png").is_file()
