"""What the daemon says to systemd, and which of its critical loops have moved.

The notification protocol is sd_notify(3): lines of `KEY=value` in one datagram to the socket named
by NOTIFY_SOCKET. Without that variable (a shell, a test, another supervisor) nothing is sent.

systemd's watchdog is only fed while all loops move: a loop has moved when its supervisor turned,
also while camera or broker are away; a piece of work in flight (an inference, a commit) beyond its
limit has not. A free-running heartbeat thread would hide a hung inference, so every loop speaks for
itself.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Loop:
    moved_at: float
    limit_seconds: float


class Watch:
    """Thread-safe record of when each critical loop last moved (monotonic seconds)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loops: dict[str, _Loop] = {}

    def expect(self, loop: str, *, within_seconds: float, now: float) -> None:
        """Watch `loop` from now on, or change its limit; counts as a move."""
        with self._lock:
            self._loops[loop] = _Loop(now, within_seconds)

    def moved(self, loop: str, now: float) -> None:
        """Report that `loop` turned; an unknown loop is a programmer's error (KeyError)."""
        with self._lock:
            self._loops[loop].moved_at = now

    def forget(self, loop: str) -> None:
        """Stop watching a loop that ended on purpose."""
        with self._lock:
            self._loops.pop(loop, None)

    def stuck(self, now: float) -> tuple[str, ...]:
        """Name the loops that have not moved within their limit, in alphabetical order."""
        with self._lock:
            return tuple(
                sorted(
                    name
                    for name, loop in self._loops.items()
                    if now - loop.moved_at > loop.limit_seconds
                )
            )


@dataclass(slots=True, eq=False)
class ServiceManager:
    """The line to systemd; silent when `address` is empty. Thread-safe, and never waits.

    `watchdog_seconds` is the time within which systemd wants to hear `alive`, or None where it
    does not watch this process. What its full socket does not take waits here, the newest of each
    kind, until the next message or `resend`.
    """

    address: str = ""
    watchdog_seconds: float | None = None
    _waiting: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)
    _channel: socket.socket | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __del__(self) -> None:
        if self._channel is not None:
            self._channel.close()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], process_id: int) -> ServiceManager:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as systemd sets them."""
        watchdog = None
        microseconds = environment.get("WATCHDOG_USEC", "")
        meant_for = environment.get("WATCHDOG_PID", str(process_id))
        if microseconds.isdecimal() and int(microseconds) > 0 and meant_for == str(process_id):
            watchdog = int(microseconds) / 1e6
        return cls(environment.get("NOTIFY_SOCKET", ""), watchdog)

    @property
    def ping_seconds(self) -> float | None:
        """How often to call `alive`: a third of the limit leaves room for one lost turn."""
        return None if self.watchdog_seconds is None else self.watchdog_seconds / 3

    def ready(self, status: str) -> bool:
        """Report that the service is up; also ends a reload."""
        return self._send("READY=1", f"STATUS={_one_line(status)}")

    def status(self, text: str) -> bool:
        """Set the line that `systemctl status` shows."""
        return self._send(f"STATUS={_one_line(text)}")

    def alive(self) -> bool:
        """Ping the watchdog. Only for a supervisor that has seen every critical loop move."""
        return self._send("WATCHDOG=1")

    def reloading(self, monotonic_seconds: float) -> bool:
        """Report that a reload has begun; `ready` ends it. The time is CLOCK_MONOTONIC."""
        return self._send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_seconds * 1e6)}")

    def stopping(self, status: str = "stopping") -> bool:
        """Report that the service is going down on purpose."""
        return self._send("STOPPING=1", f"STATUS={_one_line(status)}")

    def resend(self) -> bool:
        """Send what had to wait; False while something still does. Call it at every turn."""
        if not self._waiting:
            return True
        with self._lock:
            return self._flush()

    def _send(self, *lines: str) -> bool:
        """Send one datagram; False when it could not be now. A notification never stops the door.

        It may have to wait for room (`resend`), or nobody may listen.
        """
        if not self.address:
            return False
        kind = lines[0].split("=")[0]
        with self._lock:
            # Out and in again: what is said last is heard last.
            self._waiting.pop(kind, None)
            self._waiting[kind] = "\n".join(lines).encode()
            return self._flush()

    def _flush(self) -> bool:
        # An abstract socket is written with "@" in the variable and a zero byte on the wire.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            channel = self._channel or self._open()
            while self._waiting:
                kind = next(iter(self._waiting))
                channel.sendto(self._waiting[kind], address)
                del self._waiting[kind]
        except BlockingIOError:
            return False
        except OSError:
            self._waiting.clear()  # nobody listens: old news would be wrong later
            return False
        return True

    def _open(self) -> socket.socket:
        """Open the one socket that is kept: a full table of open files must not end the pings."""
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._channel.settimeout(0)
        return self._channel


def _one_line(text: str) -> str:
    return " ".join(text.split())


def journal_is_on(stream_fileno: int, environment: Mapping[str, str]) -> bool:
    """Return whether an open file is connected to the journal, as JOURNAL_STREAM says it."""
    said = environment.get("JOURNAL_STREAM", "")
    try:
        status = os.fstat(stream_fileno)
    except OSError:
        return False
    return said == f"{status.st_dev}:{status.st_ino}"
