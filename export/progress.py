"""Progress on the terminal, for anything over two seconds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
Step = Callable[[str], None]


def silent(_words: str) -> None:
    """Say nothing: for callers that are not at a terminal."""


@contextlib.contextmanager
def steps() -> Iterator[Step]:
    """Show on standard error what is being done; the words vanish at the end."""
    console = Console(stderr=True)
    with console.status("") as status:

        def step(words: str) -> None:
            if console.is_terminal:
                status.update(words)

        yield step


def counted(things: Iterable[T], words: str, *, show: bool = True) -> Iterator[T]:
    """Go through `things` with a bar and the time left on standard error."""
    total = len(things) if isinstance(things, Sized) else None
    with bar(show=show) as progress:
        yield from progress.track(things, total=total, description=words)


def bar(*, show: bool = True) -> Progress:
    """Make the bar that every long task here uses."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not show,
        transient=True,
    )
