"""A back end whose answers differ from those that the bundle states never opens the door."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.golden_frames import COUNT, golden_box, golden_frame, golden_points
from edgeverify.bundle.loading import Bundle, load_bundle, load_pad_bundle
from edgeverify.bundle.manifest import Precision
from edgeverify.errors import BundleError
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.feeding.preprocessing import Batch
from edgeverify.feeding.templates import TEMPLATES
from edgeverify.models.bundle_writer import write_embedder
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.open_session import open_pad_sessions, open_session
from edgeverify.runtime.session import Session
from edgeverify.settings import ModelSettings
from tests.runtime.tiny import tiny_network, tiny_recipe, write_tiny, write_tiny_pad

CPU = ModelSettings(runtime="onnxruntime-cpu")
HASHES = ["3a5a3f5f81617f31", "7189291fc440e4ec", "2fcf570bc867d3d7"]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    write_tiny(tmp_path / "tiny")
    return load_bundle(tmp_path / "tiny")


class Bent:
    """A real session whose answers are bent on the way out, or whose input is on the way in."""

    name = "bent"

    def __init__(self, session: Session, precision: Precision = "fp32", noise: float = 0) -> None:
        self.session = session
        self.precision = precision
        self.noise = noise

    def run(self, batch: Batch) -> Batch:
        answer = self.session.run(batch)
        wave = np.cos(np.arange(answer.size, dtype=np.float32)).reshape(answer.shape)
        return answer + self.noise * np.linalg.norm(answer) * wave

    def close(self) -> None:
        self.session.close()


def test_the_right_back_end_agrees(bundle: Bundle) -> None:
    assert check_golden(bundle, open_session(bundle, CPU).session) > 0.999999


@pytest.mark.parametrize(
    ("precision", "fine", "too_much"),
    [("fp32", 0.001, 0.02), ("fp16", 0.004, 0.06), ("int8", 0.01, 0.2)],
)
def test_each_precision_has_its_own_limit(
    tmp_path: Path, precision: Precision, fine: float, too_much: float
) -> None:
    models: dict[Precision, bytes] = {"fp32": tiny_network(), "int8": tiny_network()}
    write_embedder(tmp_path / "tiny", tiny_recipe(), models)
    bundle = load_bundle(tmp_path / "tiny")
    session = open_session(bundle, CPU).session
    check_golden(bundle, Bent(session, precision, fine))
    with pytest.raises(BundleError, match=f"golden check: bent .{precision}. gives other answers"):
        check_golden(bundle, Bent(session, precision, too_much))


def test_nan_fails(bundle: Bundle) -> None:
    session = Bent(open_session(bundle, CPU).session, noise=float("nan"))
    with pytest.raises(Exception, match="NaN"):
        check_golden(bundle, session)


@pytest.mark.parametrize(
    "lie",
    [
        {"channels": "bgr"},
        {"scale": 1.0},
        {"mean": [0.0, 0.0, 0.0]},
        {"std": [0.5, 0.25, 0.25]},
        {"resize": "linear"},
    ],
)
def test_a_manifest_edited_to_feed_otherwise_cannot_start(
    bundle: Bundle, lie: dict[str, object]
) -> None:
    """Nothing signs the manifest here, so its hashes fit; the golden vectors do not."""
    path = bundle.folder / "manifest.json"
    content = json.loads(path.read_text())
    content["feeding"].update(lie)
    path.write_text(json.dumps(content))
    edited = load_bundle(bundle.folder)
    with pytest.raises(BundleError, match="golden check"):
        check_golden(edited, open_session(edited, CPU).session)


def test_another_template_cannot_start(bundle: Bundle) -> None:
    path = bundle.folder / "manifest.json"
    content = json.loads(path.read_text())
    content["template"] = "dlib-150"
    path.write_text(json.dumps(content))
    edited = load_bundle(bundle.folder)
    with pytest.raises(BundleError, match="golden check"):
        check_golden(edited, open_session(edited, CPU).session)


def test_golden_vectors_of_another_release_are_told(bundle: Bundle) -> None:
    golden = json.loads((bundle.folder / "golden.json").read_text())
    golden["formula"] = 99
    raw = json.dumps(golden).encode()
    (bundle.folder / "golden.json").write_bytes(raw)
    path = bundle.folder / "manifest.json"
    content = json.loads(path.read_text())
    content["files"]["golden.json"] = sha256_of(raw)
    path.write_text(json.dumps(content))
    edited = load_bundle(bundle.folder)
    with pytest.raises(BundleError, match="golden frames that this release does not draw"):
        check_golden(edited, open_session(edited, CPU).session)


def test_a_pad_bundle_is_checked_the_same_way(tmp_path: Path) -> None:
    write_tiny_pad(tmp_path / "pad")
    bundle = load_pad_bundle(tmp_path / "pad")
    near, far = open_pad_sessions(bundle, CPU).sessions
    assert check_pad_golden(bundle, (near, far)) > 0.999999
    with pytest.raises(BundleError, match="golden check"):
        check_pad_golden(bundle, (far, near))


def test_the_frames_are_the_same_bits_on_every_machine() -> None:
    hashes = [sha256_of(golden_frame(index).tobytes())[:16] for index in range(COUNT)]
    assert hashes == HASHES


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_five_points_are_given_and_lie_in_the_frame(name: str) -> None:
    for index in range(COUNT):
        points = golden_points(index, TEMPLATES[name])
        assert points.shape == ((0, 2) if name == "whole-picture" else (5, 2))
        assert (points > 0).all()
        assert (points < [400, 330]).all()


def test_a_pad_crop_reaching_over_the_border_is_shifted_inside() -> None:
    frame = np.zeros((100, 200, 3), dtype=np.uint8)
    frame[:, :100] = 255
    crop = crop_around_box(frame, left=-10, top=30, width=40, height=40, crop_scale=2.0, size=80)
    assert crop.min() == 255  # all of it from the left half
    whole = crop_around_box(frame, left=80, top=30, width=40, height=40, crop_scale=9.0, size=80)
    assert whole.shape == (80, 80, 3)
    assert 0 < whole.mean() < 255
    with pytest.raises(ValueError, match="area"):
        crop_around_box(frame, left=0, top=0, width=0, height=4, crop_scale=2, size=80)


def test_the_golden_box_is_inside_the_frame() -> None:
    for index in range(COUNT):
        left, top, width, height = golden_box(index)
        assert left > 0
        assert top > 0
        assert left + width < 400
        assert top + height < 320
