"""A student learns an installed bundle's embedding from photos of nobody in particular."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.sources import load_network
from edgeverify_export.statement import Statement
from edgeverify_train.distil.lessons import reduced, turned
from edgeverify_train.distil.run import distil
from edgeverify_train.networks.building import build_network
from edgeverify_train.recipe import Recipe, load_recipe
from edgeverify_train.run_folder import RunFolder

from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import CheckpointError, ConfigError

from .conftest import SMALL

pytestmark = [pytest.mark.export, pytest.mark.slow]


@pytest.fixture(scope="module")
def teacher(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher") / "mobilefacenet"
    export_checkpoint(
        trained_models / "mobilefacenet.pt", "mobilefacenet", folder, Statement(), half=False
    )
    return folder


def recipe_of(teacher: Path, data: Path, *changes: str) -> Recipe:
    return load_recipe(
        "distill",
        [*SMALL, f"teacher.bundle={teacher}", f"data.folder={data}", "training.batch=8",
         "network.embedding_size=32", "stages.0.epochs=3", "optimiser.learning_rate=0.003",
         "checkpoints.named=false", *changes],
    )  # fmt: skip


def test_from_photos_whose_people_nobody_named(teacher: Path, lfw: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, folder in enumerate(sorted(lfw.iterdir())[:22]):
        shutil.copy(min(folder.iterdir()), photos / f"{number}.jpg")
    (photos / "empty.png").write_bytes(b"")
    run, said = RunFolder(tmp_path / "run"), list[str]()
    distil(recipe_of(teacher, photos), run, said.append)
    with run.metrics.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    gaps = [float(row["loss"]) for row in rows]
    assert min(gaps[1:]) < gaps[0]
    assert "gap" in rows[0]
    assert "student: mobilefacenet, 32 values" in said[0]
    assert "empty.png" in (run.folder / "left-out.txt").read_text(encoding="utf-8")
    taught_by = json.loads(run.teacher.read_bytes())
    assert (taught_by["name"], taught_by["weak"]) == ("mobilefacenet", "")
    embeddings = np.load(run.folder / "teacher.npy")
    assert embeddings.shape[1] == 32
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    weights = load_network(run.best, "mobilefacenet").checkpoint.weights
    assert weights["conv3.weight"].shape[0] == 32
    before = torch.load(run.last, weights_only=True)["steps"]
    again = load_recipe(str(run.recipe), ["stages.0.epochs=4"])
    distil(again, run, said.append, resumed=True)
    assert torch.load(run.last, weights_only=True)["steps"] > before


def test_measured_on_people_where_some_are_known(
    teacher: Path, chips: Mapping[str, Path], tmp_path: Path
) -> None:
    folder = chips["arcface-112"]
    measured = [f"measurement.folder={folder}", "stages.0.epochs=1"]
    with pytest.raises(ConfigError, match="people of an evaluation"):
        distil(recipe_of(teacher, folder, *measured), RunFolder(tmp_path / "refused"), print)
    run = RunFolder(tmp_path / "run")
    shared = recipe_of(teacher, folder, *measured, "data.allow_shared_people=true")
    distil(shared, run, print)
    assert "fnmr" in run.metrics.read_text(encoding="utf-8")


def test_a_student_that_knows_faces_already_learns_in_its_own_coordinates(
    teacher: Path, trained_models: Path, chips: Mapping[str, Path], tmp_path: Path
) -> None:
    """Its teacher is the network that it starts from, so there is next to nothing to learn."""
    run = RunFolder(tmp_path / "run")
    recipe = recipe_of(
        teacher, chips["arcface-112"], f"network.start={trained_models / 'mobilefacenet.pt'}",
        "network.embedding_size=128", "network.train_last=0.1", "stages.0.epochs=1",
        "optimiser.learning_rate=0.00001",
    )  # fmt: skip
    distil(recipe, run, print)
    with run.metrics.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["gap"]) < 0.02


def test_a_bundle_is_no_start_and_says_what_is(teacher: Path) -> None:
    recipe = load_recipe("finetune-own-people", [f"network.start={teacher}"])
    with pytest.raises(CheckpointError, match="is a bundle, made for running") as caught:
        build_network(recipe.network, 1)
    made_from = load_bundle(teacher).manifest.source_sha256
    assert f"(SHA-256 {made_from}, https://" in str(caught.value.advice)
    assert f"--set teacher.bundle={teacher}" in str(caught.value.advice)


def test_a_turn_brings_the_teacher_to_the_student_and_changes_no_inner_product() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(50, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    away, _ = np.linalg.qr(random.normal(size=(16, 16)))
    seen = (rows @ away).astype(np.float32)
    assert np.allclose(turned(rows, seen), seen, atol=1e-5)
    noisy = seen + random.normal(scale=0.1, size=seen.shape).astype(np.float32)
    found = turned(rows, noisy)
    assert np.allclose(found @ found.T, rows @ rows.T, atol=1e-5)


def test_fewer_values_keep_the_inner_products() -> None:
    random = np.random.default_rng(1)
    few = random.normal(size=(200, 8)) @ random.normal(size=(8, 64))
    rows = (few / np.linalg.norm(few, axis=1, keepdims=True)).astype(np.float32)
    fewer = reduced(rows, 8)
    assert fewer.shape == (200, 8)
    assert np.allclose(fewer @ fewer.T, rows @ rows.T, atol=1e-4)
    with pytest.raises(ConfigError, match="has 64 values, the student's 128"):
        reduced(rows, 128)


def test_a_teacher_that_is_not_installed_is_named(
    chips: Mapping[str, Path], tmp_path: Path
) -> None:
    recipe = recipe_of(Path("nobody"), chips["arcface-112"])
    with pytest.raises(ConfigError, match="nobody is not installed"):
        distil(recipe, RunFolder(tmp_path / "run"), print)
