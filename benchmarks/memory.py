"""What daemon and capture process hold: `python -m benchmarks.memory`.

The whole daemon before a network camera of 1280x720, with a real broker and two people: after the
start that enrols them, after claims, after reloads, after a photo that changed, after another
start. Resident counts what two processes share twice; proportional (PSS) shares it out.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from edgeverify.demo.scenes import OWNER_CARD
from tests.soak.props import make_props
from tests.soak.traffic import Witness
from tests.soak.vitals import MEBIBYTE
from tests.soak.world import World, until, world

REST_SECONDS = 4.0
"""What a reload without a changed photo takes at most, and then some."""
RELOADS = 4


def main() -> None:
    """Start, claim, reload, change a photo, start again; print a line for each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("props", "world"):
            (folder / part).mkdir()
        with world(folder / "world", make_props(folder / "props")) as door:
            _walk(door)


def _walk(door: World) -> None:
    door.start()
    _say(door, "started, two people enrolled")
    with Witness(door.broker.port) as witness:
        for _ in range(3):
            witness.ask(OWNER_CARD)
        _say(door, "after three claims")
        for _ in range(RELOADS):
            _reload(door)
        _say(door, f"after {RELOADS} reloads")
        photo = door.folder / "ada.jpg"
        photo.write_bytes(photo.read_bytes() + b"\0")
        _reload(door)
        _say(door, "after a photo that changed")
        witness.ask(OWNER_CARD)
        _say(door, "after one more claim")
    door.stop()
    door.spawn()
    until(door.is_well, "a daemon that is well", 60)
    _say(door, "started again, nobody to enrol")


def _reload(door: World) -> None:
    _process(door).send_signal(signal.SIGHUP)
    time.sleep(REST_SECONDS)


def _process(door: World) -> psutil.Process:
    if door.process is None:
        raise RuntimeError("the daemon does not run")
    return psutil.Process(door.process.pid)


def _say(door: World, when: str) -> None:
    time.sleep(1.0)
    daemon = _process(door)
    both = [daemon, *daemon.children(recursive=True)]
    resident = [process.memory_info().rss / MEBIBYTE for process in both]
    shared_out = sum(process.memory_full_info().pss for process in both) / MEBIBYTE
    words = " + ".join(f"{figure:.0f}" for figure in resident)
    sys.stdout.write(
        f"{when:32} resident {words} = {sum(resident):.0f} MiB; proportional {shared_out:.0f} MiB\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
