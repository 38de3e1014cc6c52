"""A frame that waited in a buffer keeps the time at which it was captured."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.camera.network_reader import StreamClock

FRAME = 0.04


def test_frames_that_arrive_in_a_burst_are_old() -> None:
    """The network stands still for 1.5 s, then all frames of that time come at once."""
    clock = StreamClock()
    for number in range(100):
        clock.captured_at(number * FRAME, 500.0 + number * FRAME)
    arrival = 500.0 + 100 * FRAME + 1.5
    ages = [arrival - clock.captured_at((100 + n) * FRAME, arrival) for n in range(30)]
    assert 1.45 < ages[0] < 1.51
    assert 0.3 < ages[-1] < 0.35


@given(
    delays=st.lists(st.floats(0, 3), min_size=1, max_size=200),
    drift=st.floats(-0.0005, 0.0005),
)
def test_a_capture_time_is_never_later_than_the_arrival_and_never_wildly_early(
    delays: list[float], drift: float
) -> None:
    clock, arrival = StreamClock(), 0.0
    for number, delay in enumerate(delays):
        at = number * FRAME
        arrival = max(arrival, at + delay)
        captured = clock.captured_at(at * (1 + drift), arrival)
        assert captured <= arrival
        assert captured >= at - 0.01


def test_a_day_of_drift_does_not_make_frames_old() -> None:
    clock = StreamClock()
    ages = [
        second - clock.captured_at(second * (1 - 0.0002), float(second))
        for second in range(1, 86400)
    ]
    assert max(ages) < 0.01


def test_a_stream_without_time_stamps_counts_its_arrivals() -> None:
    clock = StreamClock()
    assert [clock.captured_at(0.0, at) for at in (5.0, 6.0, 7.5)] == [5.0, 6.0, 7.5]


def test_time_stamps_that_jump_begin_anew() -> None:
    clock = StreamClock()
    clock.captured_at(100.0, 1.0)
    assert clock.captured_at(3.0, 2.0) == 2.0
    assert clock.captured_at(5000.0, 3.0) == 3.0


def test_a_stream_without_time_stamps_is_as_new_as_its_arrival() -> None:
    """Motion JPEG over HTTP: FFmpeg says -3.7e17 seconds, or not a number."""
    clock = StreamClock()
    for nothing in (-3.68934881474191e17, float("nan"), float("-inf")):
        assert [clock.captured_at(nothing, t) for t in (4211.25, 4211.33)] == [4211.25, 4211.33]
    assert clock.captured_at(7.0, 4212.0) == 4212.0


def test_what_waited_while_the_stream_was_opened_is_told_from_what_comes_now() -> None:
    """Twenty pictures at once, then one every 0.2 s."""
    clock = StreamClock()
    waited = []
    for number in range(20):
        clock.captured_at(number * 0.2, 50.0 + number * 0.01)
        waited.append(clock.is_catching_up)
    assert all(waited)
    for number in range(20, 25):
        clock.captured_at(number * 0.2, 50.2 + (number - 19) * 0.2)
        assert not clock.is_catching_up


@pytest.mark.parametrize("stream", [lambda _n: 0.0, lambda _n: float("nan"), lambda n: -n * 0.1])
def test_without_usable_time_stamps_nothing_is_held_back_for_long(
    stream: Callable[[int], float],
) -> None:
    clock = StreamClock()
    for number in range(4):
        clock.captured_at(stream(number), 5.0 + number * 0.04)
    assert not clock.is_catching_up
