"""`edgeverify-train distill`: learn an installed bundle's embedding, without labels."""

from __future__ import annotations

from edgeverify.cli.console import plain_errors, say
from edgeverify_train.commands import options
from edgeverify_train.commands.fit import say_trained, with_data
from edgeverify_train.commands.options import require_training


@plain_errors
def distill(
    recipe: options.RecipeName = "distill",
    *,
    output: options.Output,
    data: options.Data = None,
    changes: options.Changes = None,
) -> None:
    """Teach a small network the embedding of the best installed bundle, on any faces.

    --data is a folder of photos in which the door's finder finds the face, or of aligned chips;
    nobody need say whose faces they are. The teacher is --set teacher.bundle=NAME.

    Example: edgeverify-train distill --data photos -o runs/student
    """
    require_training()
    from edgeverify_train.distil.run import distil  # noqa: PLC0415 - torch
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
    from edgeverify_train.run_folder import RunFolder  # noqa: PLC0415

    run = RunFolder(output)
    say_trained(run, distil(load_recipe(recipe, with_data(changes, data)), run, say))
