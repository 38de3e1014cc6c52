"""Keras graphs take channels last; chips that an owner cut before are taken as they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.canonical_graph import channels_first
from edgeverify_export.parity.feeding_check import check_feeding
from edgeverify_export.parity.trial import gather
from edgeverify_export.sessions import run_graph
from edgeverify_export.statement import Statement
from onnx import TensorProto, helper

from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import ParityError
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from tests.runtime.tiny import tiny_network, write_tiny


def channels_last(model: bytes) -> onnx.ModelProto:
    """The tiny network as tf2onnx writes a Keras model without --inputs-as-nchw."""
    made = onnx.load_model_from_string(model)
    (entry,) = made.graph.input
    inner = entry.name
    made.graph.node.insert(0, helper.make_node("Transpose", ["nhwc"], [inner], perm=[0, 3, 1, 2]))
    del made.graph.input[:]
    made.graph.input.append(
        helper.make_tensor_value_info("nhwc", TensorProto.FLOAT, ["unk__7", 32, 32, 3])
    )
    return made


def test_a_channels_last_graph_answers_as_its_channels_first_twin(tmp_path: Path) -> None:
    path = tmp_path / "keras.onnx"
    onnx.save(channels_last(tiny_network()), path)
    stated = Statement(statistics="imagenet", template="arcface-112", metric="cosine")
    made = adopt_graph(path, tmp_path / "keras", stated)
    assert "channels last: a transpose was put before the input" in made.remarks
    x = np.random.default_rng(1).normal(size=(2, 3, 32, 32)).astype(np.float32)
    adopted = run_graph(load_bundle(tmp_path / "keras").model_bytes("fp32"), x)
    assert np.abs(adopted - run_graph(tiny_network(), x)).max() < 1e-4


@pytest.mark.parametrize("sides", [[1, 3, 32, 32], [1, 32, 31, 3], [1, 8, 8, 3], [1, 32, 32, 4]])
def test_what_is_not_plainly_channels_last_is_left_alone(sides: list[int]) -> None:
    model = channels_last(tiny_network())
    for dim, side in zip(model.graph.input[0].type.tensor_type.shape.dim, sides, strict=True):
        dim.Clear()
        dim.dim_value = side
    assert channels_first(model) == (model, None)


def people(folder: Path, pictures: int = 2, count: int = 21) -> Path:
    """Pictures that show no face at all, and a list of pairs of them."""
    random = np.random.default_rng(3)
    for person in range(count):
        (folder / f"P{person}").mkdir(parents=True)
        for picture in range(1, pictures + 1):
            noise = random.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"P{person}" / f"P{person}_{picture:04d}.png"), noise)
    return folder


def test_chips_that_were_cut_before_lose_none(tmp_path: Path) -> None:
    folder = people(tmp_path / "crops", count=3)
    trial = gather(folder, None, aligned=True, show=False)
    assert len(trial.faces) == 6
    write_tiny(tmp_path / "tiny")
    manifest = load_bundle(tmp_path / "tiny").manifest
    chip = trial.faces[0].chip(manifest.feeding, manifest.aligns_by)
    assert chip.shape == (32, 32, 3)
    (tmp_path / "crops" / "P0" / "broken.png").write_bytes(b"no picture")
    assert len(gather(folder, None, aligned=True, show=False).faces) == 6
    with pytest.raises(ParityError):
        gather(tmp_path / "tiny", None, aligned=True, show=False)


def test_such_chips_are_not_cut_otherwise_to_look_for_a_better_feeding(tmp_path: Path) -> None:
    folder = people(tmp_path / "crops")
    lines = [f"P{one}\t1\t2" for one in range(20)]
    lines += [f"P{one}\t1\tP{one + 1}\t1" for one in range(20)]
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("1\t20\n" + "\n".join(lines).replace("\t1\t2", "\t1\t2") + "\n")
    for path in list(folder.rglob("*.png")):
        path.rename(path.with_suffix(".jpg"))
    trial = gather(folder, pairs, aligned=True, show=False)
    write_tiny(tmp_path / "tiny")
    bundle = load_bundle(tmp_path / "tiny")
    session = OnnxRuntimeSession(
        bundle.model_bytes("fp32"), device="cpu", precision="fp32", threads=1
    )
    checked = check_feeding(session, bundle.manifest, trial, show=False)
    session.close()
    assert checked is not None
    assert not [one.words for one in checked.alternatives if "alignment" in one.words]
    assert any("channels" in one.words for one in checked.alternatives)
