"""A picture of a decision for later, where the house wants one: sealed, and never in the way."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import cv2
import numpy as np

from edgeverify.daemon.door.attempt import Attempt
from edgeverify.domain import Decision, Frame, Outcome, RgbImage
from edgeverify.errors import EdgeverifyError
from edgeverify.references.evidence import EvidenceFolder

LOG = logging.getLogger(__name__)

WIDTH = 640
QUALITY = 85


@dataclass(frozen=True, slots=True)
class Evidence:
    """What fails here is logged, and changes no decision."""

    folder: EvidenceFolder

    def see(self, attempt: Attempt, frame: Frame, *, has_face: bool) -> None:
        """Remember the newest frame with a face, else the first one; until the attempt ends."""
        if attempt.situation.settings.evidence.keep == "off":
            return
        if has_face or attempt.picture is None:
            attempt.picture = _small(frame.rgb)

    def conclude(self, attempt: Attempt, decision: Decision, event_id: str) -> None:
        """Seal the picture of a decision that is in the journal, where it is to be kept."""
        wanted = attempt.situation.settings.evidence.keep
        is_wanted = wanted == "all" or (wanted == "denied" and decision.outcome is Outcome.DENY)
        if attempt.picture is None or not is_wanted:
            return
        try:
            self.folder.keep(event_id, _jpeg(attempt.picture))
        except (OSError, cv2.error, EdgeverifyError) as error:
            LOG.warning("an evidence picture was not kept: %s", error)


def _small(rgb: RgbImage) -> RgbImage:
    """Return a copy of at most 640 columns, uint8 (h, w, 3)."""
    height, width = rgb.shape[:2]
    if width <= WIDTH:
        return np.array(rgb, dtype=np.uint8)
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _jpeg(rgb: RgbImage) -> bytes:
    _, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return coded.tobytes()
