"""A wall clock to turn: the shim, the file that it maps, and the kernel's word beside it."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.absent import absent
from tests.turned_clock.daemon import BATTERY, BOOT, SYNCHRONISED

PROGRAM = ("-m", "tests.turned_clock.daemon")


class TurnedClock:
    """The clock of every process that runs under `environ`; true, and synchronised, at first."""

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "turned"
        self._marker = folder / "synchronised"
        self._boot = folder / "boot"
        self._battery = folder / "battery"
        self.boot()
        self.turn(timedelta(0))
        self.synchronise()
        self.environ = {
            "LD_PRELOAD": str(_build(folder)),
            "TURNED_CLOCK": str(self._offset),
            SYNCHRONISED: str(self._marker),
            BOOT: str(self._boot),
            BATTERY: str(self._battery),
        }

    def boot(self) -> None:
        """Let the machine have been started anew."""
        self._boot.write_text(str(uuid.uuid4()))

    def turn(self, offset: timedelta) -> None:
        """Turn it so far from the true time, at once."""
        seconds = round(offset.total_seconds())
        # Written in place: the processes have this very file mapped.
        mode = "r+b" if self._offset.exists() else "wb"
        with self._offset.open(mode) as file:
            file.write(seconds.to_bytes(8, "little", signed=True))
        self._seconds = seconds

    def copy_into_battery(self) -> None:
        """Let the kernel write its time into the battery clock, of which there was none before."""
        self._battery.write_text(str(int(self.now().timestamp())))

    def synchronise(self, *, is_synchronised: bool = True) -> None:
        """Let the kernel call its clock synchronised, or not."""
        if is_synchronised:
            self._marker.touch()
        else:
            self._marker.unlink(missing_ok=True)

    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(timezone.utc) + timedelta(seconds=self._seconds)


def _build(folder: Path) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        absent("there is no C compiler (apt-get install gcc libc6-dev)")
    library = folder / "turned_clock.so"
    source = Path(__file__).with_name("shim.c")
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror"]
    subprocess.run([compiler, *flags, "-o", str(library), str(source)], check=True)
    return library
