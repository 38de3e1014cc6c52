"""Networks of grey pictures: one channel, 28x28 at the smallest, through every step to a score."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.cli import app
from edgeverify_export.parity.feeding_check import check_feeding
from edgeverify_export.parity.run import run_parity
from edgeverify_export.parity.trial import gather
from edgeverify_export.statement import Statement
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError
from typer.testing import CliRunner

from edgeverify.bundle.loading import load_bundle
from edgeverify.cli.main import app as edgeverify
from edgeverify.domain import AlignedFace
from edgeverify.errors import BundleError, CheckpointError, ConfigError
from edgeverify.feeding.preprocessing import as_seen, feed
from edgeverify.feeding.statement import Feeding
from edgeverify.models.golden_check import check_golden
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.vision.embedder import NetworkEmbedder
from tests.evaluation.faces import OBAMA, OBAMA_AGAIN

GREY = Feeding(size=28, channels="grey", scale=1 / 255, mean=(0.5,), std=(0.5,))
STATED = Statement(statistics="unit", template="whole-picture", metric="euclidean")


def dense(*, last: bool = False) -> onnx.ModelProto:
    """The small dense network of the lessons: 28x28 grey to 16 values; channels last as Keras."""
    random = np.random.default_rng(4)
    weights = {
        "first": random.normal(0, 0.05, (784, 32)).astype(np.float32),
        "second": random.normal(0, 0.2, (32, 16)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Flatten", ["picture"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "first"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["bent"]),
        helper.make_node("MatMul", ["bent", "second"], ["values"]),
    ]
    sides = [28, 28, 1] if last else [1, 28, 28]
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", *sides])],
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, ["n", 16])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def adopted(folder: Path, statement: Statement = STATED, *, last: bool = False) -> Path:
    onnx.save(dense(last=last), folder / "dense.onnx")
    adopt_graph(folder / "dense.onnx", folder / "dense", statement)
    return folder / "dense"


def test_a_chip_becomes_luma_of_one_channel() -> None:
    chip = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    fed = feed(chip, GREY, mirror=True)
    luma = chip @ np.array([0.299, 0.587, 0.114])
    assert fed.shape == (2, 1, 28, 28)
    assert np.abs(fed[0, 0] - (luma / 255 - 0.5) / 0.5).max() < 1.01 / 255
    assert (fed[1, 0] == fed[0, 0, :, ::-1]).all()


def test_a_grey_chip_is_shown_as_the_network_sees_it() -> None:
    """Grey of the same numbers, so that it may be fed again; colours of a colour network stay."""
    chip = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    shown = as_seen(chip, GREY)
    assert (shown == cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)[:, :, None]).all()
    assert (feed(shown, GREY) == feed(chip, GREY)).all()
    for channels in ("rgb", "bgr"):
        colour = {"channels": channels, "mean": (0.0,) * 3, "std": (1.0,) * 3}
        assert (as_seen(chip, Feeding.model_validate(GREY.model_dump() | colour)) == chip).all()


def test_a_grey_network_is_explained_in_grey(tmp_path: Path, testdata: Path) -> None:
    """The picture shows no colour that the network has not seen; the map's own are another row."""
    bundle = adopted(
        tmp_path, Statement(statistics="unit", template="arcface-112", metric="cosine")
    )
    photos = [str(testdata / photo) for photo in (OBAMA, OBAMA_AGAIN)]
    words = ["explain", *photos, "--bundle", str(bundle), "-o", str(tmp_path / "why.png")]
    done = CliRunner().invoke(edgeverify, words)
    assert done.exit_code == 0, done.output
    picture = cv2.imread(str(tmp_path / "why.png"))
    upper = picture[100:350].astype(int)
    assert upper.std() > 10, "two chips are there"
    assert np.ptp(upper, axis=2).max() == 0


