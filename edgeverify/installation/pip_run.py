"""Running pip so that a person sees what it does, and is told plainly why it failed."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import threading
from contextlib import nullcontext, suppress
from pathlib import Path

from edgeverify.errors import EdgeverifyError
from edgeverify.pip_failure import why_pip_failed
from edgeverify.progress import Counted, counted_bar

LOOK_SECONDS = 1.0
_SETTINGS = {
    "PIP_PROGRESS_BAR": "off",
    "PYTHONUNBUFFERED": "1",
    # What a person's pip.conf may say of other installations: it counts less than these.
    "PIP_USER": "0",
    "PIP_DRY_RUN": "0",
    "PIP_REQUIRE_HASHES": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
}
_FETCHING = re.compile(r"\s+(?:Downloading|Using cached) (\S+?)(?:\.metadata)? \((.+)\)")


def run_pip(command: list[str], what: str, *, packages: Path, log: Path, expected: int = 0) -> None:
    """Run a `pip install`, showing what it fetches and how much of it lies in `packages`.

    `log` keeps all that it prints; `packages` is the environment's site-packages; `expected` is
    how many requirements it is given, 0 where that is not known. Raises EdgeverifyError with the
    reason, and OSError where the log cannot be written.
    """
    with (
        log.open("wb") as output,
        counted_bar(f"{'fetching' if expected else 'installing'} {what}") as fetched,
        counted_bar(f"unpacking {what}") as unpacked,
    ):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **_SETTINGS},
        )
        lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
        reader.start()
        said = bytearray()
        try:
            watched = _Watched(packages, fetched, unpacked, expected)
            while True:
                try:
                    line = lines.get(timeout=LOOK_SECONDS)
                except queue.Empty:
                    watched.look()
                    continue
                if line is None:
                    break
                said += line
                watched.hear(line.decode("utf-8", errors="replace").rstrip())
                with suppress(OSError):  # a full disk: the reason is told all the same
                    output.write(line)
                    output.flush()
        except BaseException:
            process.terminate()
            raise
        finally:
            code = process.wait()
    if code != 0:
        why = why_pip_failed(code, said.decode("utf-8", errors="replace"))
        raise EdgeverifyError(
            f"pip could not install {what}: {why}",
            advice=f"Correct that and run the same command again. All that pip said: {log}",
        )


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    with process.stdout or nullcontext(()) as pipe:
        for line in pipe:
            lines.put(line)
    lines.put(None)


class _Watched:
    """What a running pip has said and done so far: it is silent while it unpacks."""

    def __init__(self, packages: Path, fetched: Counted, unpacked: Counted, expected: int) -> None:
        self._packages = packages
        self._fetched = fetched
        self._unpacked = unpacked
        self._expected = expected
        self._collected = 0
        self._name = "asking the index" if expected else ""
        self._unpacking = 0
        self._before = 0

    def hear(self, line: str) -> None:
        """Take a line of pip's."""
        found = _FETCHING.match(line)
        if line.startswith("Ignoring "):  # it is for another Python or processor
            self._expected -= 1
        elif line.startswith(("Collecting ", "Processing ")):
            self._collected += 1
        elif found:
            self._name = f"{found[1].rpartition('/')[2].split('-')[0]}, {found[2]}"
        elif line.startswith("Installing collected packages: "):
            self._unpacking = line.count(",") + 1
            self._before = _installed(self._packages)
        self.look()

    def look(self) -> None:
        """Show where it is."""
        if self._unpacking:
            done = max(0, min(_installed(self._packages) - self._before, self._unpacking))
            self._unpacked(done, self._unpacking, "")
        else:
            total = max(self._expected, self._collected)
            self._fetched(max(0, self._collected - 1), total, self._name)


def _installed(packages: Path) -> int:
    try:
        names = os.listdir(packages)  # noqa: PTH208 - the names at one moment: pip is at work
        return sum(name.endswith(".dist-info") for name in names)
    except OSError:
        return 0
