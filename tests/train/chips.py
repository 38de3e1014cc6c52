"""Where a chip's face is, found again by the door's own finder."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from edgeverify.domain import Points
from edgeverify.models.folders import models_directory
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder

BORDER = 56
"""Pixels put around a chip, which is cut too tightly for a detector."""


def mesh_of(chip: Path) -> Points:
    """The mesh of the one face of a chip, in the chip's pixels."""
    finder = open_face_finder(models_directory(os.environ), VisionSettings())
    rgb = cv2.cvtColor(cv2.imread(str(chip)), cv2.COLOR_BGR2RGB)
    wide = np.asarray(
        cv2.copyMakeBorder(rgb, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE), np.uint8
    )
    try:
        (box,) = finder.detector.detect(wide)
        face = finder.mesher.mesh(wide, box)
    finally:
        finder.close()
    assert face is not None
    return np.asarray(face.mesh[:, :2] - BORDER, dtype=np.float32)
