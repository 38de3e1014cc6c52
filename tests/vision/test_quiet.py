"""Native code is kept quiet without making the program mute."""

from __future__ import annotations

import os
import threading

from edgeverify.vision.graph import quiet_native_logs


def test_two_threads_that_are_quiet_at_once_leave_standard_error_where_it_was() -> None:
    before = os.fstat(2)
    inside, entered, left = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with quiet_native_logs():
            inside.set()
            entered.wait(0.3)  # in vain: only one at a time
        left.set()

    def second() -> None:
        with quiet_native_logs():
            entered.set()
            left.wait(10)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join()
    after = os.fstat(2)
    assert (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)
