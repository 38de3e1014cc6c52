"""Files in a checkpoint's place: what each is, and what to do, in a sentence."""

from __future__ import annotations

import collections
import datetime as dt
import gzip
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from edgeverify_export.checkpoint import read_checkpoint
from edgeverify_export.checkpoint_choice import Choice
from edgeverify_export.fitting import fit
from edgeverify_export.networks.table import ARCHITECTURES
from torch import nn

from edgeverify.errors import CheckpointError
from tests.runtime.tiny import tiny_network

pytestmark = pytest.mark.export


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as raised:
        read_checkpoint(path)
    told = f"{raised.value.problem} {raised.value.advice}"
    assert "Traceback" not in told
    assert raised.value.advice.rstrip("'\"").endswith((".", "pull", ")", "pt"))
    return told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "Run: git lfs pull"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (b'<?xml version="1.0"?><net name="x" version="10"></net>', "OpenVINO IR"),
        (b'{"metadata": {}, "weight_map": {"a": "model-00001.safetensors"}}', "is JSON"),
        (b"\x1c\x00\x00\x00TFL3" + b"0" * 60, "TensorFlow Lite"),
        (b"\x93NUMPY\x01\x00", "one array of NumPy's"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"0" * 60, "is a picture (JPEG)"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 60, "is a picture (PNG)"),
        (b"7767517\n75 83\nInput data 0 1 data\n", "ncnn network"),
        (b"\x12\x01" + b"\x00" * 6 + b"0" * 60, "MXNet's parameters"),
        (tiny_network(), "is an ONNX graph"),
        (b"\x08\x04\x12\x10abc" * 30, "begins neither"),
        (gzip.compress(b"weights"), "compressed (gzip)"),
        (b"\x00\x01" * 400, "begins neither as PyTorch's nor as safetensors do"),
        (b"this is text", "begins neither"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    assert words in refused(path)


def test_a_checkpoint_that_is_called_a_graph_is_read(tmp_path: Path) -> None:
    """Its content says what it is: `adopt` sent it here, and here sent it back there."""
    torch.save({"a.weight": torch.zeros(2)}, tmp_path / "best.onnx")
    assert "a.weight" in read_checkpoint(tmp_path / "best.onnx").weights
    (tmp_path / "later.onnx").write_bytes(b"x" * 100)
    assert "is not a checkpoint" in refused(tmp_path / "later.onnx")


def test_archives_are_named_by_what_is_in_them(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "a.pt")
    for names, words in (
        (("model.weights.h5", "config.json"), "is a Keras model"),
        (("a.npy", "b.npy"), "arrays of NumPy's"),
        (("readme.txt",), "a zip archive with readme.txt"),
        (("m/archive_format", "m/models/model.json"), "an exported program"),
    ):
        with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        assert words in refused(tmp_path / "x.pt")
    with tarfile.open(tmp_path / "x.pth.tar", "w") as packed:
        packed.add(tmp_path / "a.pt", "a.pt")
    assert "is a tar archive" in refused(tmp_path / "x.pth.tar")


def test_a_folder_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)
    (tmp_path / "__0_0.distcp").write_bytes(b"x")
    assert "dcp_to_torch" in refused(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    assert "SavedModel" in refused(tmp_path)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_torchscript_says_how_to_take_its_weights_out(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(3, 2)).save(str(tmp_path / "best.pt"))
    told = refused(tmp_path / "best.pt")
    assert "TorchScript" in told
    assert "torch.jit.load" in told


def test_an_optimiser_alone_is_called_so(tmp_path: Path) -> None:
    network = nn.Linear(3, 2)
    optimiser = torch.optim.Adam(network.parameters())
    network(torch.zeros(1, 3)).sum().backward()
    optimiser.step()
    for content in (optimiser.state_dict(), {"optimizer": optimiser.state_dict(), "epoch": 3}):
        torch.save(content, tmp_path / "best.pt")
        assert "an optimiser's state and no network's weights" in refused(tmp_path / "best.pt")


def test_what_training_scripts_keep_beside_the_weights(tmp_path: Path) -> None:
    """Lightning's callbacks with their best score, NumPy's numbers, times, parameters."""
    weights = dict(nn.Linear(3, 2).state_dict())
    parameters = collections.OrderedDict(nn.Linear(3, 2).named_parameters())
    torch.save(
        {
            "state_dict": {f"model.{name}": value for name, value in weights.items()}
            | {"criterion.W": torch.zeros(9, 2)},
            "callbacks": {"ModelCheckpoint{'monitor': 'v'}": {"best": torch.tensor(1.0), "k": 1}},
            "best": np.float64(0.3),
            "curve": np.zeros(3),
            "when": dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc),
        },
        tmp_path / "last.ckpt",
    )
    found = read_checkpoint(tmp_path / "last.ckpt", Choice(prefix="model."))
    assert sorted(found.weights) == ["bias", "weight"]
    torch.save(parameters, tmp_path / "parameters.pt")
    found = read_checkpoint(tmp_path / "parameters.pt")
    assert not any(value.requires_grad for value in found.weights.values())


@pytest.mark.filterwarnings("ignore:torch.quantize:UserWarning")
def test_tensors_that_are_no_ordinary_weights(tmp_path: Path) -> None:
    plain = torch.randn(3, 3)
    for odd in (
        torch.quantize_per_tensor(plain, 0.1, 0, torch.qint8),
        plain.to(torch.complex64),
        plain.to("meta"),
    ):
        torch.save({"a.weight": plain, "b.weight": odd}, tmp_path / "best.pt")
        assert "b.weight is quantised, complex or without values" in refused(tmp_path / "best.pt")
    torch.save({"a.weight": plain.to(torch.int8)}, tmp_path / "best.pt")
    assert "whole numbers" in refused(tmp_path / "best.pt")
    torch.save({"a.weight": plain.to_sparse()}, tmp_path / "best.pt")
    assert torch.equal(read_checkpoint(tmp_path / "best.pt").weights["a.weight"], plain)


def test_what_does_not_belong_is_dropped_by_its_module(tmp_path: Path) -> None:
    with torch.device("meta"):
        names = ARCHITECTURES["dense-grey-28"].build({}).state_dict()
    state = {name: torch.zeros(value.shape) for name, value in names.items()}
    state |= {"sphere.a": torch.zeros(2, 2), "sphere.b": torch.zeros(2), "hidden.9.x": plain_bias()}
    torch.save(state, tmp_path / "best.pt")
    with pytest.raises(CheckpointError, match=r"--drop 'sphere\.\*' --drop 'hidden\.9\.x'"):
        fit(read_checkpoint(tmp_path / "best.pt"), ARCHITECTURES["dense-grey-28"])


def plain_bias() -> torch.Tensor:
    return torch.zeros(3)


def test_imagenets_own_network_is_called_a_start_and_no_embedder(tmp_path: Path) -> None:
    state = {"features.0.weight": torch.zeros(3, 3), "classifier.6.weight": torch.zeros(1000, 4)}
    torch.save(state, tmp_path / "vgg.pt")
    with pytest.raises(CheckpointError) as raised:
        fit(read_checkpoint(tmp_path / "vgg.pt"), ARCHITECTURES["dense-grey-28"])
    assert "classifier.6.weight is ImageNet's classifier" in raised.value.advice
    assert "network.start=FILE" in raised.value.advice
