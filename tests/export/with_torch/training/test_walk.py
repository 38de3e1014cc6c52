"""From a folder of photos to a door, typed as a person types it: no line of code between."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgeverify_train.cli import app
from edgeverify_train.run_folder import RunFolder
from typer.testing import CliRunner

from edgeverify.bundle.loading import load_bundle
from edgeverify.config.loading import load_config
from edgeverify.demo.film import FRAMES_PER_SECOND, HEIGHT, WIDTH, Actor, frames, hire
from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason, Reference
from edgeverify.enrolment import encode_photo
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import ConfigError
from edgeverify.progress import silent
from edgeverify.settings import ModelSettings, Settings, StaffEntry
from edgeverify.verifier.photos import open_photo_verifier
from edgeverify.verifier.verifier import open_verifier
from tests.daemon.stage import door_on_stage
from tests.models.conftest import CACHE

from .conftest import PICTURES
from .whole import require_bundle, require_report, require_trained

PEOPLE = 6
SHOWN = 560
"""Pixels: an LFW picture's 250, enlarged."""
pytestmark = [pytest.mark.export, pytest.mark.slow]

TINY = (
    "training.workers=0",
    "training.device=cpu",
    "schedule.warm_up_epochs=0",
    "measurement.max_pictures=4",
)


def typed(*words: str | Path, program: object = app) -> str:
    """Type a command that must do; returns what it printed."""
    said = CliRunner().invoke(program, [str(word) for word in words])  # type: ignore[arg-type]
    assert said.exception is None or isinstance(said.exception, SystemExit), said
    assert said.exit_code == 0, said.stderr
    return said.stdout


def changed(*changes: str) -> list[str]:
    return [word for change in (*TINY, *changes) for word in ("--set", change)]


SMALL_VGG = (
    "feeding.size=32", "training.batch=16", "stages.0.epochs=2", "sampler.pairs_per_epoch=64",
    "optimiser.learning_rate=0.003", "checkpoints.named=false",
)  # fmt: skip
DOCUMENTS = {
    "siamese-triplet": (
        "feeding.size=32", "training.batch=8", "stages.0.size=32", "stages.0.epochs=3",
        "optimiser.learning_rate=0.0005", "loss.mining=none", "stages.0.rand_augment=0",
    ),
    "arcface-progressive": (
        "feeding.size=64", "training.batch=8", "network.embedding_size=64",
        "stages.0.size=32", "stages.1.size=48", "stages.2.size=64", "training.ema_decay=0.5",
        "stages.0.epochs=2", "stages.1.epochs=1", "stages.2.epochs=1",
    ),
    "contrastive-euclidean": (
        "sampler.pairs_per_epoch=40", "training.batch=8", "stages.0.epochs=5",
    ),
    "vgg19-bce": SMALL_VGG,
    "vgg19-contrastive": SMALL_VGG,
    "mobilefacenet-adaface": (
        "training.batch=8", "stages.0.epochs=3", "optimiser.learning_rate=0.02",
    ),
}  # fmt: skip
"""The owner's five documents and a modern recipe, and what makes each a training of seconds."""


