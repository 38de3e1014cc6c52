"""Whether this machine's time may be believed; without it no expiry means anything."""

from __future__ import annotations

from collections.abc import Callable

from edgeverify.clock import EARLIEST, ClockReading


class LockClock:
    """Asks the machine's clock. `read` is `SystemClock.read`, replaceable for tests."""

    def __init__(self, read: Callable[[], ClockReading], *, may_be_unsynced: bool) -> None:
        self._read = read
        self._may_be_unsynced = may_be_unsynced

    def problem(self) -> str:
        """Return why nothing may be opened by the clock, or empty."""
        reading = self._read()
        if reading.wall < EARLIEST:
            return f"The clock is not set: it says {reading.wall:%Y-%m-%d %H:%M} UTC."
        if not reading.is_synchronised and not self._may_be_unsynced:
            return (
                "The clock was not set since this machine started. Give it a time server, or set "
                "allow_unsynced_clock."
            )
        return ""
