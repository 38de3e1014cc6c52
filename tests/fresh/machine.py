"""A Debian or Ubuntu on which nothing was ever installed, and a user who is new on it.

A throw-away layer over a minimal root; the network is the host's. What is carried over is only how
this machine reaches its package registries: apt's and pip's settings, proxies, certificates and
folders of packages, each at its own path.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.debian import debian_root

USER = "newcomer"
HOME = f"/home/{USER}"
_APT_SETTINGS = re.compile(r"Acquire::(Check-|http|https|Retries|ForceIPv)[^;]*;")
_CARRIED = {
    *("SSL_CERT_FILE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
}
_PRIVATE = {"PIP_CACHE_DIR", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_INDEX"}


ENVIRON = os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}


class FreshMachine:
    """The machine; `run` executes as root or as the newcomer and appends to the log."""

    def __init__(self, files: Path, log: Path) -> None:
        self.files = files
        self.log = log
        self._environ, self._binds = registries(files)

    def run(self, script: str, *, user: str = "root", seconds: float = 3600) -> str:
        """Run shell lines inside and return what they printed; AssertionError where one fails."""
        command = self.command(script, user=user)
        with self.log.open("ab") as log:
            start = log.tell()
            log.write(f"\n$ ({user}) {script}\n".encode())
            log.flush()
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=ENVIRON,
                timeout=seconds,
                check=False,
            )
        said = self.log.read_bytes()[start:].decode(errors="replace")
        assert done.returncode == 0, f"{script}\n{said[-6000:]}\nthe whole: {self.log}"
        return said

    def command(self, script: str, *, user: str = "root") -> list[str]:
        """Return the command that runs shell lines inside; it needs ENVIRON."""
        return [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe"),
            *("--as-pid2", f"--machine={_machine_name(self.files)}", "--timezone=off"),
            *("-D", str(self.files), f"--user={user}"),
            *(f"--bind-ro={path}" for path in self._binds),
            *(f"--setenv={name}={value}" for name, value in self._environ.items()),
            *("/bin/sh", "-ec", f"cd ~; {script}"),
        ]


@contextmanager
def fresh_machine(suite: str, cache: Path, log: Path) -> Iterator[FreshMachine]:
    """Give a machine of its own, of a Debian or Ubuntu suite; afterwards nothing of it is left."""
    root = debian_root(cache / suite, suite)
    layer = Path(mkdtemp(prefix=f"run-{suite}-", dir=cache))
    files = layer / "merged"
    for part in ("merged", "upper", "work"):
        (layer / part).mkdir()
    lower = f"lowerdir={root},upperdir={layer / 'upper'},workdir={layer / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", lower, str(files)], check=True)
    try:
        machine = FreshMachine(files, log)
        machine.run(f"useradd --create-home --shell /bin/bash {USER}")
        yield machine
    finally:
        subprocess.run(["umount", "--lazy", str(files)], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", str(layer)], check=False)


def _machine_name(files: Path) -> str:
    """Return a name of its own for each machine; letters, digits and dashes only."""
    return re.sub(r"[^a-z0-9-]", "", files.parent.name.lower())


def registries(files: Path) -> tuple[dict[str, str], list[str]]:
    """Write apt's and pip's settings inside; return the environment and the folders to show."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    carried = [line for line in dump.splitlines() if _APT_SETTINGS.match(line)]
    (files / "etc/apt/apt.conf.d/90-as-outside").write_text("\n".join([*carried, ""]))
    environ = {
        name: value
        for name, value in os.environ.items()
        if name in _CARRIED or (name.startswith("PIP_") and name not in _PRIVATE)
    }
    settings = _pip_settings()
    folders = set()
    for path in _paths([settings, *environ.values()]):
        if path.is_dir():
            # An index of links keeps its files beside it.
            folders.add(str(path.parent if path.name == "simple" else path))
        else:  # a certificate: the package that owns such files must stay able to write its own
            inside = f"/opt/as-outside/{path.name}"
            (files / "opt/as-outside").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, files / inside.lstrip("/"))
            environ = {name: value.replace(str(path), inside) for name, value in environ.items()}
            settings = settings.replace(str(path), inside)
    (files / "etc/pip.conf").write_text(settings)
    return environ, sorted(folders)


def _paths(texts: list[str]) -> set[Path]:
    """Return the files and folders of this machine that the settings name."""
    words = {word.removeprefix("file://") for text in texts for word in text.split()}
    return {Path(word) for word in words if word.startswith("/") and Path(word).exists()}


def _pip_settings() -> str:
    """Return the user's and the machine's pip settings as one file."""
    merged = configparser.RawConfigParser()
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "debug"], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"^\s+(/\S+), exists: True", said, re.MULTILINE)
    merged.read([path for path in found if not path.startswith(sys.prefix)])
    lines = []
    for section in merged.sections():
        lines.append(f"[{section}]")
        lines += [f"{key} = {value}" for key, value in merged.items(section)]
    return "\n".join([*lines, ""])
