"""From the false match rate of one frame to the false accept rate of a transaction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from edgeverify.settings.decision import DecisionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAcceptRates:
    """What one transaction of somebody else can come to, as probabilities.

    `bound` holds whatever one frame has to do with the next. `independent` is exact where frames
    are independent, which frames of one face are not: the truth lies between the two, and close
    to the rate of one frame where a face either matches all the time or never.
    """

    per_frame: float
    bound: float
    independent: float


def false_accept_rates(per_frame: float, rules: DecisionSettings) -> FalseAcceptRates:
    """Give the rates for `votes`: k matches in some window of n among max_comparisons frames.

    The bound is Markov's inequality: a grant needs k matches, and M frames that each match with
    probability p have M * p of them on average, so P(at least k) <= M * p / k.
    """
    frames, required = rules.max_comparisons, rules.required_matches
    return FalseAcceptRates(
        per_frame=per_frame,
        bound=min(1.0, frames * per_frame / required),
        independent=chance_of_window(per_frame, required, rules.window_frames, frames),
    )


def chance_of_window(per_frame: float, required: int, window: int, frames: int) -> float:
    """Give the exact chance that k of some n successive independent frames match, among M.

    Dynamic programming over the matches of the last n - 1 frames, as bits.
    """
    mask = (1 << (window - 1)) - 1
    states: dict[int, float] = {0: 1.0}
    granted = 0.0
    for _ in range(frames):
        following: defaultdict[int, float] = defaultdict(float)
        for bits, chance in states.items():
            if bits.bit_count() + 1 >= required:
                granted += chance * per_frame
            else:
                following[(bits << 1 | 1) & mask] += chance * per_frame
            following[(bits << 1) & mask] += chance * (1.0 - per_frame)
        states = following
    return granted
