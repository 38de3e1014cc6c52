"""A checkout's own environment, made by `make`: whole, or made again the next time.

Run by the system's Python before anything is installed, so the standard library must do.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeverify.errors import EdgeverifyError
from edgeverify.installation.pip_run import run_pip

_CHECK = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
_UNFIT = ":$"
"""In a path: venv refuses the first, setuptools takes the second for a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The folder of an environment, and what belongs in it: a lock's packages and a checkout."""

    folder: Path
    lock: Path
    checkout: Path
    name: str

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin/python"

    @property
    def stamp(self) -> Path:
        """Written last, and only then: says for what the environment is complete."""
        return self.folder / f"{self.name}.stamp"

    @property
    def unfinished(self) -> Path:
        """There from before the first change until after the last."""
        return self.folder / "unfinished"

    @property
    def identity(self) -> str:
        """What the stamp must say: lock, project, place, Python."""
        digest = hashlib.sha256()
        for part in (self.lock.read_bytes(), (self.checkout / "pyproject.toml").read_bytes()):
            digest.update(hashlib.sha256(part).digest())
        return f"{digest.hexdigest()} Python {_this_python()} {self.folder}\n"

    def is_complete(self) -> bool:
        """Return whether nothing is to be done."""
        try:
            stamped = self.stamp.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return (
            stamped == self.identity
            and not self.unfinished.exists()
            and os.access(self.python, os.X_OK)
        )


def make_environment(wanted: Environment) -> None:
    """Make the environment complete; one that an earlier run did not finish is made again.

    Raises EdgeverifyError with what went wrong.
    """
    try:
        if wanted.is_complete():
            return
        with _one_maker(wanted.folder):
            if not wanted.is_complete():  # another maker was first
                _complete(wanted)
    except OSError as error:
        # A folder that is removed names what lies in it without its place.
        place = wanted.folder / str(error.filename or "")
        raise EdgeverifyError(
            f"cannot make the environment: {place}: {error.strerror}", advice=_advice(error)
        ) from None


@contextmanager
def _one_maker(folder: Path) -> Iterator[None]:
    """Let one maker of an environment work at a time, so that two do not undo each other's work.

    Holds the place of `folder` locked (flock on its parent) while the block runs.

    Waits for whoever holds it, and says so. The kernel lets go when the process ends, however it
    ends. A file system without locks is worked on without: nobody is turned away for want of one.
    Raises OSError where the parent cannot be made or opened.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say(f"Waiting for another make that is at work on {folder}")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # NFS locks only what is open for writing
        return


def _advice(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "Free some space (1.5 GB are needed) and run the same command again."
    return "Use a copy of the project in a folder of your own, or run as the user whose it is."


def _complete(wanted: Environment) -> None:
    _refuse_an_unfit_path(wanted.folder)
    _clear_unusable(wanted)
    if not wanted.python.exists():
        made_with = f"Python {_this_python()} ({sys.executable})"
        _say(f"Making the environment {wanted.folder} with {made_with}")
        _make(wanted)
    wanted.stamp.unlink(missing_ok=True)
    wanted.unfinished.touch()
    _install(wanted)
    wanted.stamp.write_text(wanted.identity, "utf-8")
    wanted.unfinished.unlink()


def _refuse_an_unfit_path(folder: Path) -> None:
    for sign in _UNFIT:
        if sign in str(folder):
            raise EdgeverifyError(
                f"cannot make the environment {folder}: Python makes none in a path with {sign}",
                advice="Move the project to a folder without it and run the same command again.",
            )


def _clear_unusable(wanted: Environment) -> None:
    folder = wanted.folder
    if not folder.exists():
        return
    if not (folder / "pyvenv.cfg").exists() and any(folder.iterdir()):
        raise EdgeverifyError(
            f"{folder} is not a Python environment, so it was left alone",
            advice="Name another folder, such as `make demo VENV=../edgeverify-venv`.",
        )
    if folder.parent != wanted.checkout and not _is_ours(wanted):
        raise EdgeverifyError(
            f"{folder} is an environment that something else made, so it was left alone",
            advice="Name another folder, or unset VENV if it was meant for another project.",
        )
    if (
        not wanted.unfinished.exists()
        and _has_this_python_and_pip(wanted.python)
        and _is_at_home(folder)
    ):
        return
    _say(f"Removing {folder}: it was never finished, was moved, or its Python is gone")
    shutil.rmtree(folder)


def _is_ours(wanted: Environment) -> bool:
    """Return whether an earlier run of this made it, finished or not."""
    return wanted.unfinished.exists() or any(wanted.folder.glob("*.stamp"))


def _has_this_python_and_pip(python: Path) -> bool:
    def asked(*options: str) -> str:
        try:
            done = subprocess.run(
                [str(python), *options], capture_output=True, text=True, check=False
            )
        except OSError:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    if asked("-c", _CHECK) == _this_python():
        return True
    asked("-m", "ensurepip")  # other makers of environments leave pip out
    return asked("-c", _CHECK) == _this_python()


def _is_at_home(folder: Path) -> bool:
    """Return whether its scripts still name the folder that it stands in."""
    try:
        return str(folder) in (folder / "bin/activate").read_text("utf-8", errors="replace")
    except OSError:
        return False


def _make(wanted: Environment) -> None:
    wanted.folder.mkdir(parents=True, exist_ok=True)
    wanted.unfinished.touch()  # a venv that was broken off has a Python and no pip
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(wanted.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        raise EdgeverifyError(
            f"cannot make the environment {wanted.folder}: {lines[-1] if lines else 'no reason'}",
            advice="Free some space; on Debian: sudo apt-get install python3-venv.",
        )


def _install(wanted: Environment) -> None:
    (packages,) = wanted.folder.glob("lib/python3.*/site-packages")
    pip = [str(wanted.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    log = wanted.folder / "pip.log"
    _say(f"Installing the locked packages into {wanted.folder} (the first time: minutes)")
    run_pip(
        [*pip, "--require-hashes", "-r", str(wanted.lock)],
        "the locked packages",
        packages=packages,
        log=log,
        expected=sum("==" in line for line in wanted.lock.read_text("utf-8").splitlines()),
    )
    run_pip(
        [*pip, "--no-deps", "-e", str(wanted.checkout)],
        "this checkout",
        packages=packages,
        log=log,
    )
    if not any(packages.glob("*.dist-info/direct_url.json")):  # which pip writes for a checkout
        raise EdgeverifyError(
            "pip put the packages elsewhere, as its settings say (target, prefix or root)",
            advice="Run it without them: PIP_CONFIG_FILE=/dev/null make demo.",
        )


def _this_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Read the arguments and make the environment; return the exit status."""
    parser = argparse.ArgumentParser(prog="edgeverify.installation.environment")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("--stamp", default="daemon")
    asked = parser.parse_args(arguments)
    checkout = Path.cwd()
    wanted = Environment(
        folder=Path(os.path.abspath(checkout / asked.folder)),  # noqa: PTH100 - links stay
        lock=checkout / asked.lock,
        checkout=checkout,
        name=asked.stamp,
    )
    try:
        make_environment(wanted)
    except EdgeverifyError as error:
        sys.stderr.write(f"edgeverify: {error.problem}\n  {error.advice}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the next `make` makes the environment again\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
