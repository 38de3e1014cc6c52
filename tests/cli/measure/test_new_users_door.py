"""A new user's door: default settings, one photo per person, and the shared people before it.

The promise of this release, measured by its own commands: nobody comes in on another's card, nobody
with the right one is sent away more than once in a hundred times, and who turns their head is not
called an attacker.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeverify.models.build import fetch_bundle
from tests.evaluation.faces import run
from tests.faces import add_vision
from tests.models.conftest import sface_file

__all__ = ["sface_file"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def models(
    sface_file: bytes, trained_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The default model with the operating points that it ships, and the PAD bundle."""
    folder = tmp_path_factory.mktemp("models")
    add_vision(folder)
    weights = folder / "face_recognition_sface_2021dec_int8bq.onnx"
    weights.write_bytes(sface_file)
    fetch_bundle("sface", folder, source=weights)
    fetch_bundle("minifasnet", folder, source=trained_models)
    return folder


def test_every_impostor_is_refused_and_nobody_else(models: Path, testdata: Path) -> None:
    said = run(
        "evaluate", testdata / "nuaa/db/ClientRaw", "--sequences", "--enrol-frames", "1",
        "--bundle", models / "sface", "--no-cache", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report["gates"]["min_eye_distance_pixels"] == 36, "the door's own gates"
    found = report["measured"]["gates on"]
    impostors, mated = found["false_accepts"], found["false_rejects"]
    assert impostors["over_people"]["count"] == 21, "every pair of the seven people"
    assert impostors["over_attempts"]["count"] > 200
    assert impostors["over_attempts"]["errors"] == 0
    assert mated["over_attempts"]["count"] > 100
    assert mated["over_attempts"]["errors"] <= 0.01 * mated["over_attempts"]["count"]


def test_who_turns_their_head_is_not_called_an_attacker(models: Path, testdata: Path) -> None:
    clips = testdata / "attacks/zubair_replay"
    said = run(
        "evaluate-pad", "--bundle", models / "sface", "--pad-bundle", models / "minifasnet",
        "--bona-fide", clips / "real.mov", "--attack", f"phone={clips / 'fake.mp4'}",
        "--enrol", clips / "real.mov", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    report = json.loads(said.out)
    refused = report["bpcer_per_transaction"]
    assert refused["count"] >= 30
    assert refused["errors"] <= 0.03 * refused["count"]
