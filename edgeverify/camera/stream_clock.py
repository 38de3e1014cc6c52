"""When a network camera's frame was captured, although it may have waited in a buffer. Pure."""

from __future__ import annotations

LEAK = 0.002
"""The two clocks may drift apart by so much a second; real ones do by 0.0001."""
MAX_JUMP_SECONDS = 10.0
UNKNOWN_PICTURES = 1
"""Nothing came before the first by which its delay could be told."""
PLAUSIBLE_SECONDS = (-1e9, 1e9)
"""Beyond these it is no time: FFmpeg says -3.7e17 where a stream (Motion JPEG over HTTP) has none,
and adding that to a clock would leave nothing of the clock's own digits."""


class StreamClock:
    """Maps a stream's time stamps to our clock by the frame that came with the least delay.

    After a pause in the network, frames arrive in a burst and look new; by the stream's own clock
    they are old, and a claim made meanwhile must not be proved by them. The constant part of the
    delay (encoder, network) cannot be seen from here. Where a stream has no time stamps, or they
    jump, the arrival counts.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._stream = 0.0
        self._arrival = 0.0
        self._pictures = 0
        self.is_catching_up = True
        """Whether the last picture came in less than half the time that lies between it and the
        one before, so that it had waited in a buffer; the first may have."""

    def captured_at(self, stream_seconds: float, arrival: float) -> float:
        """Return the capture time on the clock of `arrival`; never later than it, never falling."""
        if not PLAUSIBLE_SECONDS[0] < stream_seconds < PLAUSIBLE_SECONDS[1]:
            self._offset = None
            self.is_catching_up = False
            return arrival
        step = stream_seconds - self._stream
        self._pictures += 1
        self.is_catching_up = self._pictures <= UNKNOWN_PICTURES or (
            step < MAX_JUMP_SECONDS and arrival - self._arrival < step / 2
        )
        if self._offset is None or not 0.0 < step < MAX_JUMP_SECONDS:
            self._offset = arrival - stream_seconds
        else:
            leaked = self._offset + LEAK * (arrival - self._arrival)
            self._offset = min(leaked, arrival - stream_seconds)
        self._stream, self._arrival = stream_seconds, arrival
        return min(arrival, stream_seconds + self._offset)
