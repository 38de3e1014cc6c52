"""What a door counts of its own people: bins for each card, bounds over all, and no face."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from scipy.stats import chi2

from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.journal.impostors import (
    LiveHistogram,
    LiveRate,
    OtherScores,
    bin_of,
    poisson_upper_95,
    read_live,
)
from tests.doors import NOON, decided, door_keys

SPACE = "ab" * 32


def seen(card: str, *scores: float, matches: int = 0, space: str = SPACE) -> OtherScores:
    bins: dict[int, int] = {}
    for score in scores:
        bins[bin_of(score)] = bins.get(bin_of(score), 0) + 1
    return OtherScores(
        card=card,
        embedding_space=space,
        others=len(scores),
        false_matches=matches,
        bins=bins,
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite", now=NOON).journal
    yield opened
    opened.close()


def test_grants_of_two_people_add_up(journal: Journal) -> None:
    journal.count_others(seen("1", 0.1, 0.2, -0.3), at=NOON)
    journal.count_others(seen("1", 0.1, 0.25, -0.3), at=NOON + timedelta(hours=1))
    journal.count_others(seen("2", 0.1, 0.2, 0.5, matches=1), at=NOON + timedelta(hours=2))
    rate = journal.live_rate(SPACE)
    assert rate == LiveRate(
        people=2, grants=3, comparisons=9, false_matches=1, pairs_of_people=5, since=NOON
    )
    found = read_live(journal.path, SPACE)
    assert found.rate == rate
    assert sum(count for _, count in found.bins) == 9
    assert found.false_matches(0.45) == 1
    assert found.false_matches(0.1) == 7


def test_another_model_counts_anew(journal: Journal) -> None:
    journal.count_others(seen("1", 0.1), at=NOON)
    assert journal.live_rate("cd" * 32) == LiveRate()
    assert "nobody has been let in yet" in LiveRate().line


def test_the_other_models_of_a_journal_are_named_as_far_as_it_knows(
    journal: Journal, tmp_path: Path
) -> None:
    for _ in range(2):
        journal.count_others(seen("1", 0.1), at=NOON)
    assert read_live(journal.path, SPACE).other_models == ()
    found = read_live(journal.path, "cd" * 32)
    assert (found.rate, found.bins) == (LiveRate(), ())
    assert found.other_models == ((f"embedding space {SPACE[:12]}", 2),)
    journal.record(decided("one", at=NOON), door_keys(tmp_path))
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        told = json.dumps({"model": "sface", "embedding_space": SPACE})
        connection.execute("UPDATE decisions SET details = ?", (told,))
    assert read_live(journal.path, "cd" * 32).other_models == (("sface", 2),)


def test_who_left_the_config_is_forgotten(journal: Journal) -> None:
    journal.count_others(seen("1", 0.1, 0.2), at=NOON)
    journal.count_others(seen("2", 0.1, 0.2), at=NOON)
    journal.forget_others({"2"})
    assert journal.live_rate(SPACE).people == 1
    with closing(sqlite3.connect(journal.path)) as connection:
        rows = connection.execute("SELECT DISTINCT card FROM impostor_scores").fetchall()
    assert rows == [("2",)]


def test_a_score_in_the_thresholds_own_bin_counts_as_a_false_match() -> None:
    found = LiveHistogram(rate=LiveRate(), bins=((0.425, 3), (0.43, 2), (0.435, 1)))
    assert found.false_matches(0.433) == 3
    assert found.false_matches(0.4349) == 3
    assert found.false_matches(0.44) == 0
    assert found.false_matches(0.0) == 6


@pytest.mark.parametrize("score", [-1.0, -0.1234, 0.0, 0.43, 0.4999, 1.0])
def test_a_bin_holds_its_score(score: float) -> None:
    lowest = bin_of(score) * 0.005
    assert lowest - 1e-9 <= score < lowest + 0.005


@pytest.mark.parametrize("errors", [0, 1, 2, 7, 50, 1000])
def test_the_bound_is_poissons(errors: int) -> None:
    exact = float(chi2.ppf(0.95, 2 * (errors + 1)) / 2)
    assert poisson_upper_95(errors) == pytest.approx(exact, rel=4e-3)


def test_many_frames_of_few_people_carry_no_more_than_their_pairs() -> None:
    few = LiveRate(people=3, grants=5000, comparisons=10_000, pairs_of_people=3, since=NOON)
    assert few.at_most == 1.0
    many = LiveRate(people=200, grants=200, comparisons=39_800, pairs_of_people=19_900, since=NOON)
    assert many.at_most == pytest.approx(3 / 19_900)
    assert "0 of 39,800 comparisons of 200 grants" in many.line


def test_a_journal_from_before_has_nothing_and_none_is_said_so(tmp_path: Path) -> None:
    old = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE decisions (sequence INTEGER PRIMARY KEY)")
    assert read_live(old, SPACE).rate == LiveRate()
    with pytest.raises(JournalUnavailableError, match="no journal at"):
        read_live(tmp_path / "nowhere.sqlite", SPACE)


def test_scores_never_leave_the_journal(journal: Journal, tmp_path: Path) -> None:
    journal.record(decided("one", at=NOON), door_keys(tmp_path))
    journal.count_others(seen("0012345", 0.1234, 0.4321), at=NOON)
    told = b"".join(row.message for row in journal.outbox())
    assert b"impostor" not in told
    assert b"0.12" not in told
    with closing(sqlite3.connect(journal.path)) as connection:
        rows = connection.execute("SELECT * FROM impostor_scores").fetchall()
    # Bins, and counts: no embedding, and not whose reference it was.
    assert rows == [("0012345", SPACE, 24, 1), ("0012345", SPACE, 86, 1)]
