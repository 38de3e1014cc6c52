"""The network camera's process, and what a test orders it to show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.ports import free_port
from tests.soak.props import OWNER

ROOT = Path(__file__).resolve().parents[2]


class Camera:
    """The network camera's process; see `network_camera`."""

    def __init__(self, films: Path) -> None:
        self.port = free_port()
        self._films = films
        self._process: subprocess.Popen[bytes] | None = None
        self._film = OWNER

    def start(self, fault: str = "") -> None:
        """Plug it in; it shows the film that it showed last, faulty from the first picture."""
        command = [sys.executable, "-m", "tests.soak.network_camera"]
        self._process = subprocess.Popen(
            [*command, str(self.port), str(self._films)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self.order(f"film {self._film} {fault}".strip())

    def show(self, film: str) -> None:
        """Show a film, and be well."""
        self._film = film
        self.order(f"film {film}")

    def recover(self) -> None:
        """Be well again."""
        self.show(self._film)

    def order(self, command: str) -> None:
        """Send one line to it; nothing happens while it is unplugged."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{command}\n".encode())
            self._process.stdin.flush()

    def unplug(self) -> None:
        """Cut its power."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
