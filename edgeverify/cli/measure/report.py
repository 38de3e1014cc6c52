"""`edgeverify report`: one decision of the journal, told and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.extras import lack_of
from edgeverify.cli.options import ConfigFile, StateFolder


@plain_errors
def report(
    event_id: Annotated[
        str,
        typer.Argument(help="From the event, or from `edgeverify journal list`; `last` works too."),
    ],
    config: ConfigFile,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The picture of the timeline.")
    ] = Path("report.png"),
    state: StateFolder = None,
) -> None:
    """Print and draw one decision: scores, gates, liveness over time, and what came of it.

    The daemon may go on running. The journal holds no image, so none is shown. Without the
    [evaluate] extra it is printed and not drawn.

    Example: edgeverify report last --config front-door.yaml -o why.png
    """
    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.errors import EvaluationError
    from edgeverify.evaluation.pictures.journal_report import draw_report
    from edgeverify.evaluation.pictures.picture_file import require_picture_path, write_picture
    from edgeverify.evaluation.transactions.journal_report import report_lines
    from edgeverify.journal.reading import find, recent

    require_picture_path(output)
    with reading(load_config(config), state) as place:
        if event_id == "last":
            newest = recent(place.journal, limit=1)
            event_id = newest[0].event_id if newest else event_id
        row = find(place.journal, event_id)
    if row is None:
        raise EvaluationError(
            f"the journal of door {place.door} holds no event {event_id}",
            advice="`edgeverify journal list` names the newest ones; old ones are deleted in time.",
        )
    for line in report_lines(row):
        say(line)
    if lack := lack_of("evaluate"):
        complain(f"edgeverify: no picture was drawn, which needs {lack}")
        return
    write_picture(output, draw_report(row))
    say(f"picture: {output}")
