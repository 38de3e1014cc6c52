"""Measure the flatness cue by itself: live faces, prints, and photos turned on a plane.

Usage: python -m benchmarks.liveness_flatness ../shared/testdata
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.liveness_clips import Clips, arguments, kinds, seen, ungated
from edgeverify.domain import Face, HeadPose, Points, RgbImage
from edgeverify.evaluation.attacks.opened import PadBench
from edgeverify.evaluation.attacks.scores import ScoredRun
from edgeverify.evaluation.frame_runs import timed_frames
from edgeverify.liveness.blink import MAX_CLOSING_RATIO
from edgeverify.liveness.planarity import MIN_STRETCH, Planarity

ANGLES = (20, 30, 35, 40, 50)
FOCAL = 1.2
"""Of the camera before which the photo is turned, in frame widths: a webcam's."""


def followed(faces: Iterable[tuple[Points, HeadPose]]) -> tuple[Planarity, list[float]]:
    """Give the state after all meshes, and residual per stretch where a face was turned enough."""
    plane = Planarity()
    ratios = []
    for mesh, pose in faces:
        plane = plane.observe(mesh, pose)
        if plane.stretch >= MIN_STRETCH:
            ratios.append(plane.residual / (plane.stretch - 1))
    return plane, ratios


def tell_clips(clips: Clips, runs: list[ScoredRun]) -> None:
    """Print one line: how many runs this cue alone calls flat."""
    found = [
        followed((f.cues.mesh, f.cues.pose) for f in run.frames if f.cues is not None)
        for run in runs
    ]
    frames = sum(f.cues is not None for run in runs for f in run.frames)
    ratios = [ratio for _, of_run in found for ratio in of_run]
    turned = f"least {min(ratios):.3f}, median {np.median(ratios):.3f}" if ratios else "none"
    print(
        f"{clips.name:<12} flat in {sum(plane.is_flat for plane, _ in found)} of {len(runs)} runs "
        f"({frames} frames); turned enough: {len(ratios)} frames, residual per stretch: {turned}"
    )


def turned_photo(rgb: RgbImage, degrees: float, *, is_nod: bool) -> RgbImage:
    """Show a photo of this frame that fills the view, turned about its middle line.

    The line stands, or lies for a nod.
    """
    height, width = rgb.shape[:2]
    focal = FOCAL * width
    camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    angle = np.radians(degrees)
    # The plane's points are in pixels, and the camera is `focal` pixels away: seen from the front
    # the photo is as large as the frame.
    across, away = np.cos(angle), -np.sin(angle)
    if is_nod:
        plane = np.array([[1, 0, 0], [0, across, 0], [0, away, focal]])
    else:
        plane = np.array([[across, 0, 0], [0, 1, 0], [away, 0, focal]])
    place = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    seen_as = camera @ plane @ place
    warped = cv2.warpPerspective(rgb, seen_as, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One photo turned so far: whether it read as flat, and by how much the pose read moved.

    `open_share` is how open its eyes read, as a share of before.
    """

    is_flat: bool
    read_degrees: float
    open_share: float


def turn(
    rgb: RgbImage, before: Face, degrees: float, bench: PadBench, *, is_nod: bool
) -> Turn | None:
    """Turn a photo before the door's own detector and mesh; None where no face is found."""
    after = bench.pipeline.probe(turned_photo(rgb, degrees, is_nod=is_nod)).face
    if after is None:
        return None
    plane, _ = followed([(before.mesh, before.pose), (after.mesh, after.pose)])
    yaw = abs(after.pose.yaw_degrees - before.pose.yaw_degrees)
    # Only a dip counts as a nod, and a dip is negative.
    dip = before.pose.pitch_degrees - after.pose.pitch_degrees
    return Turn(
        is_flat=plane.flat_frames == 1,
        read_degrees=dip if is_nod else yaw,
        open_share=after.eye_aspect_ratio / before.eye_aspect_ratio,
    )


def tell_turns(
    stills: list[tuple[RgbImage, Face]], bench: PadBench, degrees: float, *, is_nod: bool
) -> None:
    """Print one line: photos turned so far, to either side."""
    turns = [
        turn(rgb, face, side * degrees, bench, is_nod=is_nod)
        for rgb, face in stills
        for side in (-1, 1)
    ]
    read = [found for found in turns if found is not None]
    way, pose = ("up or down", "dip") if is_nod else ("sideways", "yaw")
    moved = [found.read_degrees for found in read]
    shut = [found for found in read if found.open_share < MAX_CLOSING_RATIO]
    print(
        f"  {degrees} degrees {way}: flat in {sum(t.is_flat for t in read)} of {len(turns)}, no "
        f"face in {len(turns) - len(read)}; {pose} read: median {np.median(moved):.1f}, "
        f"most {max(moved):.1f} degrees; eyes read as shut in {len(shut)}, of which "
        f"{sum(not found.is_flat for found in shut)} not flat"
    )


def main() -> None:
    """Print one line per kind of material, then one per angle."""
    given = arguments(__doc__).parse_args()
    everything = kinds(given.testdata)
    with ungated(given.bundle) as bench:
        for clips in everything:
            tell_clips(clips, seen(clips, bench))
        pictures = [next(timed_frames(run))[1] for run in everything[0].runs]
        faces = [(rgb, bench.pipeline.probe(rgb).face) for rgb in pictures]
        stills = [(rgb, face) for rgb, face in faces if face is not None]
        print(f"photos of {len(stills)} NUAA faces, turned on a plane:")
        for is_nod in (False, True):
            for degrees in ANGLES:
                tell_turns(stills, bench, degrees, is_nod=is_nod)


if __name__ == "__main__":
    main()
