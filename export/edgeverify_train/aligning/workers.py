"""Photos to chips on every core, in the order in which they are done."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from edgeverify.errors import EdgeverifyError
from edgeverify_train.aligning.cutting import Cut, Cutter
from edgeverify_train.aligning.ledger import Row
from edgeverify_train.aligning.photos import Photo

_AHEAD = 4
"""Photos that each process has waiting, so that none is idle and a pause comes soon."""
_cutter: Cutter | None = None


def cut_all(
    photos: Sequence[Photo], cut: Cut, workers: int, before_each: Callable[[], object]
) -> Iterator[Row]:
    """Cut every photo on `workers` processes; `before_each` may wait before more is begun.

    With one worker it is done in this process. EdgeverifyError where a process cannot work.
    """
    if workers == 1:
        cutter = Cutter(cut)
        try:
            for photo in photos:
                before_each()
                yield cutter.cut(photo)
        finally:
            cutter.close()
        return
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(cut, os.getpid()),
    )
    try:
        yield from _gathered(pool, photos, workers * _AHEAD, before_each)
    finally:
        pool.shutdown(cancel_futures=True)


def _gathered(
    pool: ProcessPoolExecutor,
    photos: Sequence[Photo],
    ahead: int,
    before_each: Callable[[], object],
) -> Iterator[Row]:
    waiting: set[Future[Row]] = set()
    coming = iter(photos)
    while True:
        for photo in coming:
            before_each()
            waiting.add(pool.submit(_cut, photo))
            if len(waiting) >= ahead:
                break
        if not waiting:
            return
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            error = future.exception()
            if error is not None:
                raise EdgeverifyError(
                    f"a process that cuts chips ended: {error or type(error).__name__}",
                    advice="Run the same command again: it goes on where it was. With --workers 1 "
                    "less memory is needed.",
                )
            yield future.result()


def _begin(cut: Cut, parent: int) -> None:
    global _cutter  # noqa: PLW0603 - one for the life of the process
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _cutter = Cutter(cut)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _cut(photo: Photo) -> Row:
    if _cutter is None:
        raise RuntimeError("the process was not begun")
    return _cutter.cut(photo)
