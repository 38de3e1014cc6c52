"""Each recipe trains on real faces for seconds, and leaves what it says it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from edgeverify_train.fitting.start import fit
from edgeverify_train.recipe import load_recipe
from edgeverify_train.run_folder import RunFolder

from .conftest import SMALL, Train
from .whole import require_whole, rows

pytestmark = [pytest.mark.export, pytest.mark.slow]

VGG_SMALL = ("feeding.size=32", "sampler.pairs_per_epoch=64", "training.batch=16")


def test_what_keeps_layers_needs_trained_ones(train: Train) -> None:
    from edgeverify.errors import ConfigError  # noqa: PLC0415 - the one test that needs it

    with pytest.raises(ConfigError, match=r"names no trained weights.*network\.start=FILE"):
        train("vgg19-bce", VGG_SMALL)


@pytest.mark.parametrize("name", ["finetune-own-people", "id-card-pairs"])
def test_what_goes_on_from_a_trained_network_does_not_begin_from_chance(
    name: str, train: Train
) -> None:
    from edgeverify.errors import ConfigError  # noqa: PLC0415 - as above

    with pytest.raises(ConfigError, match=r"names no trained weights.*mobilefacenet\.pt.*distill"):
        train(name)


def test_mobilefacenet_adaface(train: Train) -> None:
    done = train(
        "mobilefacenet-adaface",
        ["training.batch=8", "stages.0.epochs=3", "training.steps_per_epoch=4", "loss.scale=16",
         "optimiser.learning_rate=0.02", "network.embedding_size=64"],
    )  # fmt: skip
    require_whole(done.recipe, done.run)


def test_finetune_own_people_moves_the_last_third(train: Train, trained_models: Path) -> None:
    start = trained_models / "mobilefacenet.pt"
    done = train(
        "finetune-own-people",
        [f"network.start={start}", "sampler.people=4", "sampler.pictures=2", "training.batch=8",
         "stages.0.epochs=2", "optimiser.learning_rate=0.0005", "loss.mining=none",
         "loss.margin=1.0"],
    )  # fmt: skip
    require_whole(done.recipe, done.run)
    before = torch.load(start, map_location="cpu", weights_only=True)
    after = torch.load(done.run.best, weights_only=True)
    moved = [
        key for key in after if after[key].ndim > 1 and not torch.equal(before[key], after[key])
    ]
    kept = [key for key in after if after[key].ndim > 1 and torch.equal(before[key], after[key])]
    assert "conv3.weight" in moved
    assert 0.2 < len(moved) / (len(moved) + len(kept)) < 0.5
    # It knew strangers apart before, and still does.
    assert float(rows(done.run)[0]["auc"]) > 0.95


def test_id_card_pairs_meet_a_card_and_a_person(train: Train, trained_models: Path) -> None:
    done = train(
        "id-card-pairs",
        [f"network.start={trained_models / 'mobilefacenet.pt'}", "sampler.people=4",
         "training.batch=8", "stages.0.epochs=3", "optimiser.learning_rate=0.0005"],
    )  # fmt: skip
    require_whole(done.recipe, done.run)


def test_leakage_is_refused(chips: Mapping[str, Path], tmp_path: Path) -> None:
    from edgeverify.errors import ConfigError  # noqa: PLC0415 - as above

    folder = chips["arcface-112"]
    name = sorted(one.name for one in folder.iterdir() if one.is_dir())[3]
    pairs = tmp_path / "pairs.txt"
    pairs.write_text(f"1\t1\n{name}\t1\t2\n{name}\t1\tNobody_Here\t1\n", encoding="utf-8")
    changes = [*SMALL, f"data.folder={folder}", f"data.evaluation_lists=[{pairs}]",
               "stages.0.epochs=1", "sampler.pairs_per_epoch=40", "training.batch=20"]  # fmt: skip
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ConfigError, match=f"people of an evaluation.*{name}"):
        fit(load_recipe("contrastive-euclidean", changes), run, print)
    allowed = load_recipe("contrastive-euclidean", [*changes, "data.allow_shared_people=true"])
    fit(allowed, RunFolder(tmp_path / "again"), print)
