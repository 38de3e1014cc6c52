"""From the rate of one frame to the rate of a transaction."""

from __future__ import annotations

import itertools
import random

import pytest

from edgeverify.policy.rates import chance_of_window, false_accept_rates
from edgeverify.policy.window import proven_card
from edgeverify.settings.decision import DecisionSettings
from tests.policy.people import MATCH, MISMATCH


def by_enumeration(per_frame: float, required: int, window: int, frames: int) -> float:
    """The same by looking at every one of 2^M sequences, through the door's own window."""
    rules = DecisionSettings(
        required_matches=required, window_frames=window, max_comparisons=frames
    )
    total = 0.0
    for bits in itertools.product((0, 1), repeat=frames):
        seen = [MATCH if bit else MISMATCH for bit in bits]
        windows = (seen[max(0, end - window) : end] for end in range(1, frames + 1))
        if any(proven_card(part, rules) for part in windows):
            total += per_frame ** sum(bits) * (1 - per_frame) ** (frames - sum(bits))
    return total


@pytest.mark.parametrize(("required", "window", "frames"), [(3, 5, 10), (1, 1, 6), (2, 4, 8)])
@pytest.mark.parametrize("per_frame", [0.01, 0.3])
def test_the_exact_chance_is_that_of_the_doors_own_window(
    per_frame: float, required: int, window: int, frames: int
) -> None:
    exact = chance_of_window(per_frame, required, window, frames)

    assert exact == pytest.approx(by_enumeration(per_frame, required, window, frames), rel=1e-9)


def test_the_defaults() -> None:
    """The figures of docs/decision.md."""
    rates = false_accept_rates(1e-4, DecisionSettings())

    assert rates.bound == pytest.approx(5e-4)
    assert rates.independent == pytest.approx(7.0e-11, rel=0.01)


def test_the_bound_holds_where_frames_depend_on_each_other() -> None:
    """The worst case for it: matches come in bundles of exactly three."""
    rng = random.Random(1)
    rules = DecisionSettings()
    per_frame, transactions, granted, matches = 0.02, 20_000, 0, 0
    for _ in range(transactions):
        is_lucky = rng.random() < per_frame * rules.max_comparisons / rules.required_matches
        matches += 3 if is_lucky else 0
        seen = [MATCH if is_lucky and 4 <= i < 7 else MISMATCH for i in range(15)]
        granted += any(proven_card(seen[max(0, e - 5) : e], rules) is not None for e in range(16))

    assert matches / (15 * transactions) == pytest.approx(per_frame, rel=0.05)
    bound = false_accept_rates(per_frame, rules).bound
    assert granted / transactions == pytest.approx(bound, rel=0.05), "the bound is reached"
