"""Putting a released wheel on a machine as a service, going back one release, taking it away.

Each release gets an environment of its own, `/opt/edgeverify/<version>`; the link `current` says
which one runs, `previous` which one ran before. Everything is planned first, as a list of steps
that `--dry-run` prints; nothing that runs is touched before the new environment is whole. Configs
and state are never changed. Only the standard library is needed, so that `make install` can run
this with the system's Python: `python3 -m edgeverify.installation install --wheel FILE`.
"""

from edgeverify.installation.perform import Action, perform
from edgeverify.installation.plans import plan_install, plan_rollback
from edgeverify.installation.target import Target, target_of

__all__ = [
    "Action",
    "Target",
    "perform",
    "plan_install",
    "plan_rollback",
    "target_of",
]
