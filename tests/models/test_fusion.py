"""Several networks as one bundle: verified as a whole, and scored as the weighted mean of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeverify.bundle.embedding_space import fusion_space
from edgeverify.bundle.folder_writer import write_folder
from edgeverify.bundle.fusion import concatenated, load_embedder, load_fusion
from edgeverify.bundle.loading import load_bundle
from edgeverify.comparison import fuse, score
from edgeverify.domain import AlignedFace
from edgeverify.errors import BundleError
from edgeverify.models.bundle_writer import embedder_files
from edgeverify.models.catalogue import CatalogueEntry, CataloguePart
from edgeverify.models.listing import described
from edgeverify.models.making import fusion_files
from edgeverify.runtime.open_session import open_sessions
from edgeverify.settings import ModelSettings
from edgeverify.vision.embedder import Embedder, FusedEmbedder, embedder_of
from tests.runtime.tiny import tiny_network, tiny_recipe

WEIGHTS = {"one": 0.7, "two": 0.3}
ENTRY = CatalogueEntry(
    name="both",
    kind="fusion",
    summary="",
    licence="none",
    non_commercial=False,
    fed_with="",
    trained_on="",
    parts=tuple(CataloguePart(name=name, weight=weight) for name, weight in WEIGHTS.items()),
)
CPU = ModelSettings(runtime="onnxruntime-cpu", threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tiny networks: the first adds the mirror image to references, the second to both."""
    made = {}
    for seed, name in enumerate(WEIGHTS):
        mirror = {"mirror": "reference"} if name == "one" else {}
        recipe = replace(tiny_recipe(name), weights_sha256=f"{seed:064x}", **mirror)
        made[name] = embedder_files(recipe, {"fp32": tiny_network(seed + 1)})[1]
    write_folder(tmp_path / "both", fusion_files(ENTRY, made, WEIGHTS))
    return tmp_path / "both"


def chip(seed: int) -> AlignedFace:
    rgb = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return AlignedFace(rgb=rgb, template="arcface-112")


def opened(folder: Path) -> Embedder:
    bundle = load_embedder(folder)
    return embedder_of(bundle, open_sessions(bundle.parts, CPU).sessions)


def test_a_fusions_score_is_the_weighted_mean_of_its_parts_scores(folder: Path) -> None:
    both = opened(folder)
    assert isinstance(both, FusedEmbedder)
    probe, reference = ((chip(1),) * 2, (chip(2),) * 2)
    fused = score(both.embed(probe, "probe"), both.embed(reference, "reference"))
    parts = [
        score(part.embed((chip(1),), "probe"), part.embed((chip(2),), "reference"))
        for part in both.parts
    ]
    assert fused == pytest.approx(0.7 * parts[0] + 0.3 * parts[1], abs=1e-5)
    assert both.embedding_size == 16


def test_references_of_several_photos_and_either_side_work_as_with_one_network(
    folder: Path,
) -> None:
    both = opened(folder)
    faces = [(chip(seed),) * 2 for seed in (1, 2, 3)]
    together = both.embed_many(faces, "reference")
    for each, embedding in zip(faces, together, strict=True):
        probe, reference = both.embed_both_sides(each)
        np.testing.assert_allclose(embedding.values, reference.values, atol=1e-6)
        np.testing.assert_allclose(probe.values, both.embed(each, "probe").values, atol=1e-6)
        assert np.linalg.norm(probe.values) == pytest.approx(1, abs=1e-5)
        assert not np.allclose(probe.values, reference.values)  # one part's mirror rule
    enrolled = fuse(together)
    assert enrolled.embedding_space == load_fusion(folder).manifest.embedding_space
    assert score(together[0], enrolled) > score(both.embed((chip(9),) * 2, "probe"), enrolled)


def test_its_space_is_that_of_its_parts_and_weights(folder: Path) -> None:
    bundle = load_fusion(folder)
    spaces = [(part.manifest.embedding_space, WEIGHTS[part.name]) for part in bundle.parts]
    assert bundle.manifest.embedding_space == fusion_space(spaces)
    assert bundle.space_of(["fp32", "fp16"]) == bundle.manifest.embedding_space
    assert bundle.metric == "cosine"
    assert described(folder).golden_cosine > 0.9999


def test_a_part_alone_is_an_ordinary_bundle_and_the_whole_is_not(folder: Path) -> None:
    assert load_bundle(folder / "one").name == "one"
    with pytest.raises(BundleError, match="is a fusion of several embedders") as caught:
        load_bundle(folder)
    assert "name the folder of one of the fusion's parts" in caught.value.advice


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("manifest.json", lambda m: m["parts"][0].update(weight=0.6), "do not add up to 1"),
        ("manifest.json", lambda m: m.update(embedding_space="0" * 64), "is not that of the parts"),
        ("manifest.json", lambda m: m["parts"][1].update(name="one"), "two parts have one name"),
        ("manifest.json", lambda m: m["parts"][1].update(name="../x"), "parts.1.name"),
        ("manifest.json", lambda m: m.update(parts=m["parts"][:1]), "parts"),
        ("one/manifest.json", lambda m: m.update(notes="altered"), "is not the one that the fusi"),
    ],
)
def test_whatever_does_not_fit_is_refused(
    folder: Path, file: str, change: Callable[[dict[str, object]], None], message: str
) -> None:
    manifest = json.loads((folder / file).read_text())
    change(manifest)
    (folder / file).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=message):
        load_embedder(folder)


def test_a_parts_altered_network_is_refused(folder: Path) -> None:
    (folder / "two" / "model.onnx").write_bytes(tiny_network(7))
    with pytest.raises(BundleError, match="altered or damaged"):
        load_embedder(folder)


def test_the_length_of_an_answer_changes_no_share() -> None:
    generator = np.random.default_rng(3)
    first, second = (generator.normal(size=(5, 4)).astype(np.float32) for _ in range(2))
    made = concatenated([first, second], (0.7, 0.3))
    np.testing.assert_allclose(made, concatenated([9 * first, second / 7], (7, 3)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.square(made[:, :4]).sum(axis=1), 0.7, atol=1e-6)
