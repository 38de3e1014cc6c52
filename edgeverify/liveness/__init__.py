"""Is a live person standing there? Pure: reads what each frame showed, asks for nothing itself.

`Judge` is made for every transaction. It combines up to four cues: the fused presentation
attack probability (`passive`), a challenge drawn at random (`challenge`), and two that are always
on: flatness of a turning face (`planarity`) and a picture that never changes (`stillness`).
"""

from edgeverify.liveness.continuity import MIN_FRAMES_PER_SECOND, TOO_SLOW
from edgeverify.liveness.judge import Judge, JudgeRules
from edgeverify.liveness.plan import (
    LivenessPlan,
    PadState,
    plan_liveness,
    seconds_needed,
    without_colour,
)

__all__ = [
    "MIN_FRAMES_PER_SECOND",
    "TOO_SLOW",
    "Judge",
    "JudgeRules",
    "LivenessPlan",
    "PadState",
    "plan_liveness",
    "seconds_needed",
    "without_colour",
]
