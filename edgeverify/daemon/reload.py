"""From a config on disk to the situation in force: swapped whole, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edgeverify.config import LoadedConfig, load_config
from edgeverify.daemon.brain import Brain
from edgeverify.daemon.people import People
from edgeverify.daemon.situation import Situation
from edgeverify.domain import OperatingPoint
from edgeverify.enrolment import EnrolmentReport, synchronise
from edgeverify.pipeline import Pipeline
from edgeverify.references import ReferenceStore
from edgeverify.settings import Settings

LOG = logging.getLogger("edgeverify.reload")

NEEDS_RESTART = ("door", "mqtt", "keys", "metrics", "log")
"""Sections that are read once; a change to them waits for the next start and is said so."""

NEEDS_NEW_BRAIN = ("model", "pad", "liveness")
NEEDS_NEW_PIPELINE = ("vision", "quality")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """What a reload brings: a situation, and new parts where the settings need them."""

    config: LoadedConfig
    situation: Situation
    brain: Brain
    pipeline: Pipeline | None
    report: EnrolmentReport
    restart_needed: str


class Reloader:
    """Prepares changes beside the running door; it never touches what is in force."""

    def __init__(
        self,
        *,
        path: Path,
        store: ReferenceStore,
        open_brain: Callable[[Settings], Brain],
        wall: Callable[[], datetime],
    ) -> None:
        self._path = path
        self._store = store
        self._open_brain = open_brain
        self._wall = wall

    def situation(self, config: LoadedConfig, brain: Brain) -> Situation:
        """Build the situation from what the store holds now. Raises ConfigError."""
        settings = config.settings
        return Situation(
            settings=settings,
            people=People.of(
                settings.door,
                settings.staff,
                self._store.load(brain.embedding_space),
            ),
            plan=brain.plan(settings),
            point=brain.point(settings),
            walk_up_point=_walk_up_point(settings, brain),
            pad_threshold=brain.pad_threshold(settings),
            digest=config.digest,
        )

    def prepare(self, before: LoadedConfig, brain: Brain) -> Change:
        """Read the config again and make everything that it needs.

        Raises EdgeverifyError, with everything in force as it was, when anything does not fit.
        """
        config = load_config(self._path)
        old, new = before.settings, config.settings
        fresh = brain
        if _differs(old, new, NEEDS_NEW_BRAIN):
            fresh = self._open_brain(new)
        pipeline = None
        if fresh is not brain or _differs(old, new, NEEDS_NEW_PIPELINE):
            pipeline = fresh.pipeline(new, fresh.point(new))
        report = self.enrol(config, fresh)
        return Change(
            config=config,
            situation=self.situation(config, fresh),
            brain=fresh,
            pipeline=pipeline,
            report=report,
            restart_needed=_restart_needed(old, new),
        )

    def enrol(self, config: LoadedConfig, brain: Brain) -> EnrolmentReport:
        """Bring the store up to the config; photos are judged by a pipeline of their own."""
        settings = config.settings
        pipeline = brain.pipeline(settings, brain.point(settings))
        try:
            report = synchronise(settings, config.folder, self._store, pipeline, now=self._wall())
        finally:
            pipeline.detector.close()
            pipeline.mesher.close()
        LOG.info("enrolment: %s", report.summary)
        for line in report.problems:
            LOG.warning("enrolment problem: %s", line)
        for line in report.warnings:
            LOG.warning("enrolment warning: %s", line)
        return report


def _differs(old: Settings, new: Settings, sections: tuple[str, ...]) -> bool:
    return any(getattr(old, name) != getattr(new, name) for name in sections)


def _restart_needed(old: Settings, new: Settings) -> str:
    changed = [name for name in NEEDS_RESTART if getattr(old, name) != getattr(new, name)]
    return f"changed, but read only at start: {', '.join(changed)}" if changed else ""


def _walk_up_point(settings: Settings, brain: Brain) -> OperatingPoint | None:
    if "walk_up" not in settings.claims.sources:
        return None
    here = [e for e in settings.staff if not e.doors or settings.door in e.doors]
    return brain.point(settings, references=max(1, len(here)))
