"""Rhythms: on exactly as long as they say, whoever looks whenever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import Signal
from edgeverify.settings import SignalSettings
from edgeverify.settings.signals import LONGEST_SIGNAL_SECONDS, MOST_STEPS, OutputSettings
from edgeverify.signals.player import OVER, beat_at

RHYTHMS = st.lists(st.integers(2, 50), max_size=MOST_STEPS).map(
    lambda hundredths: [each / 100 for each in hundredths]
)


def test_a_rhythm_is_on_off_on_and_then_off_for_good() -> None:
    on, off, again = (beat_at([0.5, 0.25, 1.0], at) for at in (0.0, 0.5, 0.75))
    assert (on.is_on, on.seconds_left) == (True, 0.5)
    assert (off.is_on, off.seconds_left) == (False, 0.25)
    assert (again.is_on, again.seconds_left) == (True, 1.0)
    assert beat_at([0.5, 0.25, 1.0], 1.75) == OVER
    assert beat_at([], 0.0) == OVER
    assert beat_at([0.5], -0.01) == OVER


@given(RHYTHMS)
def test_whoever_follows_the_beats_has_it_on_for_as_long_as_it_says(rhythm: list[float]) -> None:
    elapsed, on = 0.0, 0.0
    for _ in range(3 * MOST_STEPS):
        beat = beat_at(rhythm, elapsed)
        if beat.seconds_left is None:
            break
        assert beat.seconds_left > 0
        on += beat.seconds_left if beat.is_on else 0
        elapsed += beat.seconds_left
    else:
        pytest.fail("the rhythm never ends")
    assert on == pytest.approx(sum(rhythm[::2]))
    assert elapsed == pytest.approx(sum(rhythm))
    assert not beat_at(rhythm, elapsed).is_on


@given(RHYTHMS, st.floats(0, 2 * LONGEST_SIGNAL_SECONDS))
def test_nothing_changes_before_it_was_said_to(rhythm: list[float], elapsed: float) -> None:
    beat = beat_at(rhythm, elapsed)
    if beat.seconds_left is None:
        assert not beat.is_on
        assert elapsed >= sum(rhythm) - 1e-9
    else:
        assert beat_at(rhythm, elapsed + beat.seconds_left / 2).is_on is beat.is_on


def test_granted_and_denied_are_told_apart_without_colours_and_by_ear() -> None:
    shipped = SignalSettings()
    for each in (shipped.green, shipped.red, shipped.buzzer):
        assert each.rhythm(Signal.GRANT) != each.rhythm(Signal.DENY)
    lit = [shipped.green.grant, shipped.red.deny]
    assert len({len(rhythm) for rhythm in lit}) == 2
    assert shipped.outputs == {}


@given(st.lists(st.floats(-1, 12), max_size=25))
def test_what_is_taken_is_bounded(steps: list[float]) -> None:
    fits = (
        len(steps) <= MOST_STEPS
        and all(step >= 0.02 for step in steps)
        and sum(steps) <= LONGEST_SIGNAL_SECONDS
    )
    try:
        taken = OutputSettings.model_validate({"grant": steps})
    except ValueError:
        assert not fits
    else:
        assert fits
        assert taken.grant == tuple(steps)
