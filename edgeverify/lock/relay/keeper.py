"""The relay's process seen from the lock program: orders out, answers in, and never alone."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from edgeverify.backoff import Backoff
from edgeverify.lock.settings import CommandRelay, LockSettings, OsdpRelay

LOG = logging.getLogger(__name__)

PING_SECONDS = 1.0
SILENT_SECONDS = 5.0
"""A process that answers nothing for this long is replaced; the new one locks first of all."""
OSDP_SECONDS = 10.0
"""How much longer a move may take that waits for a secure channel."""
END_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """`released`, `resting`, `failed` with a sentence, or `gone`."""

    word: str
    text: str = ""


class Keeper:
    """Starts the relay's process, and another whenever it ends or hangs. Used by one thread."""

    def __init__(
        self, settings: LockSettings, secret: bytes, tell: Callable[[RelayAnswer], None]
    ) -> None:
        """`tell` is called on a thread of its own with each answer."""
        self._first = json.dumps(
            {"settings": settings.model_dump(mode="json"), "secret": secret.hex()}
        )
        self._tell = tell
        self._patience = SILENT_SECONDS + _slowness(settings)
        self._pauses = Backoff(first_seconds=0.5, longest_seconds=10.0)
        self._process: subprocess.Popen[str] | None = None
        self._heard_at = self._pinged_at = self._again_at = 0.0
        self._heard = threading.Event()

    @property
    def process_id(self) -> int | None:
        """The relay process's id while there is one."""
        return None if self._process is None else self._process.pid

    def start(self, now: float) -> None:
        """Start the process; it locks at once and answers `resting`.

        Where the machine lets none be started (open files, memory) it is tried again by `look`.
        """
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "edgeverify.lock.relay.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
            )
        except OSError as error:
            self._replace(now, f"The relay's process cannot be started: {error.strerror or error}.")
            return
        self._process = process
        self._heard_at = self._pinged_at = now
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        self._order(self._first)

    def release(self, seconds: float) -> bool:
        """Release the door for this long; False when there is no process to do it."""
        return self._order(f"release {seconds:.3f}")

    def rest(self) -> bool:
        """Lock; False when there is no process, which means that the next one locks."""
        return self._order("rest")

    def look(self, now: float) -> None:
        """Ping the process, and replace it where it has ended or hangs."""
        process = self._process
        if process is None:
            if now >= self._again_at:
                self.start(now)
            return
        if self._heard.is_set():
            self._heard.clear()
            self._heard_at = now
            self._pauses.reset()
        if process.poll() is not None:
            self._replace(now, "The relay's process has ended.")
        elif now - self._heard_at > self._patience:
            self._replace(now, "The relay's process hangs and was ended.")
        elif now - self._pinged_at >= PING_SECONDS:
            self._pinged_at = now
            self._order("ping")

    def stop(self) -> None:
        """Lock, and end the process in order."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            try:
                process.stdin.close()
            except OSError:
                LOG.debug("the relay's process was gone already")
        try:
            process.wait(END_SECONDS + self._patience - SILENT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _replace(self, now: float, why: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        self._again_at = now + self._pauses.next_pause()
        LOG.error("%s", why)
        self._tell(RelayAnswer("gone", why))

    def _order(self, line: str) -> bool:
        process = self._process
        if process is None or process.stdin is None:
            return False
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        with process.stdout:
            for line in process.stdout:
                self._heard.set()
                word, _, text = line.strip().partition(" ")
                if word != "pong":
                    self._tell(RelayAnswer(word, text))


def _slowness(settings: LockSettings) -> float:
    if isinstance(settings.relay, CommandRelay):
        return settings.relay.timeout_seconds
    return OSDP_SECONDS if isinstance(settings.relay, OsdpRelay) else 0.0
