"""`--aligned`: chips that an owner cut before are measured as they are, and none is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from edgeverify.bundle.loading import load_bundle
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.accuracy import require_whole_pictures
from edgeverify.evaluation.images.acquire import acquire
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.instrument import Instrument, open_instrument
from edgeverify.settings import Settings
from edgeverify.vision.dominance import FaceSelection
from edgeverify.vision.embedder import align_for
from tests.enrolment.real_model import write_mobilefacenet
from tests.evaluation.faces import run

PEOPLE = ("Abel_Pacheco", "Adam_Sandler", "Akhmed_Zakayev", "Alan_Ball")


@pytest.fixture(scope="module")
def model(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mobilefacenet"
    write_mobilefacenet(folder, trained_models)
    return folder


def opened(model: Path, *, aligned: bool) -> Instrument:
    settings = Settings.model_validate({"model": {"bundle": str(model), "threads": 1}})
    return open_instrument(
        settings, model, {}, selection=FaceSelection.CENTRAL, aligned=aligned
    )  # fmt: skip


@pytest.fixture(scope="module")
def crops(model: Path, testdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chips as the model's own aligner cuts them: what its owner's training folder holds."""
    folder = tmp_path_factory.mktemp("crops")
    manifest = load_bundle(model).manifest
    instrument = opened(model, aligned=False)
    for person in PEOPLE:
        source = testdata / "lfw" / "lfw-deepfunneled" / person
        (folder / "whole" / person).mkdir(parents=True)
        (folder / "chips" / person).mkdir(parents=True)
        for photo in sorted(source.iterdir())[:2]:
            (folder / "whole" / person / photo.name).write_bytes(photo.read_bytes())
            rgb = decode_photo(str(photo), photo.read_bytes(), max_megapixels=10).rgb
            seen = instrument.pipeline.probe(rgb, FaceSelection.CENTRAL)
            assert seen.face is not None
            chip = align_for(manifest, rgb, seen.face).rgb
            Image.fromarray(chip).save(folder / "chips" / person / f"{photo.stem}.png")
    instrument.close()
    return folder


def test_a_chip_embeds_as_the_photo_that_it_was_cut_from(model: Path, crops: Path) -> None:
    found = {}
    for kind, aligned in (("whole", False), ("chips", True)):
        instrument = opened(model, aligned=aligned)
        paths = sorted((crops / kind).rglob("*.*"))
        with FaceCache(None, instrument.key) as cache:
            seen, problems = acquire(paths, instrument, cache)
        instrument.close()
        assert not problems
        found[kind] = {path.stem: each for path, each in seen.items()}
    assert found["whole"].keys() == found["chips"].keys()
    for name, whole in found["whole"].items():
        chip = found["chips"][name]
        assert whole.values is not None
        assert chip.values is not None
        assert float(whole.values @ chip.values) > 0.99999


@pytest.mark.parametrize("command", ["evaluate", "calibrate"])
def test_chips_that_say_they_were_cut_for_another_network_measure_nothing(
    model: Path, crops: Path, tmp_path: Path, command: str
) -> None:
    """They gave figures, and thresholds, as if the door would cut faces like that."""
    chips = tmp_path / "chips"
    shutil.copytree(crops / "chips", chips)
    said = {"template": "dlib-150", "template_version": 1}
    (chips / "aligned.json").write_text(json.dumps(said), encoding="utf-8")
    refused = run(command, chips, "--bundle", model, "--aligned")
    assert refused.code != 0
    assert "cut by dlib-150 version 1, and mobilefacenet is fed by arcface-112" in refused.err
    assert "--template arcface-112" in refused.err


@pytest.mark.parametrize("stated", ['{"template": "arcface-112", "template_version": 1}', "x"])
def test_chips_that_were_cut_for_this_network_or_do_not_say_are_taken(
    model: Path, crops: Path, tmp_path: Path, stated: str
) -> None:
    chips = tmp_path / "chips"
    shutil.copytree(crops / "chips", chips)
    (chips / "aligned.json").write_text(stated, encoding="utf-8")
    said = run("evaluate", chips, "--bundle", model, "--aligned", "--no-cache")
    assert said.code == 0, said.err


def test_evaluate_says_that_no_gate_looked(model: Path, crops: Path, tmp_path: Path) -> None:
    said = run(
        "evaluate", crops / "chips", "--bundle", model, "--aligned", "--cache", tmp_path / "cache",
        "--threads", "1", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report["facts"]["face"] == "aligned before"
    assert report["gates"] is None
    ((name, measured),) = report["measured"].items()
    assert name == "aligned before, no gates"
    assert measured["fta"]["count"] == 0
    assert (measured["figures"]["mated"], measured["figures"]["images"]) == (4, 8)


def test_what_needs_a_face_is_refused(model: Path, crops: Path) -> None:
    for words in (("--sequences",), ("--gate", "min_sharpness=0")):
        said = run("evaluate", crops / "chips", "--bundle", model, "--aligned", *words)
        assert said.code != 0
        assert "--aligned does not go with" in said.err
    said = run("calibrate", crops / "chips", "--bundle", model, "--aligned", "--with-gates")
    assert "--aligned does not go with the quality gates" in said.err
    with pytest.raises(EvaluationError, match="--journal"):
        require_whole_pictures(aligned=True, sequences=False, journal=True, gates=False)
