"""A serial port as libosdp takes it, for a reader and for a lock's output alike."""

from __future__ import annotations

import osdp
import serial


class OsdpPort(osdp.Channel):  # type: ignore[misc] # libosdp has no types
    """One port; libosdp's thread must not meet an exception, so `problem` holds what went wrong."""

    def __init__(self, path: str, baud: int) -> None:
        """Open the port. Raises OSError (a SerialException is one) and ValueError."""
        super().__init__()
        self._port = serial.Serial(path, baud, timeout=0, exclusive=True)
        self.problem = ""

    def read(self, max_bytes: int) -> bytes:
        """Return what has come, at once."""
        try:
            return bytes(self._port.read(max_bytes))
        except (serial.SerialException, OSError) as error:
            self.problem = str(error)
            return b""

    def write(self, buf: bytes) -> int:
        """Send, and return how many bytes were taken."""
        try:
            return int(self._port.write(buf) or 0)
        except (serial.SerialException, OSError) as error:
            self.problem = str(error)
            return 0

    def flush(self) -> None:
        """Nothing waits here: the kernel sends."""

    def close(self) -> None:
        """Close the port."""
        self._port.close()
