"""`edgeverify-train resume`: go on where a training was stopped."""

from __future__ import annotations

from edgeverify.cli.console import plain_errors, say
from edgeverify_train.commands import options
from edgeverify_train.commands.fit import say_trained
from edgeverify_train.commands.options import require_training


@plain_errors
def resume(run: options.Run, *, changes: options.Changes = None) -> None:
    """Go on with a training from its last checkpoint.

    On the CPU it ends with the very weights that it would have ended with had it not been stopped.
    --set may change how it is run (training.workers, more epochs); then that does not hold.

    Example: edgeverify-train resume runs/first
    """
    require_training()
    from edgeverify_train.distil.run import distil  # noqa: PLC0415 - torch
    from edgeverify_train.fitting.start import fit  # noqa: PLC0415 - torch
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
    from edgeverify_train.run_folder import existing_run  # noqa: PLC0415

    found = existing_run(run)
    recipe = load_recipe(str(found.recipe), changes or ())
    go_on = distil if recipe.loss.kind == "distil" else fit
    say_trained(found, go_on(recipe, found, say, resumed=True))
