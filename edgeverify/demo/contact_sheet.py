"""One picture of the whole demo: a frame of each scene, the face, its five points, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeverify.domain import Outcome, RgbImage
from edgeverify.errors import ImageError
from edgeverify.feeding.templates import template_named
from edgeverify.verifier.pipeline import Pipeline

TILE = (640, 360)
FOOT = 56
COLUMNS = 2
FIVE_POINTS = "arcface-112"
"""Eye centres, nose tip, mouth corners: what people know as the five points."""
GREEN, RED, AMBER, INK, PAPER = (
    (40, 160, 70),
    (200, 60, 50),
    (230, 160, 30),
    (30, 30, 30),
    (245, 245, 245),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Still:
    """One tile: what the camera saw, and what was decided."""

    frame: RgbImage
    title: str
    outcome: Outcome
    reason: str


def draw(stills: Sequence[Still], pipeline: Pipeline) -> RgbImage:
    """Return the sheet, RGB; raises ImageError for no still at all."""
    if not stills:
        raise ImageError("there is nothing to draw")
    tiles = [_tile(still, pipeline) for still in stills]
    while len(tiles) % COLUMNS:
        tiles.append(np.full_like(tiles[0], PAPER))
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)


def write(path: Path, sheet: RgbImage) -> None:
    """Write the sheet as PNG. Raises ImageError when the disk refuses."""
    if not cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
        raise ImageError(f"cannot write the contact sheet {path}", advice="Is the disk full?")


def _tile(still: Still, pipeline: Pipeline) -> RgbImage:
    frame = still.frame.copy()
    seen = pipeline.probe(frame)
    for box in seen.boxes:
        corner = (round(box.left), round(box.top)), (round(box.right), round(box.bottom))
        cv2.rectangle(frame, *corner, AMBER, 3)
    if seen.face is not None:
        for x, y in template_named(FIVE_POINTS).pick(seen.face.mesh):
            cv2.circle(frame, (round(float(x)), round(float(y))), 8, GREEN, -1)
    picture = cv2.resize(frame, TILE, interpolation=cv2.INTER_AREA)
    foot = np.full((FOOT, TILE[0], 3), PAPER, dtype=np.uint8)
    colour = GREEN if still.outcome is Outcome.GRANT else RED
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(foot, still.title, (12, 22), font, 0.55, INK, 1, cv2.LINE_AA)
    verdict = f"{still.outcome.value}: {still.reason}"
    cv2.putText(foot, verdict, (12, 46), font, 0.6, colour, 2, cv2.LINE_AA)
    return np.vstack([picture, foot])
