"""Every picture of a folder as a trained embedder sees it, chips and whole photos alike."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeverify.bundle.loading import Bundle
from edgeverify.domain import RgbImage
from edgeverify.evaluation.images.acquire import Problem, Progress, acquire
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.instrument import Instrument
from edgeverify_train.people import AlignedStatement

_BORDER_SHARE = 0.5
"""Of a chip's side, put around it: a chip is cut too tightly for a detector."""


@dataclass(frozen=True, slots=True)
class _Bordered:
    """Looks for the face of a chip that was cut for another network."""

    instrument: Instrument

    def look(self, rgb: RgbImage, digest: str) -> Acquired:
        border = round(_BORDER_SHARE * max(rgb.shape[:2]))
        wide = cv2.copyMakeBorder(rgb, border, border, border, border, cv2.BORDER_REPLICATE)
        return self.instrument.look(np.asarray(wide, dtype=np.uint8), digest)


def look_at_all(
    paths: list[Path], instrument: Instrument, *, are_chips: bool, cache: Path | None,
    progress: Progress,
) -> tuple[dict[Path, Acquired], tuple[Problem, ...]]:  # fmt: skip
    """Embed each picture, or say why it cannot be; what was looked at before is remembered.

    `are_chips`: they were cut for another network, so the face is found in each again.
    """
    looker = _Bordered(instrument) if are_chips and not instrument.aligned else instrument
    way = f"{instrument.key} {type(looker).__name__} {instrument.aligned}"
    key = hashlib.sha256(way.encode()).hexdigest()
    with FaceCache(cache, key) as faces:
        return acquire(paths, looker, faces, progress)


def is_cut_for(cut: AlignedStatement | None, networks: Sequence[Bundle]) -> bool:
    """Return whether chips were cut by the template of all these networks, so as to be fed."""
    return cut is not None and all(
        (one.manifest.template, one.manifest.template_version)
        == (cut.template, cut.template_version)
        for one in networks
    )
