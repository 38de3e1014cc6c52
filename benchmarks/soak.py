"""Soak the whole daemon for hours: people, faults drawn at random, every book compared at the end.

    make soak HOURS=8            or: python -m benchmarks.soak --hours 8 --seed 7

Needs mosquitto and, once, the package index (photos and weights, pinned). As root the journal lies
on a small file system of its own, which is filled up too. Exits 1 where anything leaked or the
books disagree. The daemon's log and config stay in the folder that is named at the end.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.soak.props import make_props
from tests.soak.soaking import soak
from tests.soak.verdict import failures
from tests.soak.world import world


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description="Soak the whole daemon.")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="edgeverify-soak-"))
    print("drawing films of real faces ...", flush=True)
    (folder / "props").mkdir()
    props = make_props(folder / "props")
    door = folder / "door"
    door.mkdir()
    with world(door, props) as made:
        report = soak(
            made,
            seconds=3600 * options.hours,
            seed=options.seed,
            say=lambda line: print(line, flush=True),
        )
        exit_code = made.stop()
        log = made.log
    found = failures(report, log, exit_code, judge_latency=options.hours >= 0.5)
    print("\n".join([*report.lines(), *(f"FAILED: {line}" for line in found)]))
    shutil.rmtree(folder / "props")
    print(f"log and config: {door}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