@pytest.fixture(scope="module")
def photos(lfw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per person, as a new user has them."""
    folder = tmp_path_factory.mktemp("album") / "photos"
    enough = [one for one in sorted(lfw.iterdir()) if len(list(one.iterdir())) >= PICTURES]
    for person in enough[:PEOPLE]:
        shutil.copytree(person, folder / person.name)
        for surplus in sorted((folder / person.name).iterdir())[PICTURES:]:
            surplus.unlink()
    return folder


@pytest.mark.parametrize("recipe", DOCUMENTS)
def test_from_a_folder_of_faces_to_a_granted_door(
    recipe: str, photos: Path, vgg19: Path, tmp_path: Path
) -> None:
    """Each recipe from chance; a few steps make a network that the door itself calls weak.

    So its photo of record is shown to the door: more is not to be asked of it.
    """
    chips, run, bundle = tmp_path / "chips", tmp_path / "run", tmp_path / "bundle"
    said = typed("align", photos, "-o", chips, "--recipe", recipe, "--face", "central",
                 "--workers", "1")  # fmt: skip
    assert f"chips of {PEOPLE} people" in said
    assert f"next: edgeverify-train check-data {chips}" in said
    assert f"then: edgeverify-train fit {recipe} --data {chips} -o RUN" in said
    assert f"{PEOPLE} people" in typed("check-data", chips, "--no-cache")

    words = ("fit", recipe, "--data", chips, "-o", run)
    changes = changed(*DOCUMENTS[recipe], "data.held_out_share=0.4")
    if recipe.startswith("vgg19"):
        refused = CliRunner().invoke(app, [str(word) for word in (*words, *changes)])
        assert refused.exit_code != 0
        assert "Add --set network.start=FILE, such as torchvision's" in refused.stderr
        changes += ["--set", f"network.start={vgg19}"]
    said = typed(*words, *changes)
    assert "will be marked as not for a door: it learned from" in said
    assert f"next: edgeverify-train export {run}" in said
    require_trained(RunFolder(run), recipe, said, vgg19)
    require_report(run / "report", recipe)

    said = typed("export", run, "-o", bundle)
    assert "parity of onnxruntime-cpu fp32: cosine 1.000000 at worst" in said
    assert "not for a door as it is: it learned from" in said
    assert "no operating points: " in said
    (yaml,) = re.findall(r"model: \{bundle: .*, accept_weak: true\}", said)
    (threshold,) = re.findall(r"decision: \{threshold: (-?[0-9.]+)\}", said)
    require_bundle(bundle, recipe)

    photo = min(photos.glob("*/*"))
    shutil.copyfile(photo, tmp_path / "ada.jpg")
    promised = door_of(tmp_path, yaml.replace(", accept_weak: true", ""), f"threshold: {threshold}")
    with pytest.raises(ConfigError, match="is not for a door: it learned from"):
        open_verifier(promised, tmp_path, bundle.parent, at_door=True)
    unmeasured = door_of(tmp_path, yaml, "max_fmr: 1e-3")
    accepted = door_of(tmp_path, yaml, f"threshold: {threshold}")
    with open_photo_verifier(accepted, bundle, bundle.parent) as opened:
        with pytest.raises(ConfigError, match="operating points"):
            opened.verifier.point(unmeasured)
        content = photo.read_bytes()
        encoded = encode_photo(
            opened.pipeline,
            decode_photo(photo.name, content, max_megapixels=25),
            accepted.enrolment,
            accepted.quality,
        )
        reference = Reference(
            card=OWNER_CARD, name="Ada", embedding=encoded.embedding, photo_count=1
        )  # fmt: skip
        shown = still_film(photo, tmp_path / "owner.avi")
        with door_on_stage(
            tmp_path, shown, opened.pipeline, accepted, (reference,),
            threshold=opened.point().threshold,
        ) as door:  # fmt: skip
            door.claim(OWNER_CARD)
            (decision,) = door.play()
    assert decision.outcome is Outcome.GRANT, decision


def door_of(folder: Path, model: str, decision: str) -> Settings:
    """Read a door's config, with the lines in it that `export` printed."""
    config = folder / "door.yaml"
    config.write_text(
        f"door: front-door\nliveness: 'off'\n{model}\ndecision: {{{decision}}}\n"
        f"staff:\n  - {{card: '{OWNER_CARD}', name: Ada, photos: [ada.jpg]}}\n"
    )
    return load_config(config).settings


def still_film(photo: Path, path: Path) -> Path:
    """A photograph held before the camera, so large that its eyes are far enough apart."""
    rgb = decode_photo(photo.name, photo.read_bytes(), max_megapixels=25).rgb
    large = cv2.resize(rgb, (SHOWN, SHOWN), interpolation=cv2.INTER_LINEAR)
    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    top, left = (HEIGHT - SHOWN) // 2, (WIDTH - SHOWN) // 2
    frame[top : top + SHOWN, left : left + SHOWN] = large
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), FRAMES_PER_SECOND, (WIDTH, HEIGHT)
    )
    for _ in range(20):
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


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
