"""The process that holds the relay: `python -m edgeverify.lock.relay.child`.

It reads orders, one per line, from its standard input and answers on its standard output. It ends a
release by its own clock, and at once when the program that started it has gone (end of input): a
lock program that hangs, is killed or loses its broker cannot keep a door open.

    first line   the settings as JSON, with the secret beside them
    release S    release for S seconds from now on      ->  released | failed ...
    rest         lock now                                ->  resting | failed ...
    ping         is somebody there?                      ->  pong
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable

from edgeverify.lock.relay.opening import open_output
from edgeverify.lock.relay.output import Output, RelayError
from edgeverify.lock.settings import LONGEST_RELEASE_SECONDS, LockSettings

RETRY_SECONDS = 1.0
"""A relay that could not be put to rest is tried again so often, for as long as this lives."""
LAST_TRIES = 60
MAX_LINE = 65536


class Holder:
    """Moves the output and knows until when; `now` is monotonic seconds."""

    def __init__(
        self,
        output: Output,
        *,
        energised_releases: bool,
        say: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._output = output
        self._energised_releases = energised_releases
        self._say = say
        self._now = now
        self.due_at: float | None = None
        """When the door must be locked (again); None while it is."""

    def obey(self, order: str) -> None:
        """Carry out one order; whatever is no order locks."""
        word, _, rest = order.partition(" ")
        if word == "ping":
            self._say("pong")
        elif word == "release":
            self._release(rest)
        else:
            self.rest()

    def rest(self) -> None:
        """Lock; where that fails, say so and try again soon."""
        try:
            self._put(released=False)
        except RelayError as error:
            self.due_at = self._now() + RETRY_SECONDS
            self._say(f"failed {error}")
        else:
            self.due_at = None
            self._say("resting")

    def look(self) -> None:
        """Lock if it is time."""
        if self.due_at is not None and self._now() >= self.due_at:
            self.rest()

    def _release(self, seconds: str) -> None:
        try:
            wanted = float(seconds)
        except ValueError:
            wanted = 0.0
        if not 0 < wanted <= LONGEST_RELEASE_SECONDS:
            self._say(f"failed A release of {seconds[:20]!r} seconds is refused.")
            return
        self.due_at = self._now() + wanted
        try:
            self._put(released=True)
        except RelayError as error:
            self.due_at = self._now()  # half moved counts as released until it was put to rest
            self._say(f"failed {error}")
        else:
            self._say("released")

    def _put(self, *, released: bool) -> None:
        energised = released if self._energised_releases else not released
        self._output.put(released=released, energised=energised)


def main() -> None:
    """Hold the relay until the input ends."""
    # The terminal's Ctrl-C and systemd's SIGTERM are for the program; this ends when that has gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    lines = _Lines(sys.stdin.fileno())
    first = lines.next(None)
    if not first:
        return
    wanted = json.loads(first[0])
    settings = LockSettings.model_validate_json(json.dumps(wanted["settings"]))
    try:
        output = open_output(settings, bytes.fromhex(wanted["secret"]))
    except RelayError as error:
        _say(f"failed {error}")
        return
    holder = Holder(output, energised_releases=settings.lock_type == "fail_secure", say=_say)
    holder.rest()
    try:
        _serve(holder, lines)
    finally:
        holder.rest()
        for _ in range(LAST_TRIES):
            if holder.due_at is None:
                break
            time.sleep(RETRY_SECONDS)
            holder.rest()
        output.close()


def _serve(holder: Holder, lines: _Lines) -> None:
    while True:
        due = holder.due_at
        orders = lines.next(None if due is None else max(0.0, due - time.monotonic()))
        if orders is None:
            return
        for order in orders:
            holder.obey(order)
        holder.look()


class _Lines:
    """Lines of a pipe, with a time-out that a buffered reader does not have."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._ready = selectors.DefaultSelector()
        self._ready.register(descriptor, selectors.EVENT_READ)

    def next(self, timeout_seconds: float | None) -> list[str] | None:
        """Return whole lines, none after the time-out, None at the end."""
        while self._ready.select(timeout_seconds):
            data = os.read(self._descriptor, MAX_LINE)
            if not data:
                return None
            *whole, self._rest = (self._rest + data).split(b"\n")
            if whole:
                return [line.decode("utf-8", "replace") for line in whole]
            if len(self._rest) > MAX_LINE:
                return None
        return []


def _say(line: str) -> None:
    try:
        sys.stdout.write(line.replace("\n", " ") + "\n")
        sys.stdout.flush()
    except OSError:
        pass  # nobody listens any more; the door is locked all the same


if __name__ == "__main__":
    main()
