"""Parity of several networks as one: what a door compares is their embeddings side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edgeverify_export.parity.faces import FoundFace
from edgeverify_export.parity.fusion_run import run_fusion_parity
from edgeverify_export.parity.report import as_json
from edgeverify_export.parity.trial import Trial, scores
from onnx import numpy_helper
from PIL import Image

from edgeverify.bundle.folder_writer import write_folder
from edgeverify.bundle.fusion import FusionBundle, load_fusion
from edgeverify.domain import AlignedFace
from edgeverify.models.bundle_writer import embedder_files
from edgeverify.models.catalogue import CatalogueEntry, CataloguePart
from edgeverify.models.making import fusion_files
from edgeverify.runtime.open_session import open_sessions
from edgeverify.settings import ModelSettings
from edgeverify.vision.embedder import embedder_of
from tests.runtime.tiny import tiny_network, tiny_recipe

WEIGHTS = {"one": 0.7, "two": 0.3}
FACES = 12


def rounded(model: bytes) -> bytes:
    """The same network with every weight as FP16 keeps it: a form that is nearly the first."""
    made = onnx.load_model_from_string(model)
    for tensor in made.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            half = values.astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    return made.SerializeToString()


def fusion(folder: Path, *, half: tuple[str, ...] = ("one", "two")) -> FusionBundle:
    made = {}
    for seed, name in enumerate(WEIGHTS):
        graphs = {"fp32": tiny_network(seed + 1)}
        if name in half:
            graphs["fp16"] = rounded(graphs["fp32"])
        recipe = replace(tiny_recipe(name), weights_sha256=f"{seed:064x}")
        made[name] = embedder_files(recipe, graphs)[1]
    entry = CatalogueEntry(
        name="both", kind="fusion", summary="", licence="none", non_commercial=False,
        fed_with="", trained_on="",
        parts=tuple(CataloguePart(name=name, weight=share) for name, share in WEIGHTS.items()),
    )  # fmt: skip
    write_folder(folder / "both", fusion_files(entry, made, WEIGHTS))
    return load_fusion(folder / "both")


def trial(folder: Path) -> Trial:
    random = np.random.default_rng(4)
    faces = []
    for number in range(FACES):
        path = folder / f"{number}.png"
        Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
        faces.append(FoundFace(path=path, mesh=None))
    first, second = np.triu_indices(FACES, k=1)
    return Trial(
        faces=tuple(faces), probes=first.astype(np.intp), references=second.astype(np.intp),
        mated=np.arange(len(first)) % 2 == 0, images=FACES, listed_pairs=len(first),
    )  # fmt: skip


def test_the_whole_is_what_a_door_embeds(tmp_path: Path) -> None:
    bundle, asked = fusion(tmp_path), trial(tmp_path)
    found = run_fusion_parity(bundle, asked, show=False)
    settings = ModelSettings(runtime="onnxruntime-cpu", threads=1)
    door = embedder_of(bundle, open_sessions(bundle.parts, settings).sessions)
    for face, row in zip(asked.faces, found.baseline.values, strict=True):
        chip = AlignedFace(rgb=np.asarray(Image.open(face.path)), template="arcface-112")
        (embedding,) = door.embed_many(((chip, chip),), "reference")
        np.testing.assert_allclose(embedding.values, row, atol=1e-5)
    assert [part.bundle.name for part in found.parts] == ["one", "two"]
    ((whole,),) = (found.comparisons,)
    assert (whole.name, whole.precision) == ("onnxruntime-cpu", "fp16")
    assert whole.faces == FACES
    assert 0.999 < whole.min_cosine < 1
    assert '"parts": [' in as_json(found)


def test_a_decision_that_only_the_whole_makes_otherwise_fails(tmp_path: Path) -> None:
    bundle, asked = fusion(tmp_path), trial(tmp_path)
    before = run_fusion_parity(bundle, asked, show=False)
    moved = [scores(one.values, asked, bundle.manifest) for one in before.answers]
    pair = int(np.abs(moved[0] - moved[1]).argmax())
    between = float((moved[0][pair] + moved[1][pair]) / 2)
    found = run_fusion_parity(bundle, asked, threshold=between, show=False)
    assert found.threshold is not None
    assert found.threshold.source == "given by --threshold"
    assert any(
        line.startswith("the networks together: onnxruntime-cpu fp16: ") and "flipped" in line
        for line in found.failures
    )


def test_a_form_that_one_network_has_not_is_named(tmp_path: Path) -> None:
    found = run_fusion_parity(fusion(tmp_path, half=("one",)), trial(tmp_path), show=False)
    reasons = {one.name: one.reason for one in found.not_run}
    assert reasons == {"onnxruntime-cpu fp16": "not in two"}
    assert any("together: nothing was compared" in line for line in found.failures)


@pytest.mark.parametrize("name", WEIGHTS)
def test_what_one_network_fails_on_is_said_with_its_name(tmp_path: Path, name: str) -> None:
    found = run_fusion_parity(fusion(tmp_path, half=()), trial(tmp_path), show=False)
    assert any(line.startswith(f"{name}: nothing was compared") for line in found.failures)
