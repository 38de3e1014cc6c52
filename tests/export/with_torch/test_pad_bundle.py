"""A liveness bundle in FP32 and FP16: made, compared on real faces, refused where it drifts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export import pad_half
from edgeverify_export.cli import app
from edgeverify_export.half import HalfGraph
from edgeverify_export.pad import MadePad, PadSource, PadStatement, export_pad
from typer.testing import CliRunner

from edgeverify.bundle.loading import PadBundle, load_pad_bundle
from edgeverify.errors import ParityError
from edgeverify.models.build import fetch_bundle
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession

pytestmark = [pytest.mark.export, pytest.mark.slow]

FILES = {"2.7_80x80_MiniFASNetV2.pth": 2.7, "4_0_0_80x80_MiniFASNetV1SE.pth": 4.0}


@pytest.fixture(scope="session")
def made(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> MadePad:
    sources = tuple(PadSource(trained_models / file, crop) for file, crop in FILES.items())
    return export_pad(sources, tmp_path_factory.mktemp("pad") / "pad", PadStatement())


@pytest.fixture
def bundle(made: MadePad, tmp_path: Path) -> PadBundle:
    shutil.copytree(made.bundle.folder, tmp_path / "pad")
    return load_pad_bundle(tmp_path / "pad")


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.output


def test_every_network_has_an_fp16_graph_that_takes_and_gives_float32(bundle: PadBundle) -> None:
    for graph in bundle.networks:
        model = onnx.load_model_from_string(graph.model_bytes("fp16"))
        assert {t.data_type for t in model.graph.initializer} >= {onnx.TensorProto.FLOAT16}
        ends = [*model.graph.input, *model.graph.output]
        assert {e.type.tensor_type.elem_type for e in ends} == {onnx.TensorProto.FLOAT}
        session = OnnxRuntimeSession(
            graph.model_bytes("fp16"), device="cpu", precision="fp16", threads=1
        )
        assert session.run(np.zeros((2, 3, 80, 80), np.float32)).shape == (2, 3)


def test_the_published_networks_come_with_what_they_were_measured_at(bundle: PadBundle) -> None:
    assert bundle.operating_points is not None
    assert bundle.operating_points.points[0].threshold == 0.5


def test_a_fetched_bundle_gets_the_same_fp16_graphs(
    made: MadePad, trained_models: Path, tmp_path: Path
) -> None:
    fetched = fetch_bundle("minifasnet", tmp_path, source=trained_models)
    code, said = run("fp16", fetched)
    assert code == 0, said
    again = load_pad_bundle(fetched)
    assert again.points is not None
    for mine, theirs in zip(again.networks, made.bundle.networks, strict=True):
        assert mine.model_bytes("fp16") == theirs.model_bytes("fp16")


def test_one_network_is_model_onnx(trained_models: Path, tmp_path: Path) -> None:
    source = PadSource(trained_models / next(iter(FILES)), 2.7)
    single = export_pad((source,), tmp_path / "pad", PadStatement()).bundle
    assert {"model.onnx", "model.fp16.onnx"} < set(single.manifest.files)
    plain = export_pad((source,), tmp_path / "plain", PadStatement(), half=False).bundle
    assert not plain.networks[0].has("fp16")


def test_parity_on_real_faces_is_recorded(
    bundle: PadBundle, testdata: Path, trained_models: Path, tmp_path: Path
) -> None:
    photos = testdata / "nuaa" / "db" / "ClientRaw" / "0001"
    code, said = run(
        "parity", bundle.folder, "--images", photos, "--limit", 12,
        "--checkpoint", trained_models, "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, said
    report = json.loads((tmp_path / "out" / "parity.json").read_text())
    assert report["baseline"] == "pytorch fp32"
    assert {(one["name"], one["precision"]) for one in report["compared"]} == {
        ("onnxruntime-cpu", "fp32"),
        ("onnxruntime-cpu", "fp16"),
    }
    assert report["threshold"]["source"] == "the bundle's operating point"
    assert report["faces"] == 12
    assert (tmp_path / "out" / "parity.png").read_bytes().startswith(b"\x89PNG")
    (figures,) = load_pad_bundle(bundle.folder).manifest.parity
    assert figures.precision == "fp16"
    assert figures.flipped_share == 0
    assert figures.max_live_difference < 0.01
    assert "P(live) off by" in run("inspect", bundle.folder)[1]


def test_an_fp16_graph_that_drifts_fails_and_leaves_nothing(
    trained_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bent(model: onnx.ModelProto, _inputs: object) -> HalfGraph:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        (weights,) = (t for t in copy.graph.initializer if list(t.dims) == [3, 128])
        values = onnx.numpy_helper.to_array(weights) * np.array([[1.0], [1.3], [1.0]], np.float32)
        weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
        return HalfGraph(copy, ())

    monkeypatch.setattr(pad_half, "to_half", bent)
    sources = tuple(PadSource(trained_models / file, crop) for file, crop in FILES.items())
    with pytest.raises(ParityError, match="FP16 and FP32 graphs give different answers"):
        export_pad(sources, tmp_path / "pad", PadStatement())
    assert not (tmp_path / "pad").exists()


def test_what_parity_of_liveness_cannot_do(bundle: PadBundle, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    pairs = ("--pairs", tmp_path / "pairs.txt")
    code, said = run("parity", bundle.folder, "--images", tmp_path / "none", *pairs)
    assert code == 78
    assert "has no pairs" in said
    code, said = run("parity", bundle.folder, "--images", tmp_path / "none")
    assert code != 0
    assert "nothing would be compared" in said
    code, said = run("int8", bundle.folder, "--images", tmp_path / "none")
    assert code == 78, said
