"""The daemon's test stage: films from real photos, the default model, one pipeline per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeverify.demo.film import FRAMES_PER_SECOND, HEIGHT, WIDTH, Cast, frames, hire
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, Film
from edgeverify.domain import Reference
from edgeverify.enrolment import encode_photo
from edgeverify.enrolment.photo import decode_photo
from edgeverify.progress import silent
from edgeverify.settings import ModelSettings, Settings, StaffEntry
from edgeverify.verifier.photos import open_photo_verifier
from edgeverify.verifier.pipeline import Pipeline
from tests.daemon.stage import DoorOnStage, door_on_stage
from tests.models.conftest import CACHE, dlib_bundle, dlib_file, real_photos

__all__ = ["dlib_bundle", "dlib_file", "real_photos"]

STAFF = (
    StaffEntry(card=OWNER_CARD, name="Ada", photos=("ada.jpg",)),
    StaffEntry(card=OTHER_CARD, name="Bob", photos=("bob.jpg",)),
)


@pytest.fixture(scope="session")
def pipeline(dlib_bundle: Path) -> Iterator[Pipeline]:
    settings = Settings(model=ModelSettings(bundle=str(dlib_bundle), threads=1), liveness="off")
    with open_photo_verifier(settings, dlib_bundle, dlib_bundle.parent) as opened:
        yield opened.pipeline


@pytest.fixture(scope="session")
def cast(real_photos: dict[str, Path], pipeline: Pipeline) -> Cast:
    assert real_photos
    return hire(CACHE, pipeline.detector, silent)


@pytest.fixture(scope="session")
def references(cast: Cast, pipeline: Pipeline) -> tuple[Reference, ...]:
    settings = Settings()
    found = []
    for entry, content in zip(STAFF, (cast.owner_id_photo, cast.other_id_photo), strict=True):
        photo = decode_photo(entry.photos[0], content, max_megapixels=25)
        encoded = encode_photo(pipeline, photo, settings.enrolment, settings.quality)
        found.append(
            Reference(card=entry.card, name=entry.name, embedding=encoded.embedding, photo_count=1)
        )
    return tuple(found)


@pytest.fixture(scope="session")
def films(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Film, int], Path]:
    """Draw a film of so many frames, once."""
    folder = tmp_path_factory.mktemp("films")
    actors = {
        Film.OWNER_WALKS_UP: (cast.owner,),
        Film.OTHER_WALKS_UP: (cast.other,),
        Film.EMPTY_ROOM: (),
        Film.TWO_PEOPLE: (replace(cast.owner, lane=0.3), replace(cast.other, lane=0.7)),
    }

    def draw(film: Film, count: int) -> Path:
        path = folder / f"{film.value}-{count}.avi"
        if path.exists():
            return path
        size = (WIDTH, HEIGHT)
        writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter.fourcc(*"MJPG"), FRAMES_PER_SECOND, size
        )
        drawn = frames(actors[film], np.random.default_rng(1))
        for _, frame in zip(range(count), drawn, strict=False):
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        writer.release()
        return path

    return draw


@pytest.fixture
def stage(
    tmp_path: Path,
    films: Callable[[Film, int], Path],
    pipeline: Pipeline,
    references: tuple[Reference, ...],
) -> Iterator[Callable[..., DoorOnStage]]:
    """Build a door before a film; settings may be changed by section."""
    with ExitStack() as stack:

        def build(film: Film, *, count: int = 20, **changes: object) -> DoorOnStage:
            settings = Settings(door="front-door", liveness="off", staff=STAFF)
            settings = settings.model_copy(update=changes)
            folder = tmp_path / f"door-{film.value}"
            folder.mkdir()
            return stack.enter_context(
                door_on_stage(folder, films(film, count), pipeline, settings, references)
            )

        yield build
