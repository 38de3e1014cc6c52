"""The slot between two processes: newest or nothing, whole or nothing."""

from __future__ import annotations

import os
import threading
import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.camera.latest_frame import LatestFrame
from edgeverify.camera.messages import Captured
from edgeverify.camera.picture import Picture
from edgeverify.camera.retrying import ABSENT_SECONDS, LONGEST_PAUSE_SECONDS, camera_backoff
from edgeverify.camera.ring import SLOTS, Ring, make_ring
from tests.waiting import patience

BLANK = Picture(thumbnail=bytes(36 * 64), checksum=0, filled_rows=0.0)


def small_ring() -> Ring:
    ring, descriptor = make_ring(8, 6)
    os.close(descriptor)
    return ring


def show(slot: LatestFrame, ring: Ring, number: int, at: float) -> None:
    """Do what the capture process and the supervisor do with frame `number`."""
    ring.set_stamp(number % SLOTS, 0)
    ring.pixels(number % SLOTS)[:] = bytes((255, 0, number)) * (8 * 6)
    ring.set_stamp(number % SLOTS, number)
    slot.put(ring, Captured(number, number % SLOTS, at, BLANK))


def test_only_the_newest_is_given_and_as_rgb() -> None:
    slot, ring = LatestFrame(), small_ring()
    for number in range(1, 8):
        show(slot, ring, number, float(number))
    frame = slot.take(0, 0.0, 0.0)
    assert frame is not None
    assert frame.sequence == 7
    assert frame.captured_at == 7.0
    assert (frame.rgb == (255, 0, 7)).all()
    assert slot.take(7, 0.0, 0.0) is None


def test_a_repeat_keeps_the_camera_alive_but_is_no_frame() -> None:
    slot, ring = LatestFrame(), small_ring()
    show(slot, ring, 1, 1.0)
    slot.repeat(Captured(2, 2 % SLOTS, 2.0, BLANK))
    assert slot.newest_at() == 2.0
    assert slot.take(1, 0.0, 0.0) is None
    assert slot.rate(2.0) == 1.0


def test_a_frame_taken_is_a_copy_that_nobody_changes() -> None:
    slot, ring = LatestFrame(), small_ring()
    show(slot, ring, 1, 1.0)
    frame = slot.take(0, 0.0, 0.0)
    for number in range(2, 12):
        show(slot, ring, number, float(number))
    assert frame is not None
    assert (frame.rgb == (255, 0, 1)).all()


def test_a_slot_that_is_being_overwritten_is_not_given() -> None:
    slot, ring = LatestFrame(), small_ring()
    show(slot, ring, 1, 1.0)
    ring.set_stamp(1, 0)
    assert slot.take(0, 0.05, 0.0) is None


def test_an_old_frame_is_not_given() -> None:
    slot, ring = LatestFrame(), small_ring()
    show(slot, ring, 1, 1.0)
    assert slot.take(0, 0.0, 1.1) is None
    assert slot.take(0, 0.0, 1.0) is not None


def test_numbers_go_on_when_the_camera_is_opened_anew() -> None:
    slot, ring = LatestFrame(), small_ring()
    show(slot, ring, 5, 1.0)
    slot.clear()
    assert slot.newest_at() is None
    assert slot.take(0, 0.0, 0.0) is None
    show(slot, small_ring(), 1, 2.0)
    frame = slot.take(1, 0.0, 0.0)
    assert frame is not None
    assert frame.sequence == 2


@pytest.mark.parametrize("ends_by", ["frame", "close"])
def test_who_waits_is_woken(ends_by: str) -> None:
    slot, ring = LatestFrame(), small_ring()
    taken: list[object] = []
    thread = threading.Thread(target=lambda: taken.append(slot.take(0, 60.0, 0.0)))
    thread.start()
    time.sleep(0.05)
    if ends_by == "frame":
        show(slot, ring, 1, 1.0)
    else:
        slot.close()
    thread.join(patience(10))
    assert not thread.is_alive()
    assert (taken[0] is None) == (ends_by == "close")


@given(seed=st.integers(0, 1000), tries=st.integers(1, 200))
def test_the_pause_grows_but_never_keeps_a_returned_camera_waiting(seed: int, tries: int) -> None:
    backoff = camera_backoff(Random(seed))
    pauses = [backoff.next_pause() for _ in range(tries)]
    assert all(0.2 <= pause <= 1.2 * LONGEST_PAUSE_SECONDS for pause in pauses)
    assert max(pauses[:3]) <= 1.2
    assert backoff.next_pause(ABSENT_SECONDS) <= 1.2 * ABSENT_SECONDS
    backoff.reset()
    assert backoff.next_pause() <= 0.3
