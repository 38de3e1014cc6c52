"""The things the door is made of: frozen, typed, checked where they are made.

Words follow ISO/IEC 2382-37 (probe, reference, comparison score) and ISO/IEC 30107-3
(presentation attack). Pixel coordinates are (x, y) from the top left corner of the frame; "left"
and "right" of a face are the person's own. Wall times are aware UTC datetimes; monotonic times
are seconds and only comparable within one process.
"""

from __future__ import annotations

from edgeverify.domain.arrays import Points, RgbImage, Vector
from edgeverify.domain.biometric import Comparison, Embedding, OperatingPoint, Reference
from edgeverify.domain.claim import Claim, ClaimSource
from edgeverify.domain.decision import Decision, Liveness, Outcome, Prompt, Reason
from edgeverify.domain.degradation import Degradation
from edgeverify.domain.fault_name import FaultName
from edgeverify.domain.observation import Gate, LivenessCues, Observation, QualityFigures, Refusal
from edgeverify.domain.picture import AlignedFace, Face, FaceBox, Frame, HeadPose

__all__ = [
    "AlignedFace",
    "Claim",
    "ClaimSource",
    "Comparison",
    "Decision",
    "Degradation",
    "Embedding",
    "Face",
    "FaceBox",
    "FaultName",
    "Frame",
    "Gate",
    "HeadPose",
    "Liveness",
    "LivenessCues",
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
    "Vector",
]
