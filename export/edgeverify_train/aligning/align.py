"""Align a whole folder: what is there already is kept, what fails is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeverify import __version__
from edgeverify.atomic_file import PRIVATE_FOLDER
from edgeverify.errors import ConfigError
from edgeverify.feeding.templates import TEMPLATES
from edgeverify.progress import Counted
from edgeverify_train.aligned_folder import AlignedStatement, read_statement, write_statement
from edgeverify_train.aligning.cutting import Cut
from edgeverify_train.aligning.heat import CoolDown
from edgeverify_train.aligning.ledger import Ledger, Row, failed, read_ledger
from edgeverify_train.aligning.photos import Photo, photos_in
from edgeverify_train.aligning.workers import cut_all


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
    chip or failed.
    """
    if cut.output.resolve().is_relative_to(photos.resolve()):
        raise ConfigError(
            f"{cut.output} lies within the photos",
            advice="Give another folder with -o: its chips would be taken for photos.",
        )
    listed = photos_in(photos, unlabelled=unlabelled)
    _prepare(cut)
    rows = read_ledger(cut.output)
    fresh = [photo for photo in listed if not _is_done(photo, rows.get(photo.place), cut.output)]
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


def _is_done(photo: Photo, row: Row | None, output: Path) -> bool:
    if row is None or not row.is_of(photo.path):
        return False
    if row.problem:
        return True
    return row.chip == photo.chip and (output / row.chip).is_file()


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
