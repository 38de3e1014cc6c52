"""Half of a piece of work on a second thread, if that thread comes in time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class SecondCore:
    """One helper thread, used by one thread at a time.

    A core that slept may take milliseconds to wake: measured 4 to 5 on an idle virtual machine,
    more than the half that it is woken for. So what it has not begun when the first half is done
    is taken back and done here.
    """

    def __init__(self, name: str) -> None:
        """`name` is the thread's."""
        self._pool = ThreadPoolExecutor(1, name)

    def together(self, here: Callable[[], T], there: Callable[[], T]) -> tuple[T, T]:
        """Run both and give both answers; what either raises is raised, once neither runs on."""
        handed = self._pool.submit(there)
        try:
            answer = here()
        except BaseException:
            if not handed.cancel():
                wait([handed])
            raise
        return answer, there() if handed.cancel() else handed.result()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()
