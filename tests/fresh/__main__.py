"""The README's first commands on a Debian or Ubuntu on which nothing was ever installed.

    python -m tests.fresh --debian bookworm trixie --times 10 --run demo

Each time from nothing: a new layer over a minimal root, a new user, no cache. As root, because a
container needs it. What each run printed is kept under `.cache/fresh/`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.fresh.machine import HOME, USER, FreshMachine, fresh_machine

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache/fresh"
DEBIANS = {"bookworm": 11, "trixie": 13}
"""Each release that CI tries, and the minor version of the Python 3 that it has."""
OTHERS = {"jammy": 10, "noble": 12, "resolute": 14}
"""Those that are tried when they are asked for: Ubuntu 22.04 (which JetPack 6 is), 24.04, 26.04."""
TARGETS = ("demo", "types", "test-portable", "test")
OF_ANOTHER_PYTHON = frozenset({"types", "test-portable"})
"""On the Python of this checkout these run outside, all of them."""
LOGS = ".venv/pip.log demo-output/daemon.log"
ALL_RIGHT = re.compile(r"\b(\d+) of \1 scenes ended as they must")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRun:
    """One first run: which Debian, which time, what is made there."""

    debian: str
    turn: int
    targets: tuple[str, ...]
    bundle: Path

    @property
    def minor(self) -> int:
        """Of its Python 3."""
        return (DEBIANS | OTHERS)[self.debian]

    @property
    def log(self) -> Path:
        """What was printed."""
        return CACHE / f"{self.debian}-{self.turn}.log"


def readme_lines() -> tuple[str, list[str]]:
    """Return the README's apt line, without sudo, and the lines after it."""
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    block = readme.split("## See it work", 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]
    apt, *rest = block.strip().splitlines()
    assert apt.startswith("sudo apt-get install "), apt
    return apt.removeprefix("sudo ").replace("install ", "install -y ", 1), rest


def try_first_run(run: FirstRun) -> float:
    """Do what the README says; return how long it took, in seconds, packages and all.

    AssertionError says what did not go well.
    """
    run.log.unlink(missing_ok=True)
    apt, (clone, *_) = readme_lines()
    began = time.monotonic()
    with fresh_machine(run.debian, CACHE, run.log) as machine:
        shutil.copy(run.bundle, machine.files / HOME.lstrip("/") / "edgeverify.bundle")
        machine.run("apt-get update -qq && apt-get install -y -qq git make")
        machine.run(
            re.sub(
                r"https://\S+", "--branch fresh-run ~/edgeverify.bundle edgeverify", clone
            ).split("&&")[0],
            user=USER,
        )
        names_what_is_missing(machine)
        machine.run(apt)
        for target in run.targets:
            if target in OF_ANOTHER_PYTHON and run.minor == sys.version_info.minor:
                continue
            said = make(machine, target)
            if target == "test-portable":
                assert re.search(r"\b[1-9]\d+ passed", said), f"no tests ran: {run.log}"
            if target == "demo":
                assert ALL_RIGHT.search(said), f"not every scene ended as it must: {run.log}"
            assert "Traceback" not in said, f"a traceback: {run.log}"
        # Only the demo keeps models outside its folder.
        kept = "$(ls -d .cache .local 2>/dev/null)"
        machine.run(f"du --summarize --block-size=1M edgeverify {kept}", user=USER)
    return time.monotonic() - began


def names_what_is_missing(machine: FreshMachine) -> None:
    """Without the packages of the README's line, `make` names each and the line to run."""
    said = machine.run("cd edgeverify && ! make demo", user=USER)
    assert "python3-venv: makes the environment" in said, said
    assert re.search(r"Run as root: apt-get install .*python3-venv", said), said


def make(machine: FreshMachine, target: str) -> str:
    """Run `make` as the newcomer; what it asks for first is installed as it says."""
    said = machine.run(f"cd edgeverify && make {target} || test -n 'see above'", user=USER)
    asked = re.search(r"^Run as root: (apt-get install .*)$", said, re.MULTILINE)
    if asked is None:
        if "\nmake: *** " in said:
            machine.run(
                "tail -n 60 edgeverify/.venv/pip.log edgeverify/demo-output/daemon.log ||:",
                user=USER,
            )
            raise AssertionError(said[-4000:])
        return said
    machine.run(asked[1])
    return machine.run(f"cd edgeverify && make {target}", user=USER)


def supported_debians() -> list[str]:
    """Return the releases of Debian whose own Python this one runs on, and name the others."""
    project = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', project)
    assert bounds, "pyproject.toml bounds requires-python on both sides"
    low, high = int(bounds[1]), int(bounds[2])
    for name, minor in DEBIANS.items():
        if not low <= minor < high:
            sys.stdout.write(f"{name} is not tried: its Python is 3.{minor}, {bounds[0]}\n")
    return [name for name, minor in DEBIANS.items() if low <= minor < high]


def bundle_of_the_checkout(folder: Path) -> Path:
    """Pack the checkout's last commit, with what was changed since in tracked files."""

    def git(*words: str) -> str:
        command = ["git", "-c", "safe.directory=*", "-C", str(CHECKOUT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("stash", "create") or git("rev-parse", "HEAD")
    git("update-ref", "refs/heads/fresh-run", changed)
    path = folder / "edgeverify.bundle"
    git("bundle", "create", "--quiet", str(path), "fresh-run")
    git("update-ref", "-d", "refs/heads/fresh-run")
    if untracked := git("ls-files", "--others", "--exclude-standard"):
        sys.stdout.write(f"not part of it, because git does not know them:\n{untracked}\n")
    return path


def report(run: FirstRun) -> str:
    """Try one run; print how it went, and return what went wrong or nothing."""
    began = time.monotonic()
    try:
        try_first_run(run)
        wrong = ""
    except (AssertionError, subprocess.SubprocessError, OSError) as error:
        wrong = f"{run.debian} {run.turn}: {error}\n{run.log.read_text(errors='replace')[-3000:]}"
    how = "FAILED" if wrong else "went well"
    seconds = time.monotonic() - began
    sys.stdout.write(f"{run.debian} {run.turn}: {how} after {seconds:.0f} s ({run.log})\n")
    sys.stdout.flush()
    return wrong


def main() -> int:
    """Try every run that was asked for; return 0 when all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--debian", nargs="+", default=supported_debians(), choices=DEBIANS | OTHERS
    )
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--run", nargs="+", default=["demo"], choices=TARGETS)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    bundle = bundle_of_the_checkout(CACHE)
    runs = [
        FirstRun(debian=debian, turn=turn, targets=tuple(asked.run), bundle=bundle)
        for turn, debian in product(range(1, asked.times + 1), asked.debian)
    ]
    sys.stdout.write(f"{len(runs)} first runs, {asked.jobs} at a time; logs: {CACHE}/*.log\n")
    sys.stdout.flush()
    with ThreadPoolExecutor(asked.jobs) as workers:
        wrong = [text for text in workers.map(report, runs) if text]
    for text in wrong:
        sys.stdout.write(f"\n{text}\n")
    sys.stdout.write(f"{len(runs) - len(wrong)} passed, {len(wrong)} failed\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
