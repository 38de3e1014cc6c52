"""Run a command beside busy loops: `python -m tests.busy_machine --loops 8 -- COMMAND ...`.

Each loop is a process that computes for as long as this one lives, however it ends, so that none
can be left behind. Exits with the command's own status.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import subprocess
import sys


def compute(parent: int) -> None:
    """Hash zeros until the parent is gone."""
    zeros = bytes(1 << 20)
    while os.getppid() == parent:
        hashlib.sha256(zeros).digest()


def main() -> int:
    """Start the loops, run the command, stop the loops."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, default=8)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    # Each a child of this process: by default, from Python 3.14 on, of a server in between.
    started = multiprocessing.get_context("spawn")
    loops = [
        started.Process(target=compute, args=(os.getpid(),), daemon=True)
        for _ in range(given.loops)
    ]
    for loop in loops:
        loop.start()
    status = subprocess.run(given.command, check=False).returncode
    for loop in loops:
        if not loop.is_alive():
            sys.exit("a busy loop ended early: the command did not run beside all of them")
        loop.terminate()
        loop.join()
    return status


if __name__ == "__main__":
    sys.exit(main())
