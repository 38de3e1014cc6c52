"""A door's own decisions with labels: what it did to its people, and to those who tried others.

The labels are a CSV: `event_id,label[,person]`, the label `genuine` or `impostor`; `person` is
who really stood there, for impostors (without it each is somebody else). Frames that a gate
refused have no score in the journal, so only figures with the gates on exist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeverify.domain import Outcome
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.images.attributes import read_table
from edgeverify.evaluation.statistics.bounds import ErrorBounds, Rate, bootstrap, clopper_pearson
from edgeverify.evaluation.statistics.scores import ScoreSet
from edgeverify.how_many import how_many
from edgeverify.journal.impostors import LiveRate, read_live
from edgeverify.journal.reading import DecisionRow, find

_LABELS = ("genuine", "impostor")
_SEED = 20_260_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Who stood before the door, as a person says."""

    event_id: str
    is_genuine: bool
    person: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JournalReport:
    """Transactions and their frames. Rates are None where there was no such event.

    `frames` are FMR and FNMR of the compared frames at each one's own threshold, with intervals
    over people, where both kinds of frames are there. `live` is what the door's own people say of
    its FMR without labels, by model.
    """

    events: int
    absent: tuple[str, ...]
    embedding_spaces: tuple[str, ...]
    false_rejects: Rate | None
    false_accepts: Rate | None
    reasons: Mapping[str, tuple[tuple[str, int], ...]]
    gates: tuple[tuple[str, int], ...]
    compared_frames: int
    frames: ErrorBounds | None
    live: tuple[LiveRate, ...] = ()

    def lines(self) -> list[str]:
        """Return the report for people."""
        said = [
            f"{how_many(self.events, 'labelled decision')} of this journal, gates on (as they were)"
        ]
        said += [f"not in the journal: {event}" for event in self.absent]
        if len(self.embedding_spaces) > 1:
            said.append("several models were in use; their scores are judged each at its threshold")
        for name, found in (("FRR", self.false_rejects), ("FAR", self.false_accepts)):
            if found is None:
                said.append(f"{name}: no such decision is labelled")
                continue
            said.append(
                f"{name}: {found.value:.2%}, {found.errors} of {found.count} transactions "
                f"(95 %: {found.lower:.2%} to {found.upper:.2%})"
            )
        for label, reasons in self.reasons.items():
            said.append(f"  {label}: {', '.join(f'{why} {count}' for why, count in reasons)}")
        refused = sum(count for _, count in self.gates)
        total = refused + self.compared_frames
        by_gate = ", ".join(f"{gate} {count}" for gate, count in self.gates)
        said.append(
            f"FTA of frames: {refused / total:.2%} ({refused} of {total}: {by_gate})"
            if total
            else "no frame was written down"
        )
        if self.frames is not None:
            said += [
                f"frames: {name} {rate.value:.2%} ({rate.errors} of {rate.count}; 95 % over "
                f"people: {rate.lower:.2%} to {rate.upper:.2%})"
                for name, rate in (("FMR", self.frames.fmr), ("FNMR", self.frames.fnmr))
            ]
        said += [f"without labels: {rate.line}" for rate in self.live]
        return said

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        found = plain(self)
        if not isinstance(found, dict):
            raise TypeError("a report is an object")
        return found

    def save_plots(self, folder: Path) -> tuple[Path, ...]:
        """Draw nothing: scores at different thresholds share no axis. Make the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return ()


def judge_journal(journal: Path, labels: Path) -> JournalReport:
    """Judge the labelled decisions. EvaluationError, JournalUnavailableError."""
    path = journal / "journal.sqlite" if journal.is_dir() else journal
    wanted = read_labels(labels)
    rows = [(label, find(path, label.event_id)) for label in wanted]
    there = [(label, row) for label, row in rows if row is not None]
    if not there:
        raise EvaluationError(
            f"none of the {len(wanted)} events of {labels} is in the journal",
            advice="The event ids are those that `edgeverify journal` lists.",
        )
    frames = [frame for _, row in there for frame in row.frames]
    gates = Counter(frame.gate for frame in frames if frame.gate)
    spaces = sorted({str(row.details.get("embedding_space", "")) for _, row in there})
    return JournalReport(
        events=len(there),
        absent=tuple(label.event_id for label, row in rows if row is None),
        embedding_spaces=tuple(spaces),
        false_rejects=_errors(there, is_genuine=True),
        false_accepts=_errors(there, is_genuine=False),
        reasons={name: _reasons(there, is_genuine=name == "genuine") for name in _LABELS},
        gates=tuple(gates.most_common()),
        compared_frames=sum(frame.score is not None for frame in frames),
        frames=_frames(there),
        live=tuple(
            found.rate for space in spaces if (found := read_live(path, space)).rate.comparisons
        ),
    )


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read the labels. EvaluationError naming the line that does not fit."""
    rows = read_table(path)
    if not {"event_id", "label"} <= set(rows[0]):
        raise EvaluationError(
            f"{path} needs the columns event_id and label",
            advice="Its first line is event_id,label or event_id,label,person.",
        )
    found = []
    for number, row in enumerate(rows, start=2):
        if row["label"] not in _LABELS:
            raise EvaluationError(
                f"{path}:{number}: the label {row['label']!r} is neither genuine nor impostor"
            )
        found.append(
            Label(
                event_id=row["event_id"],
                is_genuine=row["label"] == "genuine",
                person=row.get("person", ""),
            )
        )
    return tuple(found)


Labelled = Sequence[tuple[Label, DecisionRow]]


def _errors(rows: Labelled, *, is_genuine: bool) -> Rate | None:
    outcomes = [
        row.outcome is Outcome.GRANT for label, row in rows if label.is_genuine is is_genuine
    ]
    if not outcomes:
        return None
    errors = sum(granted is not is_genuine for granted in outcomes)
    return clopper_pearson(errors, len(outcomes))


def _reasons(rows: Labelled, *, is_genuine: bool) -> tuple[tuple[str, int], ...]:
    counted = Counter(row.reason.value for label, row in rows if label.is_genuine is is_genuine)
    return tuple(counted.most_common())


def _frames(rows: Labelled) -> ErrorBounds | None:
    """Bound FMR and FNMR over people, of scores less their thresholds."""
    people: dict[str, int] = {}
    margins: dict[bool, list[float]] = {True: [], False: []}
    owners: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for label, row in rows:
        card = people.setdefault(f"card {row.card}", len(people))
        probe = card
        if not label.is_genuine:
            probe = people.setdefault(f"person {label.person or row.event_id}", len(people))
        for frame in row.frames:
            threshold = row.threshold if frame.threshold is None else frame.threshold
            if frame.score is not None and threshold is not None:
                margins[label.is_genuine].append(frame.score - threshold)
                owners[label.is_genuine].append((probe, card))
    if not margins[True] or not margins[False]:
        return None
    return bootstrap(
        ScoreSet(
            mated=np.array(margins[True]),
            non_mated=np.array(margins[False]),
            mated_people=np.array(owners[True], np.int64),
            non_mated_people=np.array(owners[False], np.int64),
        ),
        0.0,
        generator=np.random.default_rng(_SEED),
    )
