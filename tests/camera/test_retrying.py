"""A camera that shows nothing useful is opened anew, but not every few seconds for ever."""

from __future__ import annotations

import itertools

import pytest

from edgeverify.camera.camera import CameraState
from edgeverify.camera.retrying import (
    FIRST_SECONDS,
    LONGEST_SECONDS,
    PICTURE_FAULTS,
    LastingFault,
)


@pytest.mark.parametrize("state", sorted(PICTURE_FAULTS))
def test_a_fault_that_lasts_opens_the_camera_anew(state: CameraState) -> None:
    fault = LastingFault()
    assert not fault.look(state, 100.0)
    assert not fault.look(state, 100.0 + FIRST_SECONDS - 0.1)
    assert fault.look(state, 100.0 + FIRST_SECONDS)


@pytest.mark.parametrize("state", [CameraState.OK, CameraState.CAMERA_MOVED])
def test_a_good_picture_never_does(state: CameraState) -> None:
    fault = LastingFault()
    assert not any(fault.look(state, float(second)) for second in range(10_000))


def test_a_night_costs_some_reopenings_and_not_thousands() -> None:
    fault = LastingFault()
    times = [at for at in range(12 * 3600) if fault.look(CameraState.BLACK, float(at))]
    assert len(times) == fault.times
    assert 12 * 3600 / LONGEST_SECONDS <= len(times) <= 12 * 3600 / LONGEST_SECONDS + 10
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses == sorted(pauses)
    assert max(pauses) == LONGEST_SECONDS


def test_a_new_fault_after_a_good_picture_is_answered_as_fast_as_the_first() -> None:
    fault = LastingFault()
    for at in range(3600):
        fault.look(CameraState.FROZEN, float(at))
    fault.look(CameraState.OK, 3600.0)
    fault.look(CameraState.FROZEN, 3601.0)
    assert fault.look(CameraState.FROZEN, 3601.0 + FIRST_SECONDS)
