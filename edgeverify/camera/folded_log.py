"""The same complaint a thousand times is one line and a count."""

from __future__ import annotations

import logging

REMIND_SECONDS = 3600.0


class FoldedLog:
    """Logs a line when it is new, and then only how often it came again.

    The count is written when another line comes, and once an hour meanwhile.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._line = ""
        self._repeats = 0
        self._written_at = 0.0

    def warn(self, line: str, now: float) -> None:
        """Say that something is wrong, at `now` (monotonic seconds)."""
        if line == self._line:
            self._repeats += 1
            if now - self._written_at >= REMIND_SECONDS:
                self._close(now)
            return
        self._close(now)
        self._line = line
        self._logger.warning("%s", line)

    def good(self, line: str, now: float) -> None:
        """Say that it works (again), unless that was the last thing said."""
        if line == self._line:
            return
        self._close(now)
        self._line = line
        self._logger.info("%s", line)

    def _close(self, now: float) -> None:
        if self._repeats:
            self._logger.warning("%s (%d times more)", self._line, self._repeats)
        self._repeats = 0
        self._written_at = now
