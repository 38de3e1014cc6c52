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
    parser.add_argument(
        "action",
        choices=["install", "rollback", "uninstall"],
        help="Install a release, go back to the one before, or remove the service.",
    )
    parser.add_argument(
        "--wheel", type=Path, help="The release: edgeverify-VERSION-py3-none-any.whl."
    )
    parser.add_argument(
        "--requirements", type=Path, help="Lock file with hashes (this release's own)."
    )
    parser.add_argument(
        "--profile",
        choices=["auto", "cpu", "gpu"],
        default="auto",
        help="The sandbox: cpu, gpu, or auto (gpu where a driver is).",
    )
    parser.add_argument(
        "--root", type=Path, default=Path("/"), help="Install into an image's folder instead (/)."
    )
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="The Python 3.10 to 3.14 that the service runs with (%(default)s).",
    )
    parser.add_argument(
        "--purge", action="store_true", help="With uninstall: configs and state go too."
    )
    parser.add_argument("--dry-run", action="store_true", help="Print every step and do nothing.")
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
