"""How probes that were let in fared against everybody else's reference: counts, never a face.

For each card a histogram of its owner's scores with the references of the others. It holds no
embedding and no picture, nobody's score with anybody can be read out of it, and it never leaves the
journal but as a rate.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edgeverify.errors import JournalUnavailableError
from edgeverify.how_many import how_many
from edgeverify.journal.database import unavailable
from edgeverify.journal.rows import from_ms, to_ms
from edgeverify.private_sqlite import has_table, open_for_reading

BIN = 0.005
"""Width of a bin of the histogram, in the bundle's score."""

_MOST = """
INSERT INTO impostors VALUES (?,?,?,?,?,?,?,?)
ON CONFLICT (card, embedding_space) DO UPDATE SET
    grants = grants + 1, others = max(others, excluded.others),
    comparisons = comparisons + excluded.comparisons,
    false_matches = false_matches + excluded.false_matches, until_ms = excluded.until_ms
"""
_COUNT = """
INSERT INTO impostor_scores VALUES (?,?,?,?)
ON CONFLICT (card, embedding_space, bin) DO UPDATE SET count = count + excluded.count
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherScores:
    """One probe that was let in on `card`, against every other card's reference.

    `bins` counts scores by `bin_of`; `false_matches` reached the threshold of the card they were
    compared with.
    """

    card: str
    embedding_space: str
    others: int
    false_matches: int
    bins: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRate:
    """What the door's own people say of its false match rate, over all of their cards.

    `comparisons` of `grants` probes of `people` with the others' references, of `pairs_of_people`
    pairs at least; `false_matches` reached the threshold. `since` is None where there is nothing.
    """

    people: int = 0
    grants: int = 0
    comparisons: int = 0
    false_matches: int = 0
    pairs_of_people: int = 0
    since: datetime | None = None

    @property
    def fmr(self) -> float | None:
        """The share that matched, 0 to 1; None without a comparison."""
        return self.false_matches / self.comparisons if self.comparisons else None

    @property
    def at_most(self) -> float | None:
        """Return the one-sided upper 95 % bound of the rate, 0 to 1; None without a comparison.

        Of independent comparisons it would be the Poisson bound; many frames of few people are not,
        so it is never below 3 / pairs of people (the rule of three).
        """
        if not self.comparisons or not self.pairs_of_people:
            return None
        counted = poisson_upper_95(self.false_matches) / self.comparisons
        return min(1.0, max(counted, 3.0 / self.pairs_of_people))

    @property
    def line(self) -> str:
        """Return it in one line, with counts."""
        if self.fmr is None or self.at_most is None:
            return "nobody has been let in yet whose probe could be compared with others"
        return (
            f"FMR among this door's own people {self.fmr:.2g}: {self.false_matches:,} of "
            f"{how_many(self.comparisons, 'comparison')} of {how_many(self.grants, 'grant')} with "
            f"other cards' references; at most {self.at_most:.2g} at 95 % "
            f"({how_many(self.pairs_of_people, 'pair')} of people)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveHistogram:
    """All cards' scores with others, added up: (lowest score of the bin, count), rising.

    `other_models` are those that grants were counted with beside the one that was asked for: name,
    or the first digits of the embedding space where the journal no longer has it, and grants.
    """

    rate: LiveRate
    bins: tuple[tuple[float, int], ...]
    other_models: tuple[tuple[str, int], ...] = ()

    def false_matches(self, threshold: float) -> int:
        """Count the scores that may reach `threshold`: those of its own bin among them."""
        return sum(count for lowest, count in self.bins if lowest + BIN > threshold + 1e-9)


def bin_of(score: float) -> int:
    """Return the number of the bin that holds a score."""
    return math.floor(score / BIN + 1e-9)


def poisson_upper_95(errors: int) -> float:
    """Return the one-sided upper 95 % bound of an expected count, `errors` having been seen.

    Exact for none; else by the cube root of Wilson and Hilferty (1931), within a third of a
    percent.
    """
    if errors == 0:
        return -math.log(0.05)
    degrees = errors + 1
    return float(degrees * (1 - 1 / (9 * degrees) + 1.6449 / (3 * math.sqrt(degrees))) ** 3)


def count_scores(connection: sqlite3.Connection, seen: OtherScores, at: datetime) -> None:
    """Add one probe's scores; the caller holds the transaction."""
    key = (seen.card, seen.embedding_space)
    now = to_ms(at)
    counted = (1, seen.others, sum(seen.bins.values()), seen.false_matches, now, now)
    connection.execute(_MOST, (*key, *counted))
    connection.executemany(_COUNT, [(*key, place, count) for place, count in seen.bins.items()])


def forget_others(connection: sqlite3.Connection, cards: Collection[str]) -> None:
    """Delete what was counted of all cards but these; the caller holds the transaction."""
    known = connection.execute("SELECT DISTINCT card FROM impostors").fetchall()
    gone = [(card,) for (card,) in known if card not in cards]
    connection.executemany("DELETE FROM impostors WHERE card = ?", gone)
    connection.executemany("DELETE FROM impostor_scores WHERE card = ?", gone)


def live_rate(connection: sqlite3.Connection, embedding_space: str) -> LiveRate:
    """Add up what was counted with one model."""
    (people, grants, others, comparisons, matches, since) = connection.execute(
        "SELECT count(*), sum(grants), sum(others), sum(comparisons), sum(false_matches),"
        " min(since_ms) FROM impostors WHERE embedding_space = ?",
        (embedding_space,),
    ).fetchone()
    if not people:
        return LiveRate()
    return LiveRate(
        people=people,
        grants=grants,
        comparisons=comparisons,
        false_matches=matches,
        # Two people who were both let in are one pair.
        pairs_of_people=max(1, others - people * (people - 1) // 2),
        since=from_ms(since),
    )


def read_live(path: Path, embedding_space: str) -> LiveHistogram:
    """Read it all beside a running daemon. Raises JournalUnavailableError."""
    if not path.exists():
        raise JournalUnavailableError(
            f"there is no journal at {path}",
            advice="The daemon makes it on its first start; is --state right?",
        )
    try:
        with closing(open_for_reading(path)) as connection:
            if not has_table(connection, "impostors"):
                return LiveHistogram(rate=LiveRate(), bins=())  # written by an older release
            rate = live_rate(connection, embedding_space)
            rows = connection.execute(
                "SELECT bin, sum(count) FROM impostor_scores WHERE embedding_space = ?"
                " GROUP BY bin ORDER BY bin",
                (embedding_space,),
            ).fetchall()
            others = tuple(_other_models(connection, embedding_space))
    except sqlite3.Error as error:
        raise unavailable(path, error, is_reading=True) from None
    bins = tuple((place * BIN, count) for place, count in rows)
    return LiveHistogram(rate=rate, bins=bins, other_models=others)


def _other_models(
    connection: sqlite3.Connection, embedding_space: str
) -> Iterator[tuple[str, int]]:
    counted = connection.execute(
        "SELECT embedding_space, sum(grants) FROM impostors WHERE embedding_space <> ?"
        " GROUP BY embedding_space ORDER BY max(until_ms) DESC",
        (embedding_space,),
    ).fetchall()
    for space, grants in counted:
        named = connection.execute(
            "SELECT json_extract(details, '$.model') FROM decisions"
            " WHERE json_extract(details, '$.embedding_space') = ? ORDER BY sequence DESC LIMIT 1",
            (space,),
        ).fetchone()
        yield (str(named[0]) if named and named[0] else f"embedding space {space[:12]}", grants)
