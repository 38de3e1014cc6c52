"""What PAD and transactions are measured on: pictures, runs of pictures, videos, in folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeverify.camera.file_reader import VideoFile
from edgeverify.camera.pixels import Developer
from edgeverify.camera.reader import VideoEndedError
from edgeverify.camera.upright import upright
from edgeverify.domain import RgbImage
from edgeverify.enrolment.decoding import PICTURE_ENDINGS
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EvaluationError
from edgeverify.folder_listing import files_of_people_told

VIDEOS = frozenset({".mp4", ".mov", ".mkv", ".avi", ".mpg", ".mpeg", ".webm", ".m4v"})
MAX_MEGAPIXELS = 25.0
RUN_RATE = 5.0
"""Frames per second that a run of pictures is taken to have; such runs carry no times."""

_NUMBERED = re.compile(r"^(?P<run>.*?)[_-]?(?P<number>\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRun:
    """One presentation: a video, or pictures that were taken one after another.

    `name` is the path below the folder that was given, without the pictures' own numbers;
    `person` is its first part. `frames_per_second` is None until a video was opened.
    """

    name: str
    person: str
    paths: tuple[Path, ...]
    is_video: bool


def find_runs(root: Path) -> tuple[FrameRun, ...]:
    """Find every presentation below `root` (a folder or one file), ordered by name.

    Pictures of one folder whose names differ only in a number at the end are one run, in the
    order of these numbers; any other picture is a run by itself. EvaluationError for none.
    """
    if root.is_file():
        return (_single(root, root.name, root.stem),)
    if not root.is_dir():
        raise EvaluationError(f"{root} is neither a folder nor a file")
    try:
        files = files_of_people_told(root)
    except OSError as error:
        raise EvaluationError(f"{error.filename} cannot be read: {error.strerror}") from None
    runs = [
        _single(path, path.relative_to(root).as_posix(), _person(path, root))
        for path in files
        if path.suffix.lower() in VIDEOS
    ]
    grouped: dict[str, list[tuple[int, Path]]] = {}
    for path in files:
        if path.suffix.lower() in PICTURE_ENDINGS:
            name, number = _run_of(path, root)
            grouped.setdefault(name, []).append((number, path))
    for name, numbered in grouped.items():
        paths = tuple(path for _, path in sorted(numbered))
        person = _person(paths[0], root)
        runs.append(FrameRun(name=name, person=person, paths=paths, is_video=False))
    if not runs:
        raise EvaluationError(
            f"{root} holds no picture and no video", advice="Name the folder that holds them."
        )
    return tuple(sorted(runs, key=lambda run: run.name))


def timed_frames(run: FrameRun) -> Iterator[tuple[float, RgbImage]]:
    """Yield every frame with its time in seconds; pictures are taken to come RUN_RATE per second.

    Raises ImageError or CameraError naming a file that cannot be read.
    """
    if not run.is_video:
        for index, path in enumerate(run.paths):
            photo = decode_photo(path.name, path.read_bytes(), max_megapixels=MAX_MEGAPIXELS)
            yield (index + 1) / RUN_RATE, photo.rgb
        return
    video, developer = VideoFile(run.paths[0], loop=False), Developer()
    try:
        while True:
            try:
                frame = video.read()
                pixels = developer.develop(frame, is_damaged=video.is_damaged)
            except VideoEndedError:
                return
            yield video.seconds, upright(pixels.packed(), pixels.turn)
    finally:
        video.close()


def _single(path: Path, name: str, person: str) -> FrameRun:
    is_video = path.suffix.lower() in VIDEOS
    if not is_video and path.suffix.lower() not in PICTURE_ENDINGS:
        raise EvaluationError(f"{path} is neither a picture nor a video that is known here")
    return FrameRun(name=name, person=person, paths=(path,), is_video=is_video)


def _person(path: Path, root: Path) -> str:
    first = path.relative_to(root).parts[0]
    return Path(first).stem if first == path.name else first


def _run_of(path: Path, root: Path) -> tuple[str, int]:
    numbered = _NUMBERED.match(path.stem)
    stem, number = (numbered["run"], int(numbered["number"])) if numbered else (path.stem, 0)
    return path.relative_to(root).with_name(stem or "frames").as_posix(), number
