"""Liveness networks equal to PyTorch; where a score comes from; dlib's file by the same road."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from edgeverify_export.cli import app
from edgeverify_export.explain import explain_pair
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.networks.catalogue import mobilefacenet
from edgeverify_export.pad import PadSource, PadStatement, export_pad
from edgeverify_export.statement import Statement
from torch import nn
from typer.testing import CliRunner

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.bundle.loading import load_bundle, load_pad_bundle
from edgeverify.comparison import Metric, score
from edgeverify.domain import Embedding
from edgeverify.errors import CheckpointError, ConfigError
from edgeverify.models.build import fetch_bundle
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.embed import pool
from edgeverify.runtime.open_session import open_pad_sessions, open_session
from edgeverify.settings import ModelSettings
from tests.models.conftest import dlib_file  # noqa: F401 - a fixture

pytestmark = [pytest.mark.export, pytest.mark.slow]

FILES = ("2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth")


def test_minifasnet_becomes_one_bundle_equal_to_pytorch(
    trained_models: Path, tmp_path: Path
) -> None:
    sources = tuple(
        PadSource(trained_models / file, scale)
        for file, scale in zip(FILES, (2.7, 4.0), strict=True)
    )
    made = export_pad(sources, tmp_path / "pad", PadStatement())
    assert made.difference < 1e-3
    bundle = made.bundle
    assert [network.crop_scale for network in bundle.manifest.networks] == [2.7, 4.0]
    sessions = open_pad_sessions(bundle, ModelSettings()).sessions
    assert check_pad_golden(bundle, sessions) > 0.9999
    fetched = load_pad_bundle(
        fetch_bundle("minifasnet", tmp_path / "models", source=trained_models)
    )
    assert fetched.manifest.embedding_space == bundle.manifest.embedding_space


def test_what_is_no_minifasnet(trained_models: Path, tmp_path: Path) -> None:
    torch.save(mobilefacenet({}).state_dict(), tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="not a MiniFASNet"):
        export_pad((PadSource(tmp_path / "other.pth", 2.7),), tmp_path / "pad", PadStatement())
    same = PadSource(trained_models / FILES[0], 2.7)
    with pytest.raises(ConfigError, match="two networks"):
        export_pad((same, same), tmp_path / "pad", PadStatement())
    assert not (tmp_path / "pad").exists()


@pytest.mark.parametrize("entry", ["a.pth", "a.pth=", "=2.7", "a.pth=x", "a.pth=0", "no.pth=2"])
def test_a_network_needs_its_crop(entry: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["pad", entry, "-o", str(tmp_path / "pad")])
    assert done.exit_code == 78, done.output


def test_the_heat_lies_where_there_is_something_to_see() -> None:
    """Pictures that are empty but for their upper left quarter are explained by that quarter."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        OrderedDict(
            convolution=torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False),
            activation=torch.nn.ReLU(),
            flat=torch.nn.Flatten(),
            linear=torch.nn.Linear(8 * 16 * 16, 16),
        )
    )
    before = {key: value.clone() for key, value in network.state_dict().items()}
    faces = np.random.default_rng(4).normal(size=(2, 1, 3, 32, 32)).astype(np.float32)
    faces[..., 16:, :] = 0
    faces[..., :, 16:] = 0
    explained = explain_pair(network, faces[0], faces[1])
    for heat in (explained.probe, explained.reference):
        assert heat.shape == (32, 32)
        assert heat.max() == pytest.approx(1.0)
        assert heat[18:, 18:].max() == 0.0
    assert explained.layer == "convolution"
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert not network[0]._forward_hooks


def test_a_network_without_convolutions_is_sent_to_the_explanation_that_needs_none() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 4))
    face = np.ones((1, 1, 28, 28), np.float32)
    with pytest.raises(CheckpointError, match="no convolution") as raised:
        explain_pair(network, face, face)
    assert "`edgeverify explain`" in raised.value.advice


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("normalise", [True, False])
def test_grad_cam_explains_the_score_that_the_door_uses(
    metric: Metric,
    normalise: bool,  # noqa: FBT001 - pytest's parameter
) -> None:
    torch.manual_seed(3)
    network = nn.Sequential(
        OrderedDict(
            convolution=nn.Conv2d(3, 4, 3, padding=1),
            pool=nn.AdaptiveAvgPool2d(2),
            flat=nn.Flatten(),
            linear=nn.Linear(16, 5),
        )
    ).eval()
    probe = np.random.default_rng(1).normal(size=(1, 3, 16, 16)).astype(np.float32)
    chip = np.random.default_rng(2).normal(size=(1, 3, 16, 16)).astype(np.float32)
    reference = np.concatenate([chip, chip[..., ::-1]])  # its mirror image last
    with torch.no_grad():
        raw = [network(torch.from_numpy(each.copy())).numpy() for each in (probe, reference)]
    space = "a" * 64
    first, second = (
        Embedding(values=pool(each, normalise=normalise), embedding_space=space) for each in raw
    )
    explained = explain_pair(network, probe, reference, metric=metric, normalise=normalise)
    assert explained.score == pytest.approx(score(first, second, metric), abs=1e-5)
    assert explained.probe.shape == explained.reference.shape == (16, 16)


