"""What every training must leave, whatever its recipe."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from edgeverify_export.sources import load_network
from edgeverify_train.people import read_split
from edgeverify_train.recipe import Recipe, load_recipe, print_recipe
from PIL import Image

from edgeverify.bundle.loading import load_bundle

if TYPE_CHECKING:
    from edgeverify_train.run_folder import RunFolder

REPORT = {
    "curves.png", "roc.png", "det.png", "histograms.png", "confusion.png", "worst-pairs.png",
    "worst-pairs.csv", "model-card.md", "report.json",
}  # fmt: skip


WITHOUT_PAIRS = {"siamese-triplet", "arcface-progressive", "mobilefacenet-adaface"}
"""Recipes whose samplers draw people, not pairs; they compare by cosine."""


def rows(run: RunFolder) -> list[dict[str, str]]:
    with run.metrics.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def losses(run: RunFolder) -> list[float]:
    return [float(row["loss"]) for row in rows(run)]


def require_whole(recipe: Recipe, run: RunFolder) -> None:
    """What every training must hold: the loss fell, and everything of the run is there."""
    found = losses(run)
    assert len(found) == recipe.epochs
    assert min(found[1:]) < found[0]
    assert load_recipe(str(run.recipe)) == recipe
    assert run.recipe.read_text(encoding="utf-8") == print_recipe(recipe)
    split = read_split(run.people)
    assert split.trained
    assert split.held_out
    assert not set(split.trained) & set(split.held_out)
    assert any(run.tensorboard.iterdir())
    loaded = load_network(run.best, recipe.network.arch)
    assert not any(value.requires_grad for value in loaded.checkpoint.weights.values())
    named = sorted(run.checkpoints.glob("model_epoch*_loss*.pth"))
    last = rows(run)[-1]
    if recipe.checkpoints.named:
        assert run.named(recipe.epochs, float(last["loss"])) in named
    assert len(named) <= recipe.checkpoints.keep
    assert all(0 <= float(row["fnmr"]) <= 1 and float(row["mated"]) > 0 for row in rows(run))


def require_trained(run: RunFolder, name: str, said: str, vgg19: Path) -> None:
    """What the recipe's own document says of its training."""
    recipe = load_recipe(str(run.recipe))
    require_whole(recipe, run)
    assert "cannot show an FMR of 0.001" in said
    found = [(row["stage"], row["size"], row["rand_augment"]) for row in rows(run)]
    if name == "arcface-progressive":
        assert found == [
            ("1", "32", "5.0"), ("1", "32", "5.0"), ("2", "48", "7.0"), ("3", "64", "9.0")
        ]  # fmt: skip
    if name == "contrastive-euclidean":
        assert recipe.measurement.threshold == -0.3
        with run.pairs.open(encoding="utf-8", newline="") as file:
            pairs = list(csv.DictReader(file))
        assert sum(pair["mated"] == "1" for pair in pairs) == 20
        assert all(
            (Path(pair["first"]).parent == Path(pair["second"]).parent) == (pair["mated"] == "1")
            for pair in pairs
        )
        weights = load_network(run.best, "dense-grey-28").checkpoint.weights
        assert weights["embedder.weight"].shape == (64, 128)
    if name.startswith("vgg19"):
        before = torch.load(vgg19, weights_only=True)
        after = torch.load(run.best, weights_only=True)
        moved = [key for key in before if not torch.equal(before[key], after[key])]
        assert moved == ["features.34.weight", "features.34.bias"]
        assert after["embedder.weight"].shape == (64, 512)
        assert "from chance: embedder.weight" in said
        assert "24 mated pairs are all there are, beside 32 non-mated ones" in said
        loaded = load_network(run.best, "siamese-vgg19")
        assert (loaded.fitted.sigmoid is not None) == (name == "vgg19-bce")


def require_report(folder: Path, recipe: str) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names >= REPORT
    assert ("pairs.png" in names) == (recipe not in WITHOUT_PAIRS)
    for name in names:
        if name.endswith(".png"):
            with Image.open(folder / name) as picture:
                assert min(picture.size) > 300
    told = json.loads((folder / "report.json").read_text())
    assert 0 <= told["auc_one_to_one"] <= 1
    assert 0 <= told["auc_one_to_many"] <= 1
    if recipe == "contrastive-euclidean":
        assert told["threshold"] == -0.3
    card = (folder / "model-card.md").read_text()
    assert "Not for a door" in card
    assert "1:N AUC" in card


def require_bundle(folder: Path, recipe: str) -> None:
    manifest = load_bundle(folder).manifest
    wide = recipe in {"siamese-triplet", "arcface-progressive"}
    assert manifest.template == ("face01-224" if wide else "arcface-112")
    assert manifest.metric == ("cosine" if recipe in WITHOUT_PAIRS else "euclidean")
    assert manifest.feeding.channels == ("grey" if recipe == "contrastive-euclidean" else "rgb")
    assert manifest.feeding_verified
    assert "learned from" in manifest.weak
