"""A door's own journal against the thresholds of its bundle, without labels."""

from __future__ import annotations

from dataclasses import replace

from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.evaluation.transactions.live_fmr import live_lines, live_rows
from edgeverify.journal.impostors import LiveHistogram, LiveRate
from tests.doors import NOON
from tests.runtime.tiny import point

POINTS: tuple[MeasuredPoint, ...] = (point(1e-3, 0.4), point(1e-4, 0.5))


def _found(*bins: tuple[float, int], pairs: int = 40_000) -> LiveHistogram:
    comparisons = sum(count for _, count in bins)
    rate = LiveRate(
        people=300,
        grants=500,
        comparisons=comparisons,
        false_matches=0,
        pairs_of_people=pairs,
        since=NOON,
    )
    return LiveHistogram(rate=rate, bins=bins)


def test_a_door_whose_people_are_far_apart_holds_its_rate() -> None:
    found = _found((0.1, 99_990), (0.42, 10))
    rows = live_rows(found, POINTS)
    assert [(row.threshold, row.false_matches) for row in rows] == [(0.4, 10), (0.5, 0)]
    assert live_lines(found, rows, 1e-4)[-1] == "FMR 0.0001 holds among this door's own people"


def test_a_door_of_alike_people_is_told_that_its_rate_does_not_hold() -> None:
    found = _found((0.1, 99_000), (0.6, 1_000))
    rows = live_rows(found, POINTS)
    assert all(row.is_above for row in rows)
    lines = live_lines(found, rows, 1e-4)
    assert lines[-1].startswith("FMR 0.0001 does NOT hold")
    assert "ABOVE THE RATE" in lines[-2]


def test_a_small_door_cannot_carry_a_rate_and_says_how_far_it_reaches() -> None:
    found = _found((0.1, 5_000), pairs=190)
    lines = live_lines(found, live_rows(found, POINTS), 1e-4)
    assert lines[-1] == (
        "nothing speaks against FMR 0.0001 here, and 190 pairs of people carry no more than 0.016 "
        "at 95 %"
    )


def test_a_door_that_let_nobody_in_yet_has_nothing_to_say() -> None:
    nothing = LiveHistogram(rate=LiveRate(), bins=())
    assert live_rows(nothing, POINTS) == ()
    assert live_lines(nothing, (), 1e-4) == [LiveRate().line]


def test_a_journal_of_another_model_is_said_to_be_one() -> None:
    other = LiveHistogram(rate=LiveRate(), bins=(), other_models=(("mobilefacenet", 1),))
    assert live_lines(other, (), 1e-4) == [
        (
            "nothing was counted with this bundle; the journal was written with mobilefacenet "
            "(1 grant)"
        ),
        "name the bundle that the door runs with --bundle, or its config with --config",
    ]
    both = replace(_found((0.1, 5_000)), other_models=(("mobilefacenet", 20),))
    lines = live_lines(both, live_rows(both, POINTS), 1e-4)
    assert lines[1] == "counted with other models, and not among these: mobilefacenet (20 grants)"


def test_a_bundle_without_thresholds_says_that_there_is_nothing_to_hold_against_it() -> None:
    found = _found((0.1, 5_000))
    assert live_lines(found, (), 1e-4)[1].startswith("this bundle has no measured thresholds")


def test_points_of_several_photos_and_means_are_of_other_scores() -> None:
    others = tuple(
        POINTS[0].model_copy(update=change)
        for change in ({"photos": 2}, {"fusion": "mean5"}, {"origin": "camera"})
    )
    assert live_rows(_found((0.1, 100)), others) == ()
