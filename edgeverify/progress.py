"""How long work shows how far it is, on standard error. Showing it can never fail the work.

Whatever is shown goes through here: what measures and draws is wrapped in `harmless`, and the
stream that it is drawn on swallows what a closed, full or foreign terminal makes of it. Where no
terminal is watched, a line now and then says the same.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Literal, ParamSpec, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

P = ParamSpec("P")
T = TypeVar("T")
Step = Callable[[str], None]
Counted = Callable[[int, int, str], None]
Unit = Literal["bytes", "things"]

FIRST_LINE_SECONDS = 2.0
LINE_SECONDS = 15.0


class Progress(Protocol):
    """Told what is being done and how far it is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` bytes of `what`; a `total` of 0 is not known."""


def silent(what: str, done: int, total: int) -> None:
    """Show nothing."""
    del what, done, total


def harmless(show: Callable[P, object]) -> Callable[P, None]:
    """Wrap what shows progress: once it has failed it is left alone, and the work goes on."""
    has_failed = False

    def shown(*args: P.args, **kwargs: P.kwargs) -> None:
        nonlocal has_failed
        if has_failed:
            return
        try:
            show(*args, **kwargs)
        except Exception:  # noqa: BLE001 - no failure of a picture may become one of the work
            has_failed = True

    return shown


class _Unfailing(io.TextIOBase):
    """A stream over another one that may be closed, full, gone, or of a narrow encoding."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override] # a stream may say None
        return getattr(self._stream, "encoding", None) or "ascii"

    def write(self, text: str) -> int:
        if self._stream is not None:
            harmless(self._stream.write)(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            harmless(self._stream.flush)()

    def isatty(self) -> bool:
        try:
            return self._stream is not None and self._stream.isatty()
        except ValueError:  # closed
            return False


def unfailing_console(stream: IO[str] | None = None) -> Console:
    """Return a console on `stream` (default: standard error) on which drawing cannot fail."""
    from rich.console import Console  # noqa: PLC0415 - only what draws needs it

    return Console(file=cast("IO[str]", _Unfailing(sys.stderr if stream is None else stream)))


@contextmanager
def download_bar() -> Iterator[Progress]:
    """Show a bar per file while the block runs; the value is told how far each is, in bytes."""
    with _shown("bytes") as tell:
        yield lambda what, done, total: tell(what, done, total, "")


@contextmanager
def counted_bar(what: str) -> Iterator[Counted]:
    """Show one bar while the block runs; the value is told (done, total, name of the thing)."""
    with _shown("things", transient=True) as tell:
        yield lambda done, total, name: tell(what, done, total, name)


@contextmanager
def phase_bars() -> Iterator[Progress]:
    """Show a bar per phase while it lasts; the value is told its name and its steps."""
    with _shown("things", transient=True) as tell:
        yield lambda what, done, total: tell(what, done, total, "")


def counted(things: Iterable[T], words: str, *, show: bool = True) -> Iterator[T]:
    """Go through `things` and show how many are done."""
    total = len(things) if isinstance(things, Sized) else 0
    if not show:
        yield from things
        return
    with counted_bar(words) as moved:
        for done, thing in enumerate(things):
            moved(done, total, "")
            yield thing
        moved(total, total, "")


@contextmanager
def steps() -> Iterator[Step]:
    """Show what is being done, one thing after the other; at a terminal the words vanish."""
    console = unfailing_console()
    if not console.is_terminal:
        yield harmless(lambda words: console.print(words, highlight=False, markup=False))
        return
    status = console.status("")
    harmless(status.start)()
    try:
        yield harmless(status.update)
    finally:
        harmless(status.stop)()


def step_silently(_words: str) -> None:
    """Do nothing: a `Step` for callers that nobody watches."""


@contextmanager
def _shown(unit: Unit, *, transient: bool = False) -> Iterator[Callable[..., None]]:
    """Show what is told (what, done, total, name): a bar at a terminal, lines elsewhere."""
    stream = _Unfailing(sys.stderr)
    if not stream.isatty() or find_spec("rich") is None:  # before anything is installed
        lines = _Lines(stream)
        try:
            yield harmless(lines.tell)
        finally:
            lines.close()
        return
    bars = _Bars(unit, transient=transient)
    try:
        yield harmless(bars.tell)
    finally:
        harmless(bars.close)()


class _Bars:
    """Bars that appear when something is told first, so that quick work shows none."""

    def __init__(self, unit: Unit, *, transient: bool) -> None:
        from rich import progress  # noqa: PLC0415

        self._tasks: dict[str, TaskID] = {}
        self._transient = transient
        self._bars = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.DownloadColumn() if unit == "bytes" else progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[name]}", markup=False),
            console=unfailing_console(),
            transient=transient,
        )

    def tell(self, what: str, done: int, total: int, name: str) -> None:
        self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total or None, name=name)
        self._bars.update(self._tasks[what], completed=done, total=total or None, name=name)
        if self._transient and done >= total > 0:
            self._bars.remove_task(self._tasks.pop(what))

    def close(self) -> None:
        self._bars.stop()


class _Lines:
    """A line after two seconds of one thing, then one every fifteen, for logs and pipes.

    At a terminal, before there is anything to draw bars with, one line that is written over.
    """

    def __init__(self, stream: _Unfailing) -> None:
        self._stream = stream
        self._due: dict[str, float] = {}
        self._is_open = False

    def tell(self, what: str, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if now < self._due.setdefault(what, now + FIRST_LINE_SECONDS):
            return
        share = f": {100 * done // total} %" if total else ""
        words = f"{what}{share}{f' ({name})' if name else ''}"
        if self._stream.isatty():
            self._due[what] = now
            self._is_open = True
            self._stream.write(f"\r{words[:79]}\x1b[K")
        else:
            self._due[what] = now + LINE_SECONDS
            self._stream.write(f"{words}\n")
        self._stream.flush()

    def close(self) -> None:
        if self._is_open:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
