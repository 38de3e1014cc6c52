"""The demo's live table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from edgeverify.demo.ending import Ending
from edgeverify.demo.scenes import Scene
from edgeverify.domain import Outcome


def table(
    scenes: Sequence[Scene], endings: Mapping[int, Ending], current: int | None, prompt: str
) -> Table:
    """Draw every scene, what came out so far, and what the person is being asked."""
    title = "edgeverify at a door (ms: from the claim to the signed event)"
    drawn = Table(title=title, caption=prompt or None)
    for column in ("scene", "card", "liveness", "decision"):
        drawn.add_column(column)
    drawn.add_column("reason", no_wrap=True, min_width=19)
    drawn.add_column("ms", justify="right")
    for index, scene in enumerate(scenes):
        ending = endings.get(index)
        if ending is None:
            waiting = "..." if index == current else ""
            drawn.add_row(scene.title, scene.card, scene.liveness, waiting, "", "")
            continue
        answer = ending.answer
        colour = "green" if answer.outcome is Outcome.GRANT else "yellow"
        drawn.add_row(
            scene.title,
            scene.card,
            scene.liveness,
            f"[{colour}]{answer.outcome.value}[/]",
            answer.reason.value if ending.is_right else f"[red]{answer.reason.value} (!)[/]",
            f"{answer.milliseconds:.0f}",
        )
    return drawn
