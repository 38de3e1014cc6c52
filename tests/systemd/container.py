"""A Debian with a real systemd, booted beside this one: systemd-nspawn over a throw-away layer.

The base system is made once by debootstrap and kept under `.cache/systemd/`; each test session
writes to an overlay above it, which is removed afterwards. The network is the host's, so every
server inside listens on a free loopback port.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.debian import debian_root

# pcscd asks for any `logind` on Debian 13, and debootstrap does not choose among providers.
PACKAGES = (
    "systemd,systemd-sysv,dbus,libpam-systemd,python3,python3-venv,make,mosquitto,mosquitto-clients,"
    "pcscd,vsmartcard-vpcd"
)
BOOT_SECONDS = 60


def base_system(cache: Path, suite: str = "bookworm") -> Path:
    """Return the folder of a minimal Debian, made on the first call (about a minute)."""
    base = debian_root(cache / f"debian-{suite}", suite, include=PACKAGES)
    # Neither may start by itself: the tests start their own.
    for unit in ("mosquitto.service", "apt-daily.timer", "apt-daily-upgrade.timer"):
        (base / "etc/systemd/system" / unit).unlink(missing_ok=True)
        (base / "etc/systemd/system" / unit).symlink_to("/dev/null")
    return base


class Container:
    """A booted Debian; `run` executes in it, `files` is its root as seen from here."""

    def __init__(self, base: Path, layer: Path, *, bind_read_only: dict[Path, str]) -> None:
        self.files = layer / "merged"
        for part in ("merged", "upper", "work"):
            (layer / part).mkdir(parents=True)
        lower = f"lowerdir={base},upperdir={layer / 'upper'},workdir={layer / 'work'}"
        subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", lower, str(self.files)], check=True
        )
        self._layer = layer
        self._find_names_as_outside()
        binds = [f"--bind-ro={source}:{to}" for source, to in bind_read_only.items()]
        self._console = (layer / "console.log").open("wb")
        self._process = subprocess.Popen(
            [
                # A machine whose tests were killed would hold their ports for ever.
                *("setpriv", "--pdeathsig", "TERM"),
                "systemd-nspawn",
                "--quiet",
                "--register=no",
                "--keep-unit",
                "--console=pipe",
                f"--machine=edgeverify-test-{os.getpid()}",
                *binds,
                "-D",
                str(self.files),
                "-b",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
        try:
            self.init = self._wait_for_init()
            self.until("systemd answers", self._has_booted, BOOT_SECONDS)
        except BaseException:
            self.close()
            raise

    def _wait_for_init(self) -> int:
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.console()
            for child in psutil.Process(self._process.pid).children():
                with contextlib.suppress(psutil.Error):
                    if child.name() == "systemd":
                        return child.pid
            time.sleep(0.1)
        raise AssertionError(f"no systemd within {BOOT_SECONDS} s\n{self.console()}")

    def _has_booted(self) -> bool:
        said = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return said in {"running", "degraded"}

    def console(self) -> str:
        """What the machine printed."""
        return (self._layer / "console.log").read_text(errors="replace")[-4000:]

    def _find_names_as_outside(self) -> None:
        """Keep systemd-resolved, which Ubuntu 22.04 starts, from a network that is not its own."""
        unit = self.files / "etc/systemd/system/systemd-resolved.service"
        unit.unlink(missing_ok=True)
        unit.symlink_to("/dev/null")
        (self.files / "etc/resolv.conf").unlink(missing_ok=True)
        shutil.copy("/etc/resolv.conf", self.files / "etc/resolv.conf")

    def run(
        self, *command: str, check: bool = True, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside as root, and return what it said."""
        inside = ["nsenter", f"--target={self.init}", "--all", "--", "/usr/bin/env", "-i"]
        done = subprocess.run(
            [
                *inside,
                "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LANG=C.UTF-8",
                *command,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        """Write a file inside, for root."""
        target = self.files / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        target.chmod(mode)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit, as systemctl shows it."""
        return self.run("systemctl", "show", unit, f"--property={name}", "--value").stdout.strip()

    def journal(self, unit: str) -> str:
        """The unit's last lines; a watchdog's abort alone writes some hundred (faulthandler)."""
        return self.run("journalctl", "-u", unit, "-n", "2000", "--no-pager", check=False).stdout

    def until(self, what: str, is_so: Callable[[], bool], seconds: float) -> None:
        """Wait for something to become true, or fail saying what did not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_so():
                return
            time.sleep(0.2)
        raise AssertionError(f"{what}: not within {seconds:g} s\n{self.console()}")

    def close(self) -> None:
        """Switch the machine off and forget what it wrote."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)  # nspawn makes an orderly shutdown of it
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        child.kill()
                self._process.kill()
                self._process.wait(timeout=10)
        self._console.close()
        subprocess.run(["umount", "--lazy", str(self.files)], check=False)
        shutil.rmtree(self._layer, ignore_errors=True)
