"""Each recipe trains on real faces for seconds, and leaves what it says it leaves."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from edgeverify_export.networks.vgg19 import SiameseVgg19
from edgeverify_export.sources import load_network
from edgeverify_train.fitting.start import fit
from edgeverify_train.people import read_split
from edgeverify_train.recipe import load_recipe, print_recipe
from edgeverify_train.run_folder import RunFolder

from .conftest import SMALL, Train, Trained

pytestmark = [pytest.mark.export, pytest.mark.slow]

VGG_SMALL = ("feeding.size=32", "sampler.pairs_per_epoch=64", "training.batch=16")


def rows(run: RunFolder) -> list[dict[str, str]]:
    with run.metrics.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def losses(run: RunFolder) -> list[float]:
    return [float(row["loss"]) for row in rows(run)]


def require_whole(done: Trained) -> None:
    """What every training must hold: the loss fell, and everything of the run is there."""
    found = losses(done.run)
    assert len(found) == done.recipe.epochs
    assert min(found[1:]) < found[0]
    assert load_recipe(str(done.run.recipe)) == done.recipe
    assert done.run.recipe.read_text(encoding="utf-8") == print_recipe(done.recipe)
    split = read_split(done.run.people)
    assert split.trained
    assert split.held_out
    assert not set(split.trained) & set(split.held_out)
    assert any(done.run.tensorboard.iterdir())
    loaded = load_network(done.run.best, done.recipe.network.arch)
    assert not any(value.requires_grad for value in loaded.checkpoint.weights.values())
    named = sorted(done.run.checkpoints.glob("model_epoch*_loss*.pth"))
    last = rows(done.run)[-1]
    assert done.run.named(done.recipe.epochs, float(last["loss"])) in named
    assert len(named) <= done.recipe.checkpoints.keep
    assert all(0 <= float(row["fnmr"]) <= 1 and float(row["mated"]) > 0 for row in rows(done.run))


def test_siamese_triplet(train: Train) -> None:
    done = train(
        "siamese-triplet",
        ["feeding.size=32", "stages.0.size=32", "stages.0.epochs=4", "training.batch=16",
         "optimiser.learning_rate=0.0005", "loss.mining=none", "stages.0.rand_augment=0"],
        template="face01-224",
    )  # fmt: skip
    require_whole(done)
    assert "held out" in done.said[0]
    assert "cannot show an FMR of 0.001" in " ".join(done.said)


def test_arcface_progressive_grows_its_pictures_in_stages(train: Train) -> None:
    done = train(
        "arcface-progressive",
        ["feeding.size=64", "training.batch=8", "network.embedding_size=64",
         "stages.0.size=32", "stages.1.size=48", "stages.2.size=64", "training.ema_decay=0.5",
         *(f"stages.{stage}.epochs={epochs}" for stage, epochs in enumerate((2, 1, 1)))],
        template="face01-224",
    )  # fmt: skip
    require_whole(done)
    found = [(row["stage"], row["size"], row["rand_augment"]) for row in rows(done.run)]
    assert found == [
        ("1", "32", "5.0"), ("1", "32", "5.0"), ("2", "48", "7.0"), ("3", "64", "9.0")
    ]  # fmt: skip


def test_contrastive_euclidean_on_grey_pictures_of_28(train: Train) -> None:
    done = train(
        "contrastive-euclidean",
        ["sampler.pairs_per_epoch=100", "training.batch=20", "stages.0.epochs=5"],
    )
    require_whole(done)
    assert done.recipe.measurement.threshold == -0.3
    with done.run.pairs.open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    assert sum(pair["mated"] == "1" for pair in pairs) == 50
    assert all(
        (Path(pair["first"]).parent == Path(pair["second"]).parent) == (pair["mated"] == "1")
        for pair in pairs
    )
    weights = load_network(done.run.best, "dense-grey-28").checkpoint.weights
    assert weights["embedder.weight"].shape == (64, 128)


@pytest.fixture(scope="session")
def vgg19(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG19's convolutions, as torchvision names them; drawn, as ImageNet's are not here."""
    torch.manual_seed(3)
    network = SiameseVgg19(2)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    path = tmp_path_factory.mktemp("start") / "vgg19.pth"
    state = network.state_dict()
    torch.save({name: v for name, v in state.items() if name.startswith("features.")}, path)
    return path


@pytest.mark.parametrize("name", ["vgg19-bce", "vgg19-contrastive"])
def test_vgg19_trains_its_last_tenth(train: Train, vgg19: Path, name: str) -> None:
    done = train(
        name,
        [*VGG_SMALL, f"network.start={vgg19}", "stages.0.epochs=2",
         "optimiser.learning_rate=0.003", "checkpoints.named=false"],
    )  # fmt: skip
    found = losses(done.run)
    assert found[1] < found[0]
    before = torch.load(vgg19, weights_only=True)
    after = torch.load(done.run.best, weights_only=True)
    moved = [key for key in before if not torch.equal(before[key], after[key])]
    assert moved == ["features.34.weight", "features.34.bias"]
    assert after["embedder.weight"].shape == (64, 512)
    assert "from chance: embedder.weight" in " ".join(done.said)
    loaded = load_network(done.run.best, "siamese-vgg19")
    assert (loaded.fitted.sigmoid is not None) == (name == "vgg19-bce")


def test_what_keeps_layers_needs_trained_ones(train: Train) -> None:
    from edgeverify.errors import ConfigError  # noqa: PLC0415 - the one test that needs it

    with pytest.raises(ConfigError, match=r"starts from chance.*network\.start=FILE"):
        train("vgg19-bce", VGG_SMALL)


def test_mobilefacenet_adaface(train: Train) -> None:
    done = train(
        "mobilefacenet-adaface",
        ["training.batch=8", "stages.0.epochs=3", "training.steps_per_epoch=4", "loss.scale=16",
         "optimiser.learning_rate=0.02", "network.embedding_size=64"],
    )  # fmt: skip
    require_whole(done)


def test_finetune_own_people_moves_the_last_third(train: Train, trained_models: Path) -> None:
    start = trained_models / "mobilefacenet.pt"
    done = train(
        "finetune-own-people",
        [f"network.start={start}", "sampler.people=4", "sampler.pictures=2", "training.batch=8",
         "stages.0.epochs=2", "optimiser.learning_rate=0.0005", "loss.mining=none",
         "loss.margin=1.0"],
    )  # fmt: skip
    require_whole(done)
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
    require_whole(done)


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
