"""What the shipped thresholds are measured on: LFW's four folds, and people before one camera."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lfw_groups import write_table
from edgeverify.domain import RgbImage
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.frame_runs import find_runs, timed_frames
from edgeverify.evaluation.images.acquire import Looker
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.attributes import Attributes
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.images.material import Material, NamedImage, material
from edgeverify.evaluation.images.pairs import read_pairs

LFW_NAME = "LFW deep-funnelled, View 2"
ONE_CAMERA_NAME = "NUAA (7 people of one ethnicity), ASL clips (3), GRID (5)"
TUNE_FOLDS, REPORT_FOLDS = (1, 2), (3, 4)
_SAME_MAN = {"id2_vcd_swwp2s": "A", "pwij3p": "A"}
"""Two of GRID's clips show one man."""
_EVERY = {"nuaa": 1, "asl": 10, "grid": 8}
"""Frames of one clip are alike: only every so many of them are looked at."""


def pair_list(testdata: Path) -> Path:
    """Name LFW's pairs."""
    return testdata / "annotations/lfw_pairs_share.txt"


def pictures(testdata: Path) -> Path:
    """Name the folder of LFW's pictures."""
    return testdata / "lfw/lfw-deepfunneled"


def groups_table(testdata: Path, path: Path) -> Path:
    """Write the table of groups, read off people's names. EvaluationError without the names."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            write_table(read_pairs(pair_list(testdata)), file)
    except ImportError:
        raise EvaluationError(
            "the table of first names is not installed",
            advice="Run: python -m pip install gender-guesser==0.4.0",
        ) from None
    return path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraFrame:
    """One frame of somebody before one camera; `name` is of the clip and the frame's number."""

    camera: str
    person: str
    name: str
    rgb: RgbImage

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) of its pixels."""
        return hashlib.sha256(repr(self.rgb.shape).encode() + self.rgb.tobytes()).hexdigest()


def camera_frames(testdata: Path) -> Iterator[CameraFrame]:
    """Read every frame that counts, camera by camera."""
    for camera, folder in (
        ("nuaa", "nuaa/db/ClientRaw"),
        ("asl", "videos/intel_iot/asl_gestures"),
        ("grid", "videos/grid_lipnet"),
    ):
        owners = _owners(testdata) if camera == "asl" else {}
        for run in find_runs(testdata / folder):
            clip = run.paths[0].name
            if owners and clip not in owners:
                continue
            stem = _SAME_MAN.get(Path(clip).stem, Path(clip).stem)
            person = {"nuaa": run.person, "asl": owners.get(clip, ""), "grid": stem}[camera]
            for number, (_, rgb) in enumerate(timed_frames(run)):
                if number % _EVERY[camera] == 0:
                    yield CameraFrame(
                        camera=camera,
                        person=f"{camera}_{person}",
                        name=f"{run.name} {number}",
                        rgb=rgb,
                    )


class CameraLooks:
    """What one model saw of everybody before one camera."""

    def __init__(self, looker: Looker, cache: FaceCache) -> None:
        self._looker = looker
        self._cache = cache
        self._images: list[NamedImage] = []
        self._seen: dict[Path, Acquired] = {}
        self._cameras: dict[Path, str] = {}

    def look(self, frame: CameraFrame) -> None:
        """Take what the cache has of a frame, else look at it and keep it."""
        digest = frame.digest
        known = self._cache.get(digest)
        if known is None:
            known = self._looker.look(frame.rgb, digest)
            self._cache.put(known)
        path = Path(frame.name)
        self._images.append(NamedImage(person=frame.person, path=path))
        self._seen[path] = known
        self._cameras[path] = frame.camera

    def found(self) -> tuple[Material, Attributes]:
        """Return all of it; the attribute `camera` says before which each frame was taken."""
        found = material(self._images, self._seen, ())
        named = {index: self._cameras[path] for index, path in enumerate(found.paths)}
        return found, Attributes(values={"camera": named}, unknown=0)


def _owners(testdata: Path) -> dict[str, str]:
    table = testdata / "annotations/asl_identities_share.tsv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["clip"]: row["identity"].removeprefix("asl_") for row in rows}
