"""Runs of frames, each looked at once: videos, and pictures taken one after another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeverify.domain import Embedding, RgbImage
from edgeverify.errors import CameraError, EvaluationError, ImageError
from edgeverify.evaluation.frame_runs import FrameRun, find_runs, timed_frames
from edgeverify.evaluation.images.acquire import Problem, Progress
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.attributes import read_table
from edgeverify.evaluation.images.face_cache import FaceCache
from edgeverify.evaluation.instrument import Instrument
from edgeverify.evaluation.transactions.attempts import TimedFrame
from edgeverify.feeding.statement import Side
from edgeverify.settings import QualitySettings

_FILES, _PEOPLE = ("file", "clip", "image"), ("person", "identity")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenRun:
    """One presentation of a person, every frame looked at without gates."""

    name: str
    person: str
    times: tuple[float, ...]
    seen: tuple[Acquired, ...]

    def frames(
        self, gates: QualitySettings | None, space: str, side: Side = "probe"
    ) -> tuple[TimedFrame, ...]:
        """Return the frames as the door would see them under `gates`, or enrolment would."""
        found = []
        for at, look in zip(self.times, self.seen, strict=True):
            refusal = look.refused_by(gates)
            embedding = None
            values = look.values if side == "probe" else look.reference_values
            if refusal is None and values is not None:
                embedding = Embedding(values=values, embedding_space=space)
            found.append(TimedFrame(at=at, refusal=refusal, embedding=embedding))
        return tuple(found)


def look_at_runs(
    root: Path,
    instrument: Instrument,
    cache: FaceCache,
    *,
    table: Path | None,
    progress: Progress,
) -> tuple[tuple[SeenRun, ...], tuple[Problem, ...]]:
    """Find and look at every run below `root`; `table` says who is in which file.

    Without a table the first folder below `root` is the person. Unreadable runs are problems.
    """
    runs = find_runs(root)
    owners = {run.name: run.person for run in runs} if table is None else _owners(table, runs)
    wanted = [run for run in runs if run.name in owners]
    found: list[SeenRun] = []
    problems: list[Problem] = []
    for done, run in enumerate(wanted, start=1):
        try:
            found.append(_look(run, owners[run.name], instrument, cache))
        except (ImageError, CameraError) as error:
            problems.append(Problem(path=run.paths[0], problem=error.problem))
        progress(done, len(wanted), run.name)
    return tuple(found), tuple(problems)


def _look(run: FrameRun, person: str, instrument: Instrument, cache: FaceCache) -> SeenRun:
    times: list[float] = []
    seen: list[Acquired] = []
    for at, rgb in timed_frames(run):
        digest = _digest(rgb)
        known = cache.get(digest)
        if known is None:
            known = instrument.look(rgb, digest)
            cache.put(known)
        times.append(at)
        seen.append(known)
    return SeenRun(name=run.name, person=person, times=tuple(times), seen=tuple(seen))


def _digest(rgb: RgbImage) -> str:
    """Hash pixels, not files: a video's frames have no file of their own."""
    shape = repr(rgb.shape).encode()
    return hashlib.sha256(shape + rgb.tobytes()).hexdigest()


def _owners(table: Path, runs: Sequence[FrameRun]) -> dict[str, str]:
    rows = read_table(table)
    file = next((name for name in _FILES if name in rows[0]), None)
    person = next((name for name in _PEOPLE if name in rows[0]), None)
    if file is None or person is None:
        raise EvaluationError(
            f"{table} needs a column file (or clip) and a column person (or identity)"
        )
    known = {row[file]: row[person] for row in rows}
    found = {}
    for run in runs:
        for name in (run.name, run.paths[0].name):
            if name in known:
                found[run.name] = known[name]
    if not found:
        raise EvaluationError(f"{table} names none of the files")
    return found
