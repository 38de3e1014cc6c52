"""`edgeverify-train fit`, `resume` and `distill`: train by a recipe.

Begun, gone on with where it was stopped, or learnt from an installed bundle without labels.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.errors import EdgeverifyError
from edgeverify_train.commands import options
from edgeverify_train.commands.options import require_training

if TYPE_CHECKING:
    from edgeverify_train.fitting.start import Outcome
    from edgeverify_train.run_folder import RunFolder


@plain_errors
def fit(
    recipe: options.RecipeName,
    *,
    output: options.Output,
    data: options.Data = None,
    changes: options.Changes = None,
) -> None:
    """Train a network by a recipe, on aligned chips.

    DATA has one folder of chips per person. Each epoch is measured on people who were not trained
    on, as a door compares; the best weights are kept in checkpoints/best.pth. SIGTERM or Ctrl-C
    end it after the present step with a checkpoint, and `resume` goes on from there.
    Fine-tuning is --set network.start=FILE.

    Example: edgeverify-train fit arcface-progressive --data chips -o runs/first
    """
    require_training()
    from edgeverify_train.fitting.start import fit as train  # noqa: PLC0415 - torch
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
    from edgeverify_train.run_folder import RunFolder  # noqa: PLC0415

    loaded = load_recipe(recipe, with_data(changes, data))
    run = RunFolder(output)
    outcome = train(loaded, run, say)
    say_trained(run, outcome)


def with_data(changes: list[str] | None, data: Path | None) -> list[str]:
    """Add `--data` to the changes of a recipe."""
    return [*(changes or ()), *((f"data.folder={data}",) if data is not None else ())]


def say_trained(run: RunFolder, outcome: Outcome) -> None:
    """Report what came of a training, and what to type next."""
    say(f"best: epoch {outcome.best_epoch} of {outcome.epochs}, in {run.best}")
    _say_report(run)


def _say_report(run: RunFolder) -> None:
    """Write the report; a training that ended is not lost where it cannot be."""
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
    from edgeverify_train.reporting.report import write_report  # noqa: PLC0415 - torch

    try:
        report = write_report(load_recipe(str(run.recipe)), run)
    except (EdgeverifyError, OSError) as error:
        complain(f"the report could not be written: {error}")
        say(f"next: edgeverify-train export {quote(str(run.folder))} -o BUNDLE")
        return
    for line in report.summary:
        say(line)
    say(f"report: {report.folder}")
    for line in report.next_lines:
        say(f"next: {line}")


@plain_errors
def resume(run: options.Run, *, changes: options.Changes = None) -> None:
    """Continue a training from its last checkpoint.

    On the CPU it ends with the same weights as without the interruption, unless --set changes
    how it runs (training.workers, more epochs).

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


@plain_errors
def distill(
    recipe: options.RecipeName = "distill",
    *,
    output: options.Output,
    data: options.Faces = None,
    changes: options.Changes = None,
) -> None:
    """Teach a small network an installed bundle's embedding.

    Any faces will do, without names: --data is a folder of photos, in which the door's finder
    finds the face, or of aligned chips. The teacher is the best bundle that is
    installed, or --set teacher.bundle=NAME.

    Example: edgeverify-train distill --data photos -o runs/student
    """
    require_training()
    from edgeverify_train.distil.run import distil  # noqa: PLC0415 - torch
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
    from edgeverify_train.run_folder import RunFolder  # noqa: PLC0415

    run = RunFolder(output)
    say_trained(run, distil(load_recipe(recipe, with_data(changes, data)), run, say))
