"""What the gates for covered eyes and mouths refuse: real faces, and drawn lenses and masks.

    python -m benchmarks.covered_faces ../shared/testdata

Real sunglasses are among LFW's pictures (`--list` names every picture that is refused, to be looked
at); clear spectacles among those of NUAA, GRID and Yale. Lenses and masks are drawn on real
faces where the mesh says they would be: they show what colours are found, not how cloth folds.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edgeverify.domain import Face, Gate, Points, Refusal, RgbImage
from edgeverify.enrolment.photo import decode_photo
from edgeverify.evaluation.frame_runs import find_runs, timed_frames
from edgeverify.models.folders import models_directory
from edgeverify.settings import QualitySettings, VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.opening import FaceFinder
from edgeverify.vision.quality import measure, refuse

GATES = QualitySettings(min_eye_distance_pixels=10, min_sharpness=0, min_border_pixels=-1000)
LENSES: dict[str, Sequence[float]] = {
    "black lenses": (0.08, 0.08, 0.09),
    "grey lenses": (0.25, 0.25, 0.27),
    "brown lenses": (0.38, 0.24, 0.14),
}
"""Of the light on the cheeks."""
MASKS: dict[str, Sequence[float]] = {
    "blue mask": (120, 170, 205),
    "white mask": (225, 228, 230),
    "black mask": (28, 28, 32),
    "green mask": (110, 160, 130),
    "grey mask": (120, 120, 124),
}
_SOCKETS = (
    (226, 247, 30, 29, 27, 28, 56, 190, 244, 233, 232, 231, 230, 229, 228, 31),
    (446, 467, 260, 259, 257, 258, 286, 414, 464, 453, 452, 451, 450, 449, 448, 261),
)
_CHEEKS = (205, 50, 36, 425, 280, 266)
# Down one cheek, along the jaw, up the other, and back over the bridge of the nose.
_MASK = (
    *(234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288),
    *(361, 323, 454, 345, 347, 197, 118, 116),
)


def with_lenses(rgb: RgbImage, mesh: Points, colour: Sequence[float]) -> RgbImage:
    """Draw glasses of one colour over both eyes, through which a tenth of the light passes."""
    cover = np.zeros(rgb.shape[:2], np.float32)
    size = float(np.ptp(mesh[:, 1]))
    for socket in _SOCKETS:
        points = mesh[list(socket), :2]
        centre = points.mean(axis=0)
        lens = centre + (points - centre) * (1.15, 1.25) + (0.0, 0.018 * size)
        hull = cv2.convexHull(lens.astype(np.float32))[:, 0]
        cv2.fillPoly(cover, [np.rint(hull * 8).astype(np.int32)], 1.0, shift=3)
    cheeks = np.rint(mesh[list(_CHEEKS), :2]).astype(int)
    inside = np.clip(cheeks, 0, (rgb.shape[1] - 1, rgb.shape[0] - 1))
    light = float(np.median(rgb[inside[:, 1], inside[:, 0]]))
    return _painted(rgb, cover, rgb * 0.1 + np.array(colour) * light * 0.9, size / 150)


def with_mask(rgb: RgbImage, mesh: Points, colour: Sequence[float]) -> RgbImage:
    """Draw cloth of one colour from the bridge of the nose to the chin, lit as the face is."""
    cover = np.zeros(rgb.shape[:2], np.float32)
    size = float(np.ptp(mesh[:, 1]))
    outline = np.rint(mesh[list(_MASK), :2] * 8).astype(np.int32)
    cv2.fillPoly(cover, [outline], 1.0, shift=3)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), max(1.0, size / 12))
    shade = np.clip(smooth / (float(np.median(smooth[cover > 0])) + 1), 0.5, 1.5)
    return _painted(rgb, cover, np.array(colour) * shade[:, :, np.newaxis], size / 120)


def _painted(rgb: RgbImage, cover: np.ndarray, paint: np.ndarray, softness: float) -> RgbImage:
    """Lay paint over a picture where `cover` is 1, with soft rims and a camera's noise."""
    soft = cv2.GaussianBlur(cover, (0, 0), max(0.5, softness))[:, :, np.newaxis]
    noise = np.random.default_rng(1).normal(0, 3, rgb.shape)
    mixed = rgb * (1 - soft) + (paint + noise) * soft
    return np.clip(mixed, 0, 255).astype(np.uint8)


