"""OpenBLAS reads how many threads it may take when numpy is loaded: so it is told before."""

from __future__ import annotations

import subprocess
import sys

from edgeverify.cli.native_libraries import one_thread_for_matrices


def test_the_door_asks_for_one_and_leaves_an_owners_choice_alone() -> None:
    environ = {"PATH": "/bin"}
    one_thread_for_matrices(environ)
    assert environ["OPENBLAS_NUM_THREADS"] == "1"
    chosen = {"OPENBLAS_NUM_THREADS": "4"}
    one_thread_for_matrices(chosen)
    assert chosen["OPENBLAS_NUM_THREADS"] == "4"


def test_numpy_is_not_there_before_run_or_bench_has_said_so() -> None:
    commands = "edgeverify.cli.door.run, edgeverify.cli.measure.bench"
    asked = f"import sys, {commands}; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_the_daemon_says_it_at_once() -> None:
    program = (
        "import os, sys\n"
        "os.environ.pop('OPENBLAS_NUM_THREADS', None)\n"
        "import edgeverify.cli.door.run as command\n"
        "try:\n"
        "    command.run('/nowhere.yaml')\n"
        "except BaseException:\n"
        "    pass\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "1"
