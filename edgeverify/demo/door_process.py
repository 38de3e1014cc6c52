"""The real daemon, as a child process, and how it is told to take another config."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from edgeverify.demo.house import House
from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.status_socket import Json, ask

START_SECONDS = 180.0
RELOAD_SECONDS = 120.0
LOOK_SECONDS = 0.1


class DemoDoor:
    """A running `edgeverify run`."""

    def __init__(self, house: House, process: subprocess.Popen[bytes]) -> None:
        self._house = house
        self._process = process

    def wait_until_in_force(self, digest: str, timeout_seconds: float = RELOAD_SECONDS) -> None:
        """Return once the daemon runs the config with this digest and its camera gives frames.

        Raises EdgeverifyError with the daemon's own words when it does not.
        """
        deadline = time.monotonic() + timeout_seconds
        status: Mapping[str, Json] = {}
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise EdgeverifyError("the daemon ended", advice=self._last_words())
            try:
                status = ask(self._house.state, "status")
            except StateError:
                status = {}
            if status.get("config") == digest and not status.get("is_enrolling") and _sees(status):
                return
            time.sleep(LOOK_SECONDS)
        reasons = status.get("reasons", "no answer")
        raise EdgeverifyError(f"the daemon did not get ready: {reasons}", advice=self._last_words())

    def reload(self) -> None:
        """Ask the daemon to read its config again."""
        ask(self._house.state, "reload")

    def _last_words(self) -> str:
        lines = self._house.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"Its log, {self._house.log}, ends:", *lines[-5:]])


def _sees(status: Mapping[str, Json]) -> bool:
    camera, broker = status.get("camera"), status.get("broker")
    return (
        isinstance(camera, dict)
        and camera.get("state") == "ok"
        and isinstance(broker, dict)
        and broker.get("connected") is True
    )


@contextmanager
def running_door(house: House) -> Iterator[DemoDoor]:
    """Run the daemon for the length of the block; its log goes to `house.log`."""
    command = [sys.executable, "-m", "edgeverify", "run"]
    command += ["--config", str(house.config), "--state", str(house.state)]
    with house.open_log() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield DemoDoor(house, process)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
