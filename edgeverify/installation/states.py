"""Going back across a change of the state's schema: which doors, which states, which steps."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from edgeverify.installation.steps import Step, run
from edgeverify.installation.target import Target

ASK = (
    "from edgeverify.journal.schema import VERSION as journal;"
    "from edgeverify.references.database import VERSION as references;"
    "print(journal, references)"
)
"""Every release answers this: the two constants keep their names and places."""


@dataclass(frozen=True, slots=True)
class Schemas:
    """The newest versions of journal and references that a release can read."""

    journal: int
    references: int


def make_states_fit(target: Target, running: Path, older: Path) -> list[Step]:
    """Plan to make every state fit the release `older`; nothing where it can read them.

    The running release does it: it alone knows what it added. The doors must be stopped.
    """
    now, then = schemas(running), schemas(older)
    if now is None or then is None:
        return []  # a release that cannot say it; the daemon refuses by name what it cannot read
    if now.journal <= then.journal and now.references <= then.references:
        return []
    known = ["--journal-schema", str(then.journal), "--references-schema", str(then.references)]
    program = [str(running / "bin/edgeverify"), "downgrade-state"]
    owner = ["runuser", "-u", "edgeverify", "--"] if target.is_live else []
    folders = sorted(path.parent for path in (target.root / "var/lib/edgeverify").glob("*/door"))
    why = "no decision is lost"
    return [run([*owner, *program, "--state", str(one), *known], why=why) for one in folders]


def schemas(release: Path) -> Schemas | None:
    """Ask an installed release what it can read; None where it does not say."""
    try:
        done = subprocess.run(
            [str(release / "bin/python"), "-I", "-c", ASK],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        journal, references = done.stdout.split()
        return Schemas(int(journal), int(references))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def active_doors() -> list[str]:
    """Name the doors' services that run, or would run again by themselves."""
    listed = subprocess.run(
        ["systemctl", "list-units", "--plain", "--no-legend", "--full",
         "--state=active,activating,reloading", "edgeverify.service", "edgeverify@*.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line.split()[0] for line in listed.stdout.splitlines() if line.split()]
