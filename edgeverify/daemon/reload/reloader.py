"""From a config on disk to the situation in force: swapped whole, or not at all."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from edgeverify.claims import SourceKind, chosen
from edgeverify.comparison import Metric
from edgeverify.config import LoadedConfig, load_config
from edgeverify.daemon.allocator import give_back
from edgeverify.daemon.door.people import People
from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.fitness import operator_keys, points, require_fit
from edgeverify.daemon.points_witness import PointsWitness
from edgeverify.domain import OperatingPoint
from edgeverify.enrolment import (
    EnrolmentReport,
    OwnPeople,
    PhotoJudge,
    measure_own_people,
    synchronise,
    unchanged,
)
from edgeverify.errors import ConfigError
from edgeverify.references import ReferenceStore
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import Settings
from edgeverify.verifier.pipeline import Pipeline
from edgeverify.verifier.verifier import Verifier

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


NEEDS_RESTART = ("mqtt", "home_assistant", "keys", "metrics", "log", "web", "osdp_reader")
"""Sections that are read once; a change to them waits for the next start and is said so."""

NEEDS_NEW_VERIFIER = ("model", "pad", "liveness")
NEEDS_NEW_PIPELINE = ("vision", "quality")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """What a reload brings: a situation, and new parts where the settings need them."""

    config: LoadedConfig
    situation: Situation
    verifier: Verifier
    pipeline: Pipeline | None
    restart_needed: str


class Reloader:
    """Prepares changes beside the running door; it never touches what is in force."""

    def __init__(
        self,
        *,
        config: LoadedConfig,
        store: ReferenceStore,
        open_verifier: Callable[[Settings], Verifier],
        sources: Sequence[SourceKind],
        wall: Callable[[], datetime],
        environ: Mapping[str, str],
        witness: PointsWitness,
    ) -> None:
        """`config` is what the process was started with; `sources` are those it has."""
        self._environ = environ
        self._witness = witness
        self._path = config.path
        self._started_with = config.settings
        self._store = store
        self._open_verifier = open_verifier
        self._sources = sources
        self._settings = type(config.settings)
        self._wall = wall
        self._closeness = Closeness()

    def prepare(self, before: LoadedConfig, verifier: Verifier) -> Change:
        """Read the config again and make everything that it needs, people excepted.

        Raises EdgeverifyError, with everything in force as it was, when anything does not fit.
        """
        config = load_config(self._path, self._settings)
        old, new = before.settings, config.settings
        if new.door != self._started_with.door:
            raise ConfigError(
                f"door is now {new.door!r}, and this process is {self._started_with.door!r}",
                advice="Another door has its own state: stop this one and start the other.",
            )
        require_fit(config, self._environ, self._sources)
        fresh = self._open_verifier(new) if _differs(old, new, NEEDS_NEW_VERIFIER) else verifier
        pipeline = None
        try:
            situation = self.first_situation(config, fresh)
            if fresh is not verifier or _differs(old, new, NEEDS_NEW_PIPELINE):
                pipeline = fresh.open_pipeline(new)
        except BaseException:
            if fresh is not verifier:
                fresh.close()
            raise
        return Change(
            config=config,
            situation=situation,
            verifier=fresh,
            pipeline=pipeline,
            restart_needed=_restart_needed(self._started_with, new),
        )

    def first_situation(self, config: LoadedConfig, verifier: Verifier) -> Situation:
        """Build the situation before anybody is enrolled: who left is out, at once.

        So is everybody whose photos are not those that were enrolled. Raises ConfigError where no
        evidence carries the stated rate.
        """
        loaded = self._store.load(verifier.embedding_space)
        return self._situation(config, verifier, unchanged(config.settings, config.folder, loaded))

    def full_situation(self, config: LoadedConfig, verifier: Verifier) -> Situation:
        """Build the situation from what the store holds after enrolment."""
        return self._situation(config, verifier, self._store.load(verifier.embedding_space))

    def enrol(self, config: LoadedConfig, verifier: Verifier) -> EnrolmentReport:
        """Bring the store up to the config; photos that changed get a pipeline of their own."""
        settings = config.settings
        judge = PhotoJudge(
            lambda: verifier.open_pipeline(settings),
            embedding_space=verifier.embedding_space,
            metric=verifier.bundle.metric,
            point=verifier.point(settings),
        )
        try:
            report = synchronise(settings, config.folder, self._store, judge, now=self._wall())
        finally:
            judge.close()
            give_back()
        LOG.info("enrolment: %s", report.summary)
        for line in report.problems:
            LOG.warning("enrolment problem: %s", line)
        for line in report.warnings:
            LOG.warning("enrolment warning: %s", line)
        return report

    def _situation(
        self, config: LoadedConfig, verifier: Verifier, references: LoadedReferences
    ) -> Situation:
        settings = config.settings
        sources = chosen(self._sources, settings.claims)
        people = People.of(
            settings.door,
            settings.staff,
            references,
            time_zone=settings.time_zone,
            holidays=settings.rules.holidays,
        )
        point, walk_up = self._witness.hold_both(
            lambda measured: points(settings, sources, verifier, of=measured),
            verifier.measured,
            accepted=settings.decision.accept_points,
        )
        own = self._closeness.of(people, settings, point, verifier.bundle.metric)
        return Situation(
            settings=settings,
            sources=sources,
            people=people,
            plan=verifier.plan(settings),
            point=replace(point, raised=own.raised),
            walk_up_point=None if walk_up is None else replace(walk_up, raised=own.raised),
            pad_threshold=self._witness.hold_pad(
                verifier.pad_threshold(settings),
                verifier.pad_space if settings.pad.threshold is None else "",
            ),
            digest=config.digest,
            weak=verifier.weakness,
            own_people=own,
            operator_keys=operator_keys(settings, config.folder),
        )


def _differs(old: Settings, new: Settings, sections: tuple[str, ...]) -> bool:
    return any(getattr(old, name) != getattr(new, name) for name in sections)


def _restart_needed(started_with: Settings, new: Settings) -> str:
    changed = [n for n in NEEDS_RESTART if getattr(started_with, n) != getattr(new, n)]
    return f"changed, but read only at start: {', '.join(changed)}" if changed else ""
