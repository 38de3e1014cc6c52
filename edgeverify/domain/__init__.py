"""The things the door is made of: frozen, typed, checked where they are made.

Words follow ISO/IEC 2382-37 (probe, reference, comparison score) and ISO/IEC 30107-3 (presentation
attack). Pixel coordinates are (x, y) from the top left corner of the frame; "left" and "right" of a
face are the person's own. Wall times are aware UTC datetimes; monotonic times are seconds and only
comparable within one process.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from edgeverify.domain.claim import REMEMBERED_AT_MOST, Asker, Claim, ClaimSource
from edgeverify.domain.command import Command, DoorMode
from edgeverify.domain.decision import (
    OWN_NAMES,
    Asked,
    Decision,
    Language,
    Liveness,
    Outcome,
    Prompt,
    Reason,
)
from edgeverify.domain.fault_name import FaultName
from edgeverify.domain.notice import Degradation, Notice, NoticeKind
from edgeverify.domain.signal import Signal

if TYPE_CHECKING:
    from edgeverify.domain.arrays import Points, RgbImage, Vector
    from edgeverify.domain.biometric import (
        SMALL_PHOTO_PIXELS,
        Comparison,
        Embedding,
        OperatingPoint,
        Reference,
    )
    from edgeverify.domain.observation import (
        Gate,
        LivenessCues,
        Observation,
        QualityFigures,
        Refusal,
    )
    from edgeverify.domain.picture import AlignedFace, Face, FaceBox, Frame, HeadPose

__all__ = [
    "OWN_NAMES",
    "REMEMBERED_AT_MOST",
    "SMALL_PHOTO_PIXELS",
    "AlignedFace",
    "Asked",
    "Asker",
    "Claim",
    "ClaimSource",
    "Command",
    "Comparison",
    "Decision",
    "Degradation",
    "DoorMode",
    "Embedding",
    "Face",
    "FaceBox",
    "FaultName",
    "Frame",
    "Gate",
    "HeadPose",
    "Language",
    "Liveness",
    "LivenessCues",
    "Notice",
    "NoticeKind",
    "Observation",
    "OperatingPoint",
    "Outcome",
    "Points",
    "Prompt",
    "QualityFigures",
    "Reason",
    "Reference",
    "Refusal",
    "RgbImage",
    "Signal",
    "Vector",
]

_OF_PICTURES = {
    **dict.fromkeys(("Points", "RgbImage", "Vector"), "arrays"),
    **dict.fromkeys(
        ("SMALL_PHOTO_PIXELS", "Comparison", "Embedding", "OperatingPoint", "Reference"),
        "biometric",
    ),
    **dict.fromkeys(
        ("Gate", "LivenessCues", "Observation", "QualityFigures", "Refusal"), "observation"
    ),
    **dict.fromkeys(("AlignedFace", "Face", "FaceBox", "Frame", "HeadPose"), "picture"),
}
"""What needs numpy, and is therefore imported when it is asked for: a lock has no numpy."""


def __getattr__(name: str) -> object:
    module = _OF_PICTURES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found
