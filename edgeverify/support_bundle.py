"""The support bundle: one archive that says what a helper needs, and nothing that they must not.

Logs, versions, settings without secrets, the daemon's own status, the machine. Never a picture, an
embedding, a key or a password: every text goes through `Redactor`, and no file of the state
directory is ever read.
"""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import distributions
from pathlib import Path

from edgeverify import __version__
from edgeverify.atomic_file import advice_on, whole_file
from edgeverify.door_state import find_daemon, find_state
from edgeverify.errors import EdgeverifyError, StateError
from edgeverify.folder_listing import entries
from edgeverify.redaction import Redactor
from edgeverify.settings import Settings
from edgeverify.status_socket import ask
from edgeverify.thermal import Sensors

LOG_LINES = 20_000
MAX_LOG_BYTES = 16 * 1024 * 1024
README = """edgeverify support bundle, made {when}

It holds: the daemon's log, its status, its settings without secrets, versions of everything
installed, and what the machine says of itself. Cards, names and photo paths of the config are
replaced by card-1, person-1, photo-1.1. It holds no picture, no embedding, no key, no password.
Look through it before you send it: logs can hold what nobody thought of.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a bundle's parts come from; what is None is left out and said so."""

    settings: Settings | None
    settings_problem: str = ""
    config: Path | None = None
    state: Path | None = None
    log: Path | None = None
    environment: Mapping[str, str]
    sys: Path = Path("/sys")


def write_bundle(path: Path, sources: Sources, redactor: Redactor, *, at: datetime) -> list[str]:
    """Write the bundle (gzipped tar, mode 0600) and return the names of its parts.

    Raises EdgeverifyError when `path` exists or cannot be written.
    """
    parts = {name: redactor.clean(text) for name, text in _parts(sources, redactor, at).items()}
    try:
        with (
            whole_file(path, may_replace=False) as file,
            tarfile.open(fileobj=file, mode="w:gz") as archive,
        ):
            for name, text in parts.items():
                content = text.encode("utf-8", "replace")
                entry = tarfile.TarInfo(f"edgeverify-support/{name}")
                entry.size, entry.mtime, entry.mode = len(content), int(at.timestamp()), 0o600
                archive.addfile(entry, io.BytesIO(content))
    except OSError as error:
        raise EdgeverifyError(
            f"the bundle {path} cannot be written: {error.strerror}",
            advice=advice_on(error) or "Name a new file in a folder that you may write to.",
        ) from None
    return sorted(parts)


def _parts(sources: Sources, redactor: Redactor, at: datetime) -> dict[str, str]:
    makers: dict[str, Callable[[], str]] = {
        "README.txt": lambda: README.format(when=at.isoformat(timespec="seconds")),
        "versions.json": _versions,
        "settings.json": lambda: _settings(sources, redactor),
        "status.json": lambda: _status(sources),
        "log.txt": lambda: _log(sources.log),
        "service.txt": _service,
        "machine.txt": lambda: _machine(sources.sys),
    }
    return {name: _made(make) for name, make in makers.items()}


def _made(make: Callable[[], str]) -> str:
    try:
        return make()
    except (EdgeverifyError, OSError, ValueError) as error:
        return f"not available: {error}\n"


def _versions() -> str:
    packages = {found.metadata["Name"]: found.version for found in distributions()}
    said = {
        "edgeverify": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "system": _lines_of(Path("/etc/os-release")),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
    return json.dumps(said, indent=2)


def _settings(sources: Sources, redactor: Redactor) -> str:
    if sources.settings is None:
        return json.dumps({"not available": sources.settings_problem})
    return json.dumps(redactor.settings(sources.settings), indent=2, ensure_ascii=False)


def _status(sources: Sources) -> str:
    try:
        answer = ask(_state(sources), "status")
    except StateError as error:
        return json.dumps({"not available": str(error)})
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _state(sources: Sources) -> Path:
    if sources.config is None or sources.settings is None:
        return find_daemon(sources.state, sources.environment, command="edgeverify diagnose")
    return find_state(
        sources.config,
        sources.settings.door,
        sources.state,
        sources.environment,
        command="edgeverify diagnose",
    ).place.folder


def _log(log: Path | None) -> str:
    if log is None:
        wanted = ["--unit=edgeverify*", f"--lines={LOG_LINES}", "--output=short-iso-precise"]
        return _said("journalctl", "--no-pager", "--quiet", *wanted)
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - MAX_LOG_BYTES))
        return file.read().decode("utf-8", "replace")


def _service() -> str:
    units = ("edgeverify.service", "edgeverify@*.service")
    asked = (
        ("systemctl", "--version"),
        ("systemctl", "--no-pager", "--lines=0", "status", *units),
        ("systemctl", "--no-pager", "show", "edgeverify.service"),
        ("systemctl", "--no-pager", "cat", "edgeverify.service"),
    )
    return "\n\n".join(f"$ {' '.join(command)}\n{_said(*command)}" for command in asked)


def _machine(sys_root: Path) -> str:
    disks = {str(path): shutil.disk_usage(path) for path in (Path("/"), Path("/var/lib"))}
    heat = [f"{r.sensor}: {r.celsius} {r.fault}".strip() for r in Sensors(sys=sys_root).read()]
    cameras = [path.name for path in entries(Path("/dev/v4l/by-id"))]
    memory = _lines_of(Path("/proc/meminfo"))[:3]
    return "\n".join(
        [
            f"processors: {os.cpu_count()}",
            f"load: {os.getloadavg()}",
            *memory,
            *(
                f"disk {path}: {d.free >> 20} MiB free of {d.total >> 20}"
                for path, d in disks.items()
            ),
            *(heat or ["no temperature sensor of the processor"]),
            *(f"camera {name}" for name in cameras),
            "",
        ]
    )


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return [f"{path}: {error.strerror}"]


def _said(*command: str) -> str:
    """Return what a program printed; why not, where it cannot be run."""
    program = shutil.which(command[0])
    if program is None:
        return f"{command[0]} is not on this machine\n"
    try:
        done = subprocess.run(
            [program, *command[1:]],
            capture_output=True,
            check=False,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not answer within 30 s\n"
    return (done.stdout + done.stderr)[-MAX_LOG_BYTES:].decode("utf-8", "replace")