def test_the_average_face_of_a_grey_network_is_grey(tmp_path: Path, testdata: Path) -> None:
    """Both means, the aligned one and the one of boxes, from two photos in full colour."""
    bundle = adopted(
        tmp_path, Statement(statistics="unit", template="arcface-112", metric="cosine")
    )
    (tmp_path / "staff").mkdir()
    for photo in (OBAMA, OBAMA_AGAIN):
        shutil.copy(testdata / photo, tmp_path / "staff")
    words = ["average-face", str(tmp_path / "staff"), "--bundle", str(bundle)]
    done = CliRunner().invoke(edgeverify, [*words, "-o", str(tmp_path / "mean.png")])
    assert done.exit_code == 0, done.output
    picture = cv2.imread(str(tmp_path / "mean.png")).astype(int)
    middle = picture.shape[1] // 2
    for half in (picture[:, :middle], picture[:, middle:]):
        assert half[half.shape[0] // 2 :].std() > 10, "a face is there"
    assert np.ptp(picture, axis=2).max() == 0


@pytest.mark.parametrize("channels", ["grey", "rgb"])
def test_a_manifest_states_a_number_a_channel(channels: str) -> None:
    numbers = (0.5, 0.5, 0.5) if channels == "grey" else (0.5,)
    with pytest.raises(ValidationError, match=rf"{len(numbers)} numbers, {channels} takes"):
        Feeding.model_validate(
            {"size": 28, "channels": channels, "scale": 1.0, "mean": numbers, "std": numbers}
        )


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "as Keras has it"])
def test_a_grey_graph_is_adopted_and_scores_two_faces(tmp_path: Path, *, last: bool) -> None:
    """One channel in the graph is grey, whoever says nothing about channels."""
    bundle = load_bundle(adopted(tmp_path, last=last))
    assert bundle.manifest.feeding == Feeding(
        size=28, channels="grey", scale=1 / 255, mean=(0.0,), std=(1.0,)
    )
    assert bundle.has("fp16")
    session = OnnxRuntimeSession(
        bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=1
    )
    assert check_golden(bundle, session) > 0.9999
    chip = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    embedder = NetworkEmbedder(bundle, session)
    made = embedder.embed((AlignedFace(rgb=chip, template="whole-picture"),), "probe")
    weights = {one.name: numpy_helper.to_array(one) for one in dense().graph.initializer}
    luma = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    rows = [picture.reshape(-1) @ weights["first"] for picture in (luma, luma[:, ::-1])]
    wanted = np.sum([np.maximum(row, 0) @ weights["second"] for row in rows], axis=0)
    assert np.abs(made.values - wanted / np.linalg.norm(wanted)).max() < 1e-4
    session.close()


def test_the_door_refuses_a_manifest_of_colours_over_a_grey_graph(tmp_path: Path) -> None:
    folder = adopted(tmp_path)
    text = (folder / "manifest.json").read_text()
    assert '"channels": "grey"' in text
    (folder / "manifest.json").write_text(text.replace('"channels": "grey"', '"channels": "rgb"'))
    with pytest.raises(BundleError, match="mean has 1 numbers"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channels": "bgr"}, "one grey channel, not the --channels bgr"),
        ({"statistics": "imagenet"}, "of three colours"),
        ({"mean": "0.5,0.5,0.5", "std": "1,1,1"}, "one number for grey"),
    ],
)
def test_a_statement_of_colours_is_refused(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    stated = {"statistics": "unit", "template": "whole-picture", "metric": "cosine", **changes}
    with pytest.raises((CheckpointError, ConfigError), match=said):
        adopted(tmp_path, Statement(**stated))  # type: ignore[arg-type]


def test_numbers_of_ones_own(tmp_path: Path) -> None:
    stated = Statement(
        scale=1 / 255, mean="0.1307", std="0.3081", channels="grey", template="arcface-112",
        metric="cosine",
    )  # fmt: skip
    manifest = load_bundle(adopted(tmp_path, stated)).manifest
    assert (manifest.feeding.mean, manifest.feeding.std) == ((0.1307,), (0.3081,))


def test_parity_of_a_grey_network_on_chips_that_were_cut_before(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for person in range(21):
        (tmp_path / f"faces/P{person}").mkdir(parents=True)
        face = random.integers(0, 256, (28, 28))
        for picture in (1, 2):
            noisy = np.clip(face + random.normal(0, 12, face.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(tmp_path / f"faces/P{person}/P{person}_{picture:04d}.jpg"), noisy)
    lines = [f"P{one}\t1\t2" for one in range(20)]
    lines += [f"P{one}\t1\tP{one + 1}\t1" for one in range(20)]
    (tmp_path / "pairs.txt").write_text("1\t20\n" + "\n".join(lines) + "\n")
    trial = gather(tmp_path / "faces", tmp_path / "pairs.txt", aligned=True, show=False)
    bundle = load_bundle(adopted(tmp_path))
    report = run_parity(bundle, trial, show=False)
    assert [one.precision for one in report.comparisons] == ["fp16"]
    assert report.comparisons[0].min_cosine > 0.999
    session = OnnxRuntimeSession(
        bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=1
    )
    tried = check_feeding(session, bundle.manifest, trial, show=False)
    session.close()
    assert tried is not None
    assert tried.stated > 3
    assert {one.words for one in tried.alternatives} == {"statistics signed-unit", "statistics raw"}


def test_parity_is_not_measured_on_chips_that_were_cut_for_another_network(tmp_path: Path) -> None:
    bundle, faces = adopted(tmp_path), tmp_path / "faces"
    faces.mkdir()
    (faces / "aligned.json").write_text('{"template": "dlib-150", "template_version": 1}')
    words = ["parity", str(bundle), "--images", str(faces), "--aligned", "-o", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code != 0
    assert "cut by dlib-150 version 1, and dense is fed by" in done.stderr
