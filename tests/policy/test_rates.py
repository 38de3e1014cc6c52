"""From the rate of one frame to the rate of a transaction: the figures of docs/decision.md."""

from __future__ import annotations

import itertools
import random

import pytest

from edgeverify.policy.transaction import proven_card
from edgeverify.settings.decision import DecisionSettings
from tests.policy.people import MATCH, MISMATCH

RULES = DecisionSettings()
FRAMES, REQUIRED = RULES.max_comparisons, RULES.required_matches


def bound(per_frame: float) -> float:
    """Markov: M frames hold M p false matches on average, and a grant needs k."""
    return min(1.0, FRAMES * per_frame / REQUIRED)


def is_granted(matches: tuple[int, ...]) -> bool:
    """Run a sequence of frames through the door's own window."""
    seen = [MATCH if match else MISMATCH for match in matches]
    windows = (seen[max(0, end - RULES.window_frames) : end] for end in range(len(seen) + 1))
    return any(proven_card(window, RULES) is not None for window in windows)


def test_independent_frames_at_the_defaults() -> None:
    """Exact: every sequence of 15 frames. What does not have k matches is not looked at."""
    per_frame = 1e-4
    chance = 0.0
    for matches in itertools.product((0, 1), repeat=FRAMES):
        total = sum(matches)
        if total >= REQUIRED and is_granted(matches):
            chance += per_frame**total * (1 - per_frame) ** (FRAMES - total)

    assert chance == pytest.approx(7.0e-11, rel=0.01)
    assert bound(per_frame) == pytest.approx(5e-4)
    assert per_frame * FRAMES == pytest.approx(1.5e-3), "if any one frame were enough"


def test_the_bound_holds_where_frames_depend_on_each_other() -> None:
    """The worst case for it: matches come in bundles of exactly three."""
    rng = random.Random(1)
    per_frame, transactions, granted, found = 0.02, 20_000, 0, 0
    for _ in range(transactions):
        is_lucky = rng.random() < per_frame * FRAMES / REQUIRED
        matches = tuple(int(is_lucky and 4 <= frame < 7) for frame in range(FRAMES))
        found += sum(matches)
        granted += is_granted(matches)

    assert found / (FRAMES * transactions) == pytest.approx(per_frame, rel=0.05)
    assert granted / transactions == pytest.approx(bound(per_frame), rel=0.05), "it is reached"
