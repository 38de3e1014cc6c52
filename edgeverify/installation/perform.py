"""Plan an action, say its steps, and do them unless it is only a rehearsal."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

from edgeverify.errors import EdgeverifyError
from edgeverify.installation.plans import plan_install, plan_rollback, plan_uninstall
from edgeverify.installation.steps import carry_out
from edgeverify.installation.target import Target

Action = Literal["install", "rollback", "uninstall"]


def perform(
    action: Action,
    target: Target,
    say: Callable[[str], None],
    *,
    purge: bool = False,
    dry_run: bool = False,
) -> None:
    """Do `action` on `target`, telling each step to `say` before it is done.

    `purge` makes an uninstall take configs and state too. Raises EdgeverifyError when a step
    fails, when there is nothing to go back to, and when this is not root.
    """
    if action == "install":
        steps = plan_install(target)
    elif action == "rollback":
        steps = plan_rollback(target)
    else:
        steps = plan_uninstall(target, purge=purge)
    if not dry_run and target.is_live and os.geteuid() != 0:
        raise EdgeverifyError("only root can do this", advice="Put sudo before the command.")
    carry_out(steps, say, dry_run=dry_run)