class Look:
    """Detector and mesh, the most central face, and what the gates say of it."""

    def __init__(self, finder: FaceFinder) -> None:
        self.finder = finder

    def face(self, rgb: RgbImage) -> Face | None:
        """Find the face, or None."""
        height, width = rgb.shape[:2]
        boxes = self.finder.detector.detect(rgb)
        chosen = select(boxes, FaceSelection.CENTRAL, ratio=1.5, width=width, height=height)
        return None if isinstance(chosen, Refusal) else self.finder.mesher.mesh(rgb, chosen)

    def verdict(self, rgb: RgbImage) -> str:
        """Name the gate that refuses, "passed", or "no face"."""
        face = self.face(rgb)
        if face is None:
            return "no face"
        refusal = refuse(measure(rgb, face), face.pose, GATES)
        return "passed" if refusal is None else refusal.gate.value


def pictures(paths: Iterable[Path]) -> Iterator[tuple[str, RgbImage]]:
    """Read pictures in order."""
    for path in paths:
        yield path.name, decode_photo(path.name, path.read_bytes(), max_megapixels=25).rgb


def spectacled(nuaa: Path) -> list[Path]:
    """Return the pictures of NUAA on which somebody wears spectacles: their names say so."""
    return [path for path in sorted(nuaa.glob("*/*.jpg")) if _is_spectacled(path)]


def _is_spectacled(path: Path) -> bool:
    return path.name.split("_")[1] == "01"


def frames(root: Path, every: int) -> Iterator[tuple[str, RgbImage]]:
    """Read every so many frames of all runs below a folder."""
    for run in find_runs(root):
        for index, (_, rgb) in enumerate(timed_frames(run)):
            if index % every == 0:
                yield f"{run.name} {index}", rgb


def tell(name: str, look: Look, seen: Iterable[tuple[str, RgbImage]], *, listed: bool) -> None:
    """Print one line: how many faces, and how many of them each gate refuses."""
    counts: Counter[str] = Counter()
    covered = []
    for what, rgb in seen:
        verdict = look.verdict(rgb)
        counts[verdict] += 1
        if verdict in {Gate.EYES_COVERED.value, Gate.MOUTH_COVERED.value}:
            covered.append(f"    {verdict}: {what}")
    judged = counts["passed"] + len(covered)
    print(
        f"{name:<26}{counts.total():>6} faces, {judged:>5} judged: "
        f"eyes_covered {counts[Gate.EYES_COVERED.value]}, "
        f"mouth_covered {counts[Gate.MOUTH_COVERED.value]} "
        f"({len(covered) / max(judged, 1):.2%}); no face or mesh {counts['no face']}"
    )
    if listed and covered:
        print("\n".join(covered))


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("testdata", type=Path, help="the shared test data")
    parser.add_argument("--every", type=int, default=1, help="look at every so many pictures")
    parser.add_argument("--list", action="store_true", help="name what is refused")
    given = parser.parse_args()
    finder = open_face_finder(models_directory(os.environ), VisionSettings())
    look, data, every = Look(finder), given.testdata, given.every
    nuaa = data / "nuaa/db/ClientRaw"
    glasses = spectacled(nuaa)[::every]
    without = [path for path in sorted(nuaa.glob("*/*.jpg")) if not _is_spectacled(path)][::every]
    yale = sorted((data / "yale/yalefaces").glob("subject*"))
    spectacles = [path for path in yale if path.name.endswith(".glasses")]
    others = [path for path in yale if path not in spectacles]
    lfw = sorted((data / "lfw/lfw-deepfunneled").glob("*/*.jpg"))[::every]
    for name, seen in (
        ("NUAA, clear spectacles", pictures(glasses)),
        ("NUAA, without", pictures(without)),
        ("Yale, spectacles", pictures(spectacles)),
        ("Yale, others", pictures(others)),
        ("GRID", frames(data / "videos/grid_lipnet", every)),
        ("ASL", frames(data / "videos/intel_iot/asl_gestures", every)),
        ("LFW", pictures(lfw)),
    ):
        tell(name, look, seen, listed=given.list)
    plain = [*glasses[:: max(1, len(glasses) // 20)], *lfw[5 :: max(1, len(lfw) // 60)]]
    for kind, colours, draw in (("lenses", LENSES, with_lenses), ("masks", MASKS, with_mask)):
        print(f"drawn {kind}, on {len(plain)} of these faces:")
        for name, colour in colours.items():
            worn = (
                (what, draw(rgb, face.mesh, colour))
                for what, rgb in pictures(plain)
                if (face := look.face(rgb)) is not None
            )
            tell(f"  {name}", look, worn, listed=False)
    finder.close()


if __name__ == "__main__":
    main()
