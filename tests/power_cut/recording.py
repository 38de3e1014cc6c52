"""Building the shim, running a program under it, reading what it recorded."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.absent import absent

ROOT = Path(__file__).resolve().parents[2]
HEAD = struct.Struct("<cIQQ")


@dataclass(frozen=True)
class Operation:
    """`kind`: C create, W write, T truncate, S sync, U unlink, R rename (`data`: the new path)."""

    kind: str
    path: str
    offset: int
    data: bytes


def build_shim(folder: Path) -> Path:
    """Compile it; a test skips without a compiler, except in CI."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        absent("there is no C compiler (apt-get install gcc libc6-dev)")
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-o",
        str(library),
        str(source),
        "-ldl",
    ]
    subprocess.run(command, check=True)
    return library


def run_under(
    shim: Path, module: str, arguments: list[str], *, folder: Path, log: Path, fault: Path
) -> str:
    """Run `python -m module` with the shim before libc; return its standard output."""
    environment = os.environ | {
        "LD_PRELOAD": str(shim),
        "EDGEVERIFY_SHIM_FOLDER": str(folder),
        "EDGEVERIFY_SHIM_LOG": str(log),
        "EDGEVERIFY_SHIM_FAULT": str(fault),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def operations(log: Path) -> Iterator[Operation]:
    """Read the record in order."""
    raw, at = log.read_bytes(), 0
    while at < len(raw):
        kind, path_length, offset, length = HEAD.unpack_from(raw, at)
        at += HEAD.size
        path = raw[at : at + path_length].decode()
        at += path_length
        has_data = kind in {b"W", b"R"}
        data = raw[at : at + length] if has_data else b""
        at += length if has_data else 0
        yield Operation(kind.decode(), path, offset, data)
