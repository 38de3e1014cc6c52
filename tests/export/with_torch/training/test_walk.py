"""From a folder of photos to a door, typed as a person types it: no line of code between."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgeverify_train.cli import app
from PIL import Image
from typer.testing import CliRunner

from edgeverify.bundle.loading import load_bundle
from edgeverify.cli.main import app as product
from edgeverify.demo.film import FRAMES_PER_SECOND, HEIGHT, WIDTH, Actor, frames, hire
from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason, Reference
from edgeverify.enrolment import encode_photo
from edgeverify.enrolment.photo import decode_photo
from edgeverify.progress import silent
from edgeverify.settings import ModelSettings, Settings, StaffEntry
from edgeverify.verifier.photos import open_photo_verifier
from tests.daemon.stage import door_on_stage
from tests.models.conftest import CACHE

from .conftest import PICTURES

pytestmark = [pytest.mark.export, pytest.mark.slow]

TINY = (
    "training.workers=0",
    "training.device=cpu",
    "schedule.warm_up_epochs=0",
    "measurement.max_pictures=4",
)
REPORT = {
    "curves.png", "roc.png", "det.png", "histograms.png", "confusion.png", "worst-pairs.png",
    "worst-pairs.csv", "model-card.md", "report.json",
}  # fmt: skip


def typed(*words: str | Path, program: object = app) -> str:
    """Type a command that must do; returns what it printed."""
    said = CliRunner().invoke(program, [str(word) for word in words])  # type: ignore[arg-type]
    assert said.exception is None or isinstance(said.exception, SystemExit), said
    assert said.exit_code == 0, said.stderr
    return said.stdout


def changed(*changes: str) -> list[str]:
    return [word for change in (*TINY, *changes) for word in ("--set", change)]


def test_a_small_dense_network_from_a_folder_of_photos_to_a_score(
    lfw: Path, tmp_path: Path
) -> None:
    photos, chips, run = tmp_path / "photos", tmp_path / "chips", tmp_path / "run"
    enough = [one for one in sorted(lfw.iterdir()) if len(list(one.iterdir())) >= PICTURES]
    for person in enough[:10]:
        (photos / person.name).mkdir(parents=True)
        for photo in sorted(person.iterdir())[:PICTURES]:
            shutil.copyfile(photo, photos / person.name / photo.name)
    recipe = "contrastive-euclidean"
    said = typed(
        "align", photos, "-o", chips, "--recipe", recipe, "--face", "central", "--workers", "1"
    )
    assert "chips of 10 people" in said
    assert f"then: edgeverify-train fit {recipe} --data {chips} -o RUN" in said

    said = typed(
        "fit", recipe, "--data", chips, "-o", run,
        *changed("stages.0.epochs=3", "sampler.pairs_per_epoch=200", "data.held_out_share=0.4",
                 "training.batch=32"),
    )  # fmt: skip
    assert f"next: edgeverify-train export {run}" in said
    names = {path.name for path in (run / "report").iterdir()}
    assert names >= REPORT | {"pairs.png"}
    for name in names:
        if name.endswith(".png"):
            with Image.open(run / "report" / name) as picture:
                assert min(picture.size) > 300
    told = json.loads((run / "report" / "report.json").read_text())
    assert told["threshold"] == -0.3
    assert 0.5 < told["auc_one_to_one"] <= 1
    assert 0 <= told["auc_one_to_many"] <= 1
    card = (run / "report" / "model-card.md").read_text()
    assert "Not for a door" in card
    assert "1:N AUC" in card

    said = typed("export", run, "-o", tmp_path / "bundle")
    bundle = load_bundle(tmp_path / "bundle")
    manifest = bundle.manifest
    assert (manifest.feeding.channels, manifest.feeding.size) == ("grey", 28)
    assert (manifest.template, manifest.metric) == ("arcface-112", "euclidean")
    assert manifest.feeding_verified
    assert "learned from 6 people" in manifest.weak
    assert [one.precision for one in manifest.parity] in (["fp16"], [])
    assert "parity of onnxruntime-cpu fp32: cosine 1.000000 at worst" in said
    assert "accept_weak: true" in said
    (threshold,) = re.findall(r"--threshold (-[0-9.]+)", said)

    first, second = sorted((photos / enough[0].name).iterdir())[:2]
    answer = CliRunner().invoke(
        product,
        ["verify", str(first), str(second), "--bundle", str(tmp_path / "bundle"),
         "--threshold", threshold],
    )  # fmt: skip
    assert answer.exit_code in (0, 1), answer.stderr
    assert "(euclidean, contrastive-euclidean)" in answer.stdout


def film(actor: Actor, path: Path) -> Path:
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), FRAMES_PER_SECOND, (WIDTH, HEIGHT)
    )
    drawn = frames((actor,), np.random.default_rng(1))
    for _, frame in zip(range(20), drawn, strict=False):
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def test_a_network_that_was_tuned_on_ones_own_people_opens_a_door(
    chips: Mapping[str, Path], trained_models: Path, tmp_path: Path
) -> None:
    """The owner is let in before a real loop with the exported bundle; somebody else is not."""
    run, folder = tmp_path / "run", tmp_path / "tuned"
    said = typed(
        "fit", "finetune-own-people", "--data", chips["arcface-112"], "-o", run,
        *changed(f"network.start={trained_models / 'mobilefacenet.pt'}", "stages.0.epochs=1",
                 "training.steps_per_epoch=2", "training.batch=8", "data.held_out_share=0.4",
                 "optimiser.learning_rate=0.00001"),
    )  # fmt: skip
    assert "held-out people: EER" in said
    said = typed("export", run, "-o", folder)
    assert not load_bundle(folder).manifest.weak
    points = re.findall(r"threshold:? (0\.[0-9]+)", said)
    threshold = max(float(point) for point in points)
    assert 0.1 < threshold < 0.8

    settings = Settings(
        model=ModelSettings(bundle=str(folder), threads=1),
        liveness="off",
        door="front-door",
        staff=(StaffEntry(card=OWNER_CARD, name="Ada", photos=("ada.jpg",)),),
    )
    decisions = {}
    with open_photo_verifier(settings, folder, folder.parent) as opened:
        cast = hire(CACHE, opened.pipeline.detector, silent)
        photo = decode_photo("ada.jpg", cast.owner_id_photo, max_megapixels=25)
        encoded = encode_photo(opened.pipeline, photo, settings.enrolment, settings.quality)
        owner = Reference(
            card=OWNER_CARD, name="Ada", embedding=encoded.embedding, photo_count=1
        )  # fmt: skip
        for name, actor in (("owner", cast.owner), ("other", cast.other)):
            (tmp_path / name).mkdir()
            shown = film(actor, tmp_path / f"{name}.avi")
            with door_on_stage(
                tmp_path / name, shown, opened.pipeline, settings, (owner,), threshold=threshold
            ) as door:
                door.claim(OWNER_CARD)
                (decisions[name],) = door.play()
    assert decisions["owner"].outcome is Outcome.GRANT
    assert decisions["other"].outcome is Outcome.DENY
    assert decisions["other"].reason is Reason.NON_MATCH
