"""Recipes: read with the line of every mistake, printed whole, changed from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from edgeverify_train.cli import app
from edgeverify_train.recipe import Recipe, load_recipe, print_recipe
from edgeverify_train.recipe.loading import shipped
from typer.testing import CliRunner

from edgeverify.config import ConfigProblemsError
from edgeverify.errors import ConfigError


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_each_of_the_documents_has_its_recipe() -> None:
    assert set(shipped()) == {
        "arcface-progressive",
        "contrastive-euclidean",
        "distill",
        "finetune-own-people",
        "id-card-pairs",
        "mobilefacenet-adaface",
        "siamese-triplet",
        "vgg19-bce",
        "vgg19-contrastive",
    }


@pytest.mark.parametrize("name", shipped())
def test_a_recipe_printed_whole_is_the_same_recipe(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about
    assert load_recipe(written(tmp_path, print_recipe(recipe))) == recipe


def test_every_mistake_is_told_with_its_line_and_key(tmp_path: Path) -> None:
    text = (
        "name: mine\ntraining:\n  bach: 4\n  seed: one\nloss:\n  kind: arcface\n  swap: true\n"
        "stages:\n  - epochs: 3\n    sise: 64\n"
    )
    with pytest.raises(ConfigProblemsError) as raised:
        load_recipe(written(tmp_path, text))
    said = str(raised.value)
    assert said.startswith("the recipe has 5 mistakes:\n")
    assert "mine.yaml:3: training.bach: unknown key; did you mean 'batch'?" in said
    assert 'mine.yaml:4: training.seed: must be a whole number, not the text "one"' in said
    assert "mine.yaml:5: loss: swap means nothing for arcface; it has margin, scale" in said
    assert "mine.yaml:10: stages[0].sise: unknown key; did you mean 'size'?" in said


def test_keys_are_set_from_the_command_line(tmp_path: Path) -> None:
    recipe = load_recipe(
        "arcface-progressive",
        ["training.batch=8", "stages.1.epochs=2", "network.frozen=[trunk.*, a]", "data.folder=x"],
    )
    assert recipe.training.batch == 8
    assert [stage.epochs for stage in recipe.stages] == [10, 2, 10]
    assert recipe.network.frozen == ("trunk.*", "a")
    assert recipe.data.folder == str(Path.cwd() / "x")
    assert load_recipe(written(tmp_path, "name: a\n"), ["stages.0.epochs=3"]).epochs == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("training.batch", "--set takes KEY=VALUE, not 'training.batch'"),
        ("stages.7.epochs=1", "--set stages.7.epochs: there is no 7 there"),
        (
            "optimiser={kind}",
            "optimiser: must be a section with keys below it",
        ),
        ("name.x.y=1", "name: must be text, not a section"),
        ("training.batchh=3", "--set: training.batchh: unknown key; did you mean 'batch'?"),
        ("stages.1.epochs=0", "--set: stages[1].epochs: must be 1 to 100000, not 0"),
    ],
)
def test_what_cannot_be_set_is_said(change: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_recipe("arcface-progressive", [change])
    assert said in str(raised.value)


def test_paths_start_from_the_recipes_own_folder(tmp_path: Path) -> None:
    text = "data:\n  folder: faces\n  evaluation_lists: [lists/pairs.txt]\n"
    recipe = load_recipe(written(tmp_path, text))
    assert recipe.data.folder == str(tmp_path / "faces")
    assert recipe.data.evaluation_lists == (str(tmp_path / "lists" / "pairs.txt"),)


def test_a_stage_is_found_by_its_epoch() -> None:
    recipe = load_recipe("arcface-progressive")
    assert [recipe.stage_of(epoch).size for epoch in (0, 9, 10, 29)] == [64, 64, 128, 224]


def test_the_command_lists_and_prints(tmp_path: Path) -> None:
    listed = CliRunner().invoke(app, ["recipes"])
    assert all(name in listed.output for name in shipped())
    printed = CliRunner().invoke(app, ["recipes", "distill", "--set", "training.seed=7"])
    assert load_recipe(written(tmp_path, printed.output)) == load_recipe(
        "distill", ["training.seed=7"]
    )
    unknown = CliRunner().invoke(app, ["recipes", "arcface"])
    assert unknown.exit_code == ConfigError.exit_code
    assert "there is no recipe arcface" in unknown.output
    assert isinstance(load_recipe("distill"), Recipe)


def test_schedule_free_needs_a_momentum() -> None:
    changes = ["optimiser.kind=sgd-schedule-free", "optimiser.momentum=0.0"]
    with pytest.raises(ConfigError, match="needs a momentum above 0"):
        load_recipe("distill", changes)
