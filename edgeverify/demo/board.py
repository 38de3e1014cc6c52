"""The demo's live table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from edgeverify.demo.scenes import Scene
from edgeverify.demo.visit import Answer
from edgeverify.domain import Outcome


def table(
    scenes: Sequence[Scene], answers: Mapping[int, Answer], current: int | None, prompt: str
) -> Table:
    """Draw every scene, what came out so far, and what the person is being asked."""
    title = "edgeverify at a door (ms: from the claim to the signed event)"
    drawn = Table(title=title, caption=prompt or None)
    for column in ("scene", "card", "liveness", "decision"):
        drawn.add_column(column)
    drawn.add_column("reason", no_wrap=True, min_width=19)
    drawn.add_column("ms", justify="right")
    for index, scene in enumerate(scenes):
        answer = answers.get(index)
        if answer is None:
            waiting = "..." if index == current else ""
            drawn.add_row(scene.title, scene.card, scene.liveness, waiting, "", "")
            continue
        is_right = answer.outcome is scene.outcome and answer.reason in scene.expected
        colour = "green" if answer.outcome is Outcome.GRANT else "yellow"
        drawn.add_row(
            scene.title,
            scene.card,
            scene.liveness,
            f"[{colour}]{answer.outcome.value}[/]",
            answer.reason.value if is_right else f"[red]{answer.reason.value} (!)[/]",
            f"{answer.milliseconds:.0f}",
        )
    return drawn
