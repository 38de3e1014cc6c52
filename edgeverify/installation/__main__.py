"""`python3 -m edgeverify.installation`: what `make install` runs with the system's own Python."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edgeverify.errors import EdgeverifyError
from edgeverify.installation.perform import perform
from edgeverify.installation.target import target_of


def main(arguments: list[str]) -> int:
    """Read the arguments and do what they say; returns the exit status."""
    parser = argparse.ArgumentParser(prog="edgeverify.installation", description=__doc__)
    parser.add_argument("action", choices=["install", "rollback", "uninstall"])
    parser.add_argument("--wheel", type=Path, default=None)
    parser.add_argument("--requirements", type=Path, default=None)
    parser.add_argument("--profile", choices=["auto", "cpu", "gpu"], default="auto")
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--purge", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        target = target_of(
            asked.root,
            wheel=asked.wheel,
            requirements=asked.requirements,
            profile=asked.profile,
            python=asked.python,
        )
        perform(asked.action, target, _say, purge=asked.purge, dry_run=asked.dry_run)
    except EdgeverifyError as error:
        sys.stderr.write(f"edgeverify: {error}\n")
        return error.exit_code
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
