"""Measure P(live) against the size of the face: where the PAD bundle stops being stable.

Takes frames of live people and of prints, rescales each so that its face gets a given width, and
judges it again; then cuts the frame ever closer to the face, so that the crop has to be shifted
inside. Usage: python -m benchmarks.pad_face_size ../shared/testdata [--plot docs/pad-face-size.png]
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.liveness_clips import arguments
from edgeverify.bundle.loading import load_pad_bundle
from edgeverify.domain import FaceBox, RgbImage
from edgeverify.models.folders import models_directory
from edgeverify.runtime.open_session import open_pad_sessions
from edgeverify.settings import ModelSettings, PadSettings, VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
from edgeverify.vision.contract import FaceDetector
from edgeverify.vision.pad import PadModel

WIDTHS = (60, 80, 100, 130, 160, 200, 250, 300, 400, 500)
ROOMS = (1.0, 0.5, 0.25, 0.1, 0.02)
"""Between the face's box and the left border, in face widths."""
Found = dict[tuple[str, float], list[float]]
"""P(live) by side (live, print) and by width in pixels, or room."""
FRAMES = 6
"""A person, a side."""
ANY_SIZE = PadSettings(min_face_pixels=10, max_face_pixels=10_000)


def pictures(folder: Path) -> list[Path]:
    """Choose some pictures of everybody, spread over their recordings."""
    chosen: list[Path] = []
    for person in sorted(folder.iterdir()):
        paths = sorted(person.glob("*.jpg"))
        chosen += [paths[i] for i in np.linspace(0, len(paths) - 1, FRAMES).astype(int)]
    return chosen


def largest(detector: FaceDetector, rgb: RgbImage) -> FaceBox | None:
    """Find the face with the largest eye distance."""
    return max(detector.detect(rgb), key=lambda box: box.eye_distance, default=None)


class Judge:
    """Detector and PAD bundle, for faces of any size."""

    def __init__(self, models: Path) -> None:
        bundle = load_pad_bundle(models / "minifasnet")
        sessions = open_pad_sessions(bundle, ModelSettings(threads=1)).sessions
        self.pad = PadModel(bundle, sessions, ANY_SIZE)
        self.detector = open_face_finder(models, VisionSettings()).detector

    def live(self, rgb: RgbImage) -> float | None:
        """P(live) of the largest face; None where no face is found."""
        box = largest(self.detector, rgb)
        return None if box is None else float(self.pad.at_any_pose(rgb, box) or 0.0)


def rescaled(rgb: RgbImage, box: FaceBox, width: int) -> RgbImage:
    """Scale a frame so that its face has this width in pixels."""
    scale = width / box.width
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def at_the_border(rgb: RgbImage, box: FaceBox, room: float) -> RgbImage:
    """Cut away what is left of a face but for so much room, in face widths."""
    return np.ascontiguousarray(rgb[:, max(0, int(box.left - room * box.width)) :])


def measured(testdata: Path, judge: Judge) -> tuple[Found, Found]:
    """Judge every chosen frame at every width, and with every room."""
    by_width: Found = {}
    by_room: Found = {}
    for side, folder in (("live", "ClientRaw"), ("print", "ImposterRaw")):
        for path in pictures(testdata / "nuaa/db" / folder):
            rgb = np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)
            box = largest(judge.detector, rgb)
            if box is None:
                continue
            for width in WIDTHS:
                keep(by_width, side, width, judge.live(rescaled(rgb, box, width)))
            for room in ROOMS:
                keep(by_room, side, room, judge.live(at_the_border(rgb, box, room)))
    return by_width, by_room


def keep(found: Found, side: str, at: float, live: float | None) -> None:
    """Add one value; a frame in which no face was found adds none."""
    if live is not None:
        found.setdefault((side, at), []).append(live)


def tell(what: str, found: Found) -> None:
    """Print one line a width, or a room."""
    print(f"{what:>9}  {'live frames':>11} {'mean':>6} {'< 0.5':>6}  {'prints':>6} {'max':>6}")
    for at in dict.fromkeys(at for _, at in found):
        live, fake = np.array(found["live", at]), np.array(found["print", at])
        print(
            f"{at:>9}  {len(live):>11} {live.mean():>6.3f} {(live < 0.5).mean():>6.1%}"
            f"  {len(fake):>6} {fake.max():>6.3f}"
        )


def plot(path: Path, found: Mapping[tuple[str, float], list[float]]) -> None:
    """Draw mean and spread of P(live) against the width of the face."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for side, colour in (("live", "tab:green"), ("print", "tab:red")):
        bands = [np.percentile(found[side, width], [5, 95]) for width in WIDTHS]
        means = [float(np.mean(found[side, width])) for width in WIDTHS]
        axes.plot(WIDTHS, means, marker="o", color=colour, label=f"{side}: mean")
        low, high = np.transpose(bands)
        axes.fill_between(WIDTHS, low, high, color=colour, alpha=0.2, label=f"{side}: 5 to 95 %")
    gates = PadSettings()
    for limit in (gates.min_face_pixels, gates.max_face_pixels):
        axes.axvline(limit, color="grey", linestyle="--")
    axes.axhline(0.5, color="grey", linestyle=":")
    axes.set_xlabel("width of the face (pixels); dashed: the gate")
    axes.set_ylabel("P(live)")
    axes.legend(loc="center right")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Print one line a width and one a room; draw the plot."""
    parser = arguments(__doc__)
    parser.add_argument("--plot", type=Path, help="draw P(live) by face width here (PNG)")
    given = parser.parse_args()
    by_width, by_room = measured(given.testdata, Judge(models_directory(os.environ)))
    tell("face (px)", by_width)
    tell("room", by_room)
    if given.plot is not None:
        plot(given.plot, by_width)


if __name__ == "__main__":
    main()
