"""The last n compared frames, and whether they are enough to let somebody in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from edgeverify.domain import Comparison
from edgeverify.settings.decision import DecisionSettings


def proven_card(window: Sequence[Comparison], rules: DecisionSettings) -> str | None:
    """Return the one card that the window proves, or None.

    `window` holds the last n comparisons in order of capture, matches and mismatches alike. With
    `votes` at least k of them match that card and the newest is one of these; with `mean` the
    window is full and the mean raw score reaches the threshold. Matches of two cards in one
    window prove nobody.
    """
    if not window:
        return None
    if rules.fusion == "mean":
        return _by_mean(window, rules.window_frames)
    return _by_votes(window, rules.required_matches)


def names_two_people(window: Sequence[Comparison]) -> bool:
    """Return whether frames of one window matched different cards, or one frame matched two."""
    cards = {comparison.card for comparison in window if comparison.is_match}
    return len(cards) > 1 or any(comparison.is_ambiguous for comparison in window)


def _by_votes(window: Sequence[Comparison], required: int) -> str | None:
    if names_two_people(window) or not window[-1].is_match:
        return None
    votes = Counter(comparison.card for comparison in window if comparison.is_match)
    card = window[-1].card
    return card if votes[card] >= required else None


def _by_mean(window: Sequence[Comparison], frames: int) -> str | None:
    cards = {comparison.card for comparison in window}
    if len(window) < frames or len(cards) != 1 or names_two_people(window):
        return None
    threshold = max(comparison.threshold for comparison in window)
    # Written so that a score or threshold that is not a number compares as false.
    reached = fmean(comparison.score for comparison in window) >= threshold
    return window[-1].card if reached else None
