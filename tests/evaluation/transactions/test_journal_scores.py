"""A real journal, labelled by somebody who watched the door."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.domain import Outcome
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.transactions.journal_scores import judge_journal
from edgeverify.journal import Journal
from tests.doors import NOON, decided, door_keys

GRANT, DENY = Outcome.GRANT, Outcome.DENY


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    keys = door_keys(tmp_path)
    path = tmp_path / "journal.sqlite"
    opened = Journal.open(path, now=NOON)
    for name, outcome in (("in", GRANT), ("out", DENY), ("stranger", DENY), ("thief", GRANT)):
        opened.journal.record(decided(name, outcome=outcome, at=NOON), keys)
    opened.journal.close()
    return path


def _labels(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["event_id,label,person", *lines]) + "\n")
    return path


def test_denied_friends_and_admitted_strangers_are_counted(journal: Path, tmp_path: Path) -> None:
    labels = _labels(
        tmp_path,
        "event-in,genuine,",
        "event-out,genuine,",
        "event-stranger,impostor,eve",
        "event-thief,impostor,eve",
        "event-gone,genuine,",
    )
    found = judge_journal(journal, labels)
    assert found.events == 4
    assert found.absent == ("event-gone",)
    assert found.false_rejects is not None
    assert (found.false_rejects.errors, found.false_rejects.count) == (1, 2)
    assert found.false_accepts is not None
    assert (found.false_accepts.errors, found.false_accepts.count) == (1, 2)
    assert found.compared_frames > 0
    assert found.frames is not None
    assert any("FRR: 50.00%" in line for line in found.lines())
    assert found.as_json()["events"] == 4
    # the state directory works as well as the file
    assert judge_journal(journal.parent, labels).events == 4


def test_one_kind_of_label_leaves_the_other_rate_unsaid(journal: Path, tmp_path: Path) -> None:
    found = judge_journal(journal, _labels(tmp_path, "event-in,genuine,"))
    assert found.false_accepts is None
    assert "FAR: no such decision is labelled" in found.lines()


def test_labels_that_fit_nothing_are_an_error(journal: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="none of the 1 events"):
        judge_journal(journal, _labels(tmp_path, "event-gone,genuine,"))
    with pytest.raises(EvaluationError, match=r"labels\.csv:2: the label 'maybe'"):
        judge_journal(journal, _labels(tmp_path, "event-in,maybe,"))
