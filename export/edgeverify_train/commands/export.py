"""`edgeverify-train export`: a run becomes a bundle that a door runs."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import plain_errors, say
from edgeverify_train.commands import options
from edgeverify_train.commands.options import require_training

if TYPE_CHECKING:
    from edgeverify_train.exporting.export import Exported


@plain_errors
def export(
    run: options.Run,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the new bundle.", show_default=False)
    ],
    licence: Annotated[str, typer.Option(help="Licence of the weights, for the manifest.")] = (
        "owner's"
    ),
) -> None:
    """Make a bundle of a run, with parity and thresholds.

    Of its best weights. How the network is fed, cut and compared is what the recipe says: there
    is nothing to state. Parity and thresholds are measured on the people whom the run held out.

    Example: edgeverify-train export runs/first -o models/mine
    """
    require_training()
    from datetime import datetime, timezone  # noqa: PLC0415

    from edgeverify.progress import steps  # noqa: PLC0415
    from edgeverify_train.exporting.export import export_run  # noqa: PLC0415 - torch
    from edgeverify_train.recipe import load_recipe  # noqa: PLC0415
    from edgeverify_train.run_folder import existing_run  # noqa: PLC0415

    found = existing_run(run)
    with steps() as step:
        made = export_run(
            load_recipe(str(found.recipe)),
            found,
            output,
            licence=licence,
            date=datetime.now(tz=timezone.utc).date().isoformat(),
            step=step,
        )
    _say(made, output)


def _say(made: Exported, output: Path) -> None:
    manifest = made.bundle.manifest
    feeding = manifest.feeding
    say(f"bundle {manifest.name} in {output}: {manifest.arch}, {manifest.embedding_size} values")
    say(
        f"  fed with {feeding.size}x{feeding.size} {feeding.channels}, {manifest.template}, "
        f"compared by {manifest.metric}"
    )
    for remark in made.remarks:
        say(f"  {remark}")
    if made.parity is not None:
        for one in made.parity.comparisons:
            say(
                f"  parity of {one.name} {one.precision}: cosine {one.min_cosine:.6f} at worst, "
                f"{one.flipped} of {one.pairs} decisions flipped"
            )
    for point in made.points:
        if point.fusion == "single" and point.photos == 1:
            say(f"  FMR {point.fmr:g}: threshold {point.threshold:.4f}, FNMR {point.fnmr:.2%}")
    if made.no_points:
        say(f"  no operating points: {made.no_points}")
    if manifest.weak:
        say(f"  not for a door as it is: {manifest.weak}")
    say("next, a door's YAML:")
    accepted = ", accept_weak: true" if manifest.weak else ""
    say(f"  model: {{bundle: {in_yaml(str(output.absolute()))}{accepted}}}")
    threshold = ""
    if made.suggested is not None and not made.points:
        # Scores of a network that learned little differ in late digits only.
        written = f"{made.suggested:.7g}"
        say(f"  decision: {{threshold: {written}}}")
        say(f"  # {made.suggested_on}: no rate is promised")
        threshold = f" --threshold {written}"
    say(f"next: edgeverify verify A.jpg B.jpg --bundle {quote(str(output))}{threshold}")


def in_yaml(text: str) -> str:
    """Write a text as it stands within the braces of a mapping in YAML, quoted where it must be."""
    import yaml  # noqa: PLC0415

    dumped = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=2**20)
    return str(dumped).strip()[1:-1]
