"""Align a whole folder: what is there already is kept, what fails is written down.

Every core works on it; chips come in the order in which they are done.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from edgeverify import __version__
from edgeverify.atomic_file import PRIVATE_FOLDER
from edgeverify.errors import ConfigError, EdgeverifyError
from edgeverify.feeding.templates import TEMPLATES
from edgeverify.progress import Counted
from edgeverify_train.aligning.cutting import Cut, Cutter
from edgeverify_train.aligning.heat import CoolDown
from edgeverify_train.aligning.ledger import Ledger, Photo, Row, failed, photos_in, read_ledger
from edgeverify_train.people import AlignedStatement, read_statement, write_statement

_AHEAD = 4
"""Photos that each process has waiting, so that none is idle and a pause comes soon."""
_cutter: Cutter | None = None


def cut_all(
    photos: Sequence[Photo], cut: Cut, workers: int, before_each: Callable[[], object]
) -> Iterator[Row]:
    """Cut every photo on `workers` processes; `before_each` may wait before more is begun.

    With one worker it is done in this process. EdgeverifyError where a process cannot work.
    """
    if workers == 1:
        cutter = Cutter(cut)
        try:
            for photo in photos:
                before_each()
                yield cutter.cut(photo)
        finally:
            cutter.close()
        return
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(cut, os.getpid()),
    )
    try:
        yield from _gathered(pool, photos, workers * _AHEAD, before_each)
    finally:
        pool.shutdown(cancel_futures=True)


def _gathered(
    pool: ProcessPoolExecutor,
    photos: Sequence[Photo],
    ahead: int,
    before_each: Callable[[], object],
) -> Iterator[Row]:
    waiting: set[Future[Row]] = set()
    coming = iter(photos)
    while True:
        for photo in coming:
            before_each()
            waiting.add(pool.submit(_cut, photo))
            if len(waiting) >= ahead:
                break
        if not waiting:
            return
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            error = future.exception()
            if error is not None:
                raise EdgeverifyError(
                    f"a process that cuts chips ended: {error or type(error).__name__}",
                    advice="Run the same command again: it goes on where it was. With --workers 1 "
                    "less memory is needed.",
                )
            yield future.result()


def _begin(cut: Cut, parent: int) -> None:
    global _cutter  # noqa: PLW0603 - one for the life of the process
    # Ctrl-C reaches every process of the terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _cutter = Cutter(cut)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _cut(photo: Photo) -> Row:
    if _cutter is None:
        raise RuntimeError("the process was not begun")
    return _cutter.cut(photo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """What an alignment came to: `made` now, `kept` from before; `failures` are all of them.

    `gone` are chips whose photo is not there any more; `paused_seconds` were spent cooling down.
    """

    people: int
    made: int
    kept: int
    failures: tuple[Row, ...]
    small: int
    gone: tuple[str, ...]
    paused_seconds: float

    @property
    def chips(self) -> int:
        """Chips that belong to a photo."""
        return self.made + self.kept


SMALL_EYE_DISTANCE = 20.0
"""Pixels between the eyes below which a chip is mostly made up by enlarging (docs/quality.md)."""


def align_folder(
    photos: Path,
    cut: Cut,
    *,
    unlabelled: bool,
    workers: int,
    cool_down: CoolDown,
    progress: Counted,
    say: Callable[[str], None],
) -> Aligned:
    """Cut a chip of every photo. ConfigError where the output was cut otherwise before.

    A photo that was looked at and has not changed since is not looked at again, whether it has a
    chip or failed; but where several faces were in it, and it is said now which to take.
    """
    if Path(os.path.realpath(cut.output)).is_relative_to(os.path.realpath(photos)):
        raise ConfigError(
            f"{cut.output} lies within the photos",
            advice="Give another folder with -o: its chips would be taken for photos.",
        )
    listed = photos_in(photos, unlabelled=unlabelled)
    _prepare(cut)
    rows = read_ledger(cut.output)
    fresh = [photo for photo in listed if not _is_done(photo, rows.get(photo.place), cut)]
    known = len(listed) - len(fresh)
    paused = 0.0

    def before_each() -> None:
        nonlocal paused
        paused += cool_down.wait(say)

    with Ledger(cut.output) as ledger:
        for done, row in enumerate(cut_all(fresh, cut, workers, before_each), start=1):
            before = rows.get(row.photo)
            if row.problem and before is not None and before.chip:
                (cut.output / before.chip).unlink(missing_ok=True)
            ledger.put(row)
            rows[row.photo] = row
            progress(known + done, len(listed), row.photo)
    return _result(listed, rows, frozenset(photo.place for photo in fresh), paused)


def _prepare(cut: Cut) -> None:
    """Make the folder and its statement, or require that both say what is asked for."""
    template = cut.template
    known = TEMPLATES.get(template.name)
    statement = AlignedStatement(
        template=template.name,
        template_version=template.version,
        alignment=None if known == template else template,
        size=cut.size,
        resize=cut.resize,
        made_with=f"edgeverify {__version__}",
    )
    cut.output.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    before = read_statement(cut.output)
    if before is None:
        if any(cut.output.iterdir()):
            raise ConfigError(
                f"{cut.output} is not empty, and no alignment made it",
                advice="Give a new folder with -o.",
            )
        write_statement(cut.output, statement)
        return
    unmade = {"made_with"}
    if before.model_dump(exclude=unmade) != statement.model_dump(exclude=unmade):
        raise ConfigError(
            f"{cut.output} holds chips of {before.template}, {before.size} pixels, not of "
            f"{statement.template}, {statement.size} pixels",
            advice="Give a new folder with -o: chips of two kinds are never mixed.",
        )


def _is_done(photo: Photo, row: Row | None, cut: Cut) -> bool:
    if row is None or not row.is_of(photo.path):
        return False
    if row.problem:
        return not cut.takes_what_failed(row)
    return row.chip == photo.chip and (cut.output / row.chip).is_file()


def _result(
    listed: tuple[Photo, ...], rows: Mapping[str, Row], fresh: frozenset[str], paused: float
) -> Aligned:
    ours = [rows[photo.place] for photo in listed if photo.place in rows]
    chips = [row for row in ours if row.chip]
    here = {photo.place for photo in listed}
    named = {row.chip for row in chips}
    return Aligned(
        people=len({row.chip.rpartition("/")[0] for row in chips}),
        made=sum(row.photo in fresh for row in chips),
        kept=sum(row.photo not in fresh for row in chips),
        failures=failed(ours),
        small=sum(row.eye_distance < SMALL_EYE_DISTANCE for row in chips),
        gone=tuple(
            sorted(
                row.chip
                for row in rows.values()
                if row.chip and row.photo not in here and row.chip not in named
            )
        ),
        paused_seconds=paused,
    )
