"""How close the door's own people come to each other; measured again when something changed."""

from __future__ import annotations

import hashlib
import logging
import time

from edgeverify.comparison import Metric
from edgeverify.daemon.door.people import People
from edgeverify.domain import OperatingPoint
from edgeverify.enrolment import OwnPeople, measure_own_people
from edgeverify.settings import Settings

LOG = logging.getLogger(__name__)


class Closeness:
    """Measures the people of a situation; the same people at the same thresholds cost nothing."""

    def __init__(self) -> None:
        self._key = b""
        self._found = OwnPeople()

    def of(
        self, people: People, settings: Settings, point: OperatingPoint, metric: Metric
    ) -> OwnPeople:
        """Compare everybody who may come in at this door with everybody else who may."""
        here = people.here()
        rule = settings.decision.own_people
        key = hashlib.sha256(f"{rule} {metric}".encode())
        for reference in here:
            key.update(f"{reference.card} {point.threshold_of(reference)!r}".encode())
            key.update(reference.embedding.values.tobytes())
            for digest in sorted(people.references.photo_digests.get(reference.card, ())):
                key.update(digest.encode())
        if key.digest() == self._key:
            return self._found
        began = time.monotonic()
        self._found = measure_own_people(
            here,
            people.references.photo_digests,
            point=point,
            metric=metric,
            rule=rule,
        )
        self._key = key.digest()
        if self._found.pairs:
            took = time.monotonic() - began
            LOG.info("own people: %s (%.1f s)", self._found.line, took)
        return self._found