def test_a_layer_may_be_named_and_one_face_explains_itself() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        OrderedDict(
            first=torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False),
            activation=torch.nn.ReLU(),
            second=torch.nn.Conv2d(8, 8, 3, 2, 1, bias=False),
            flat=torch.nn.Flatten(),
            linear=torch.nn.Linear(8 * 8 * 8, 16),
        )
    )
    face = np.random.default_rng(4).normal(size=(1, 3, 32, 32)).astype(np.float32)
    face[..., 16:, :] = 0
    face[..., :, 16:] = 0
    assert explain_pair(network, face, face, alone=True).layer == "second"
    explained = explain_pair(network, face, face, layer_name="first", alone=True)
    assert explained.layer == "first"
    assert explained.probe.max() == pytest.approx(1.0), "a face beside itself has a map of its own"
    assert explained.probe[18:, 18:].max() == 0.0
    with torch.no_grad():
        length = float(torch.linalg.vector_norm(network(torch.from_numpy(face))))
    assert explained.score == pytest.approx(length, rel=1e-5)
    with pytest.raises(CheckpointError, match="--layer third is not there") as refused:
        explain_pair(network, face, face, layer_name="third")
    assert "first, second" in refused.value.advice
    with pytest.raises(CheckpointError, match="gives no map"):
        explain_pair(network, face, face, layer_name="linear")


def test_a_part_of_the_network_stands_for_the_last_map_within_it() -> None:
    class Stepwise(torch.nn.Module):
        """As the catalogue's networks are: their parts are names, and never run as one."""

        def __init__(self) -> None:
            super().__init__()
            self.features = torch.nn.Sequential(
                torch.nn.Conv2d(3, 8, 3, 2, 1), torch.nn.Conv2d(8, 8, 3, 2, 1)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for step in self.features:
                x = step(x)
            return x.flatten(1)

    face = np.random.default_rng(4).normal(size=(1, 3, 32, 32)).astype(np.float32)
    explained = explain_pair(Stepwise(), face, face, layer_name="features", alone=True)
    assert explained.layer == "features.1"


def test_explain_draws_a_picture(trained_models: Path, lfw: Path, tmp_path: Path) -> None:
    checkpoint = trained_models / "mobilefacenet.pt"
    export_checkpoint(checkpoint, "mobilefacenet", tmp_path / "mfn", Statement())
    photos = sorted((lfw / "Tony_Blair").iterdir())[:2]
    picture = tmp_path / "why.png"
    done = CliRunner().invoke(
        app,
        ["explain", str(tmp_path / "mfn"), *map(str, photos),
         "--checkpoint", str(checkpoint), "-o", str(picture)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    alone = ["explain", str(tmp_path / "mfn"), str(photos[0]), "--checkpoint", str(checkpoint)]
    done = CliRunner().invoke(app, [*alone, "-o", str(tmp_path / "alone.png")])
    assert done.exit_code == 0, done.output
    assert "length of the embedding" in done.output
    gone = CliRunner().invoke(app, [*alone[:2], str(tmp_path / "gone.jpg"), *alone[3:]])
    assert "no such file" in gone.output


def small_grey_network() -> nn.Module:
    """A network of one grey channel, as somebody's own class makes it."""
    torch.manual_seed(1)
    return nn.Sequential(
        OrderedDict(
            convolution=nn.Conv2d(1, 4, 3, padding=1),
            pool=nn.AdaptiveAvgPool2d(4),
            flat=nn.Flatten(),
            linear=nn.Linear(64, 16),
        )
    )


@pytest.mark.parametrize("photos", [1, 2])
def test_grad_cam_shows_a_grey_networks_chips_in_grey(
    lfw: Path, tmp_path: Path, photos: int
) -> None:
    """The upper row is the chips: no colour that the network has not seen."""
    checkpoint = tmp_path / "grey.pt"
    torch.save(small_grey_network().state_dict(), checkpoint)
    stated = Statement(
        size=28, statistics="unit", channels="grey", template="arcface-112", metric="cosine"
    )
    export_checkpoint(checkpoint, f"{__name__}:small_grey_network", tmp_path / "grey", stated)
    faces = sorted((lfw / "Tony_Blair").iterdir())[:photos]
    picture = tmp_path / "why.png"
    done = CliRunner().invoke(
        app,
        ["explain", str(tmp_path / "grey"), *map(str, faces),
         "--checkpoint", str(checkpoint), "-o", str(picture)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    drawn = cv2.imread(str(picture)).astype(int)
    middle = drawn.shape[0] // 2
    upper, lower = drawn[100 : middle - 20], drawn[middle + 20 :]
    assert upper.std() > 10, "the chips are there"
    assert np.ptp(upper, axis=2).max() == 0
    assert np.ptp(lower, axis=2).max() > 50, "the maps have colours of their own"


def test_dlibs_file_gives_the_default_bundles_answers(
    dlib_file: bytes,  # noqa: F811
    tmp_path: Path,
) -> None:
    source = tmp_path / "dlib_face_recognition_resnet_model_v1.dat"
    source.write_bytes(dlib_file)
    made = export_checkpoint(source, "dlib-resnet", tmp_path / "mine", Statement())
    default = load_bundle(fetch_bundle("dlib-resnet", tmp_path / "models", source=source))
    assert made.bundle.manifest.source_sha256 == sha256_of_file(source)
    assert made.bundle.manifest.embedding_space == default.manifest.embedding_space
    session = open_session(made.bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    assert check_golden(default, session) > 0.9999
    session.close()
