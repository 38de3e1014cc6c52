"""Its registration: the daemon, run with one more source than it comes with."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from edgeverify.claims import SOURCES
from edgeverify.daemon.run import run_daemon
from tests.claims.example_stdin.section import StdinDoorSettings
from tests.claims.example_stdin.source import KIND


def main() -> None:
    """Run the door that the config names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--state", type=Path)
    given = parser.parse_args()
    run_daemon(
        given.config,
        given.state,
        os.environ,
        sources=(*SOURCES, KIND),
        settings=StdinDoorSettings,
    )


if __name__ == "__main__":
    main()
