"""Steps of a plan: each is a shell line that says it and a function that does it.

One step is to take away what no door loads: what the packages of a door carry beside what it runs.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgeverify.atomic_file import write_whole
from edgeverify.errors import EdgeverifyError
from edgeverify.installation.pip_run import run_pip


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: the shell line that says it, and the function that does it."""

    line: str
    act: Callable[[], None]
    why: str = ""


def carry_out(steps: Sequence[Step], say: Callable[[str], None], *, dry_run: bool) -> None:
    """Print every step and, unless `dry_run`, do it. Stops at the first that fails.

    Raises EdgeverifyError naming the step; what runs keeps running until the switch.
    """
    # What is installed belongs to root and is read by the service, whatever root's umask is.
    before = os.umask(0o022)
    try:
        for step in steps:
            say(step.line + (f"    # {step.why}" if step.why else ""))
            if not dry_run:
                _act(step)
    finally:
        os.umask(before)


def _act(step: Step) -> None:
    try:
        step.act()
    except subprocess.CalledProcessError as error:
        raise EdgeverifyError(
            f"this step failed with exit status {error.returncode}: {step.line}",
            advice="What ran before still runs. Correct the cause and run this command again.",
        ) from None
    except OSError as error:
        raise EdgeverifyError(
            f"this step failed ({error.filename or 'a file'}: {error.strerror}): {step.line}",
            advice="What ran before still runs. Correct the cause and run this command again.",
        ) from None


def run(command: list[str], *, why: str = "", may_fail: bool = False) -> Step:
    """Run a program; with `may_fail` its exit status does not matter."""

    def act() -> None:
        subprocess.run(command, check=not may_fail, stdin=subprocess.DEVNULL)

    return Step(shlex.join(command), act, why)


def install(command: list[str], *, what: str, release: Path, why: str = "") -> Step:
    """Run pip for a release's environment, showing what it does; its log stays beside it."""

    def act() -> None:
        (packages,) = release.glob("lib/python3*/site-packages")
        run_pip(command, what, packages=packages, log=release / "pip.log")

    return Step(shlex.join(command), act, why)


def folder(path: Path, mode: int) -> Step:
    """Make a folder and its parents."""

    def act() -> None:
        path.mkdir(mode=mode, parents=True, exist_ok=True)

    return Step(f"mkdir -p -m {mode:04o} {shlex.quote(str(path))}", act)


def copy(source: Path, path: Path, *, mode: int = 0o644, why: str = "") -> Step:
    """Copy a file whole or not at all, making its folder."""

    def act() -> None:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        write_whole(path, source.read_bytes(), mode=mode)

    return Step(
        shlex.join(["install", "-D", "-m", f"{mode:04o}", str(source), str(path)]), act, why
    )


def link(path: Path, to: str, *, why: str = "") -> Step:
    """Point a symbolic link elsewhere in one rename."""

    def act() -> None:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        part.symlink_to(to)
        part.replace(path)

    return Step(shlex.join(["ln", "-sfn", to, str(path)]), act, why)


def remove_if_empty(path: Path) -> Step:
    """Remove a folder that holds nothing any more; what somebody else put there stays."""

    def act() -> None:
        with suppress(FileNotFoundError):
            if not os.listdir(path):  # noqa: PTH208 - nothing is gone through
                path.rmdir()

    line = shlex.join(["rmdir", "--ignore-fail-on-non-empty", str(path)])
    return Step(line, act, "unless it holds drop-ins of your own")


def remove(path: Path) -> Step:
    """Remove a file or a whole folder; content when it is not there."""

    def act() -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    return Step(shlex.join(["rm", "-rf", str(path)]), act)


SPARE: Mapping[str, str] = {
    "onnxruntime/capi/libonnxruntime.so*": "for C programs; Python's module has all of it inside",
    "onnxruntime/quantization": "makes INT8 graphs, which the workshop does",
    "onnxruntime/tools": "changes graphs, likewise",
    "onnxruntime/transformers": "the same for language models",
    "sympy": "for the tools of ONNX Runtime's last release for Python 3.10",
    "mpmath": "for sympy",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so": "a door's networks run on the CPU",
    "ai_edge_litert/libLiteRt.so": "its other programming interface, loaded where it lies, unused",
    "ai_edge_litert/tools": "compilers for phones' chips",
    "ai_edge_litert/vendors": "the same, one for each maker",
    "onnx/backend/test": "models that test other programs",
    "onnx/defs/**/*.cc": "source text of what is compiled",
    "cv2/data/*.xml": "OpenCV's own face detectors",
    "PIL/_imagingft*.so": "letters, which a door does not draw",
    "pillow.libs/libfreetype-*": "for them",
    "pillow.libs/libharfbuzz-*": "likewise",
    "numpy/**/tests": "numpy's own tests",
    "numpy/f2py": "compiles Fortran",
    "pygments/lexers/[a-z]*": "colours programs' source text",
    "setuptools*": "builds packages; a newer Python's environments have none",
    "pkg_resources": "part of it",
    "_distutils_hack": "part of it",
    "distutils-precedence.pth": "part of it",
    "pip/**/__pycache__": "pip runs when a model is fetched, and not again",
}
"""Globs below site-packages, and why nothing of a door loads what they name."""


def take_spare(release: Path) -> Step:
    """Plan to take away what no door loads from a release's environment."""

    def act() -> None:
        for packages in release.glob("lib/python3*/site-packages"):
            for pattern in SPARE:
                for path in sorted(packages.glob(pattern)):
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink()

    where = f"{release}/lib/python3*/site-packages"
    return Step(f"cd {where} && rm -rf {' '.join(SPARE)}", act, "what no door loads")
