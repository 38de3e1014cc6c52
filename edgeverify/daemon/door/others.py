"""A probe that was let in, against everybody else's reference: what the rate is at this door."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edgeverify.comparison import Metric, ReferenceMatrix, score_all
from edgeverify.daemon.door.people import People
from edgeverify.daemon.door.situation import Situation
from edgeverify.domain import Embedding
from edgeverify.errors import EdgeverifyError
from edgeverify.journal import Journal
from edgeverify.journal.impostors import OtherScores, bin_of

LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Others:
    """Counts scores for the journal, after the decision. What fails here changes no decision."""

    journal: Journal
    _people: People | None = None
    _matrix: ReferenceMatrix | None = None
    _thresholds: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def note(
        self,
        situation: Situation,
        card: str,
        probe: Embedding,
        *,
        metric: Metric,
        at: datetime,
    ) -> None:
        """Compare the probe that let `card` in with all others at this door, and count."""
        if not situation.settings.journal.live_fmr:
            return
        try:
            seen = self._compare(situation, card, probe, metric)
            if seen is not None:
                self.journal.count_others(seen, at=at)
        except EdgeverifyError as error:
            LOG.warning("no scores with others were counted: %s", error.problem)
        except Exception:
            LOG.exception("no scores with others were counted")

    def _compare(
        self, situation: Situation, card: str, probe: Embedding, metric: Metric
    ) -> OtherScores | None:
        matrix = self._prepared(situation, metric)
        if matrix is None:
            return None
        people = situation.people
        others = np.array([_is_other(people, card, each) for each in matrix.cards], np.bool_)
        if not others.any():
            return None
        scores = score_all(probe, matrix)[others]
        made = np.isfinite(scores)
        return OtherScores(
            card=card,
            embedding_space=probe.embedding_space,
            others=int(made.sum()),
            false_matches=int((scores[made] >= self._thresholds[others][made]).sum()),
            bins=Counter(bin_of(score) for score in scores[made].tolist()),
        )

    def _prepared(self, situation: Situation, metric: Metric) -> ReferenceMatrix | None:
        """Stack everybody's references once for each situation."""
        if self._people is not situation.people:
            here = situation.people.here()
            self._matrix = ReferenceMatrix.of(here, metric) if len(here) > 1 else None
            self._thresholds = np.array([situation.point.threshold_of(each) for each in here])
            self._people = situation.people
        return self._matrix


def _is_other(people: People, card: str, other: str) -> bool:
    """Return whether another person holds `other`: one photo and one name are one person."""
    digests, known = people.references.photo_digests, people.references.usable
    if card == other:
        return False
    is_apart = digests.get(card, frozenset()).isdisjoint(digests.get(other, frozenset()))
    return is_apart or card not in known or known[card].name != known[other].name
