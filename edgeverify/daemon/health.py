"""What the supervisor sees of every part: the fault board kept true, and the status of it all."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from edgeverify.camera.health import CameraState, camera_fault
from edgeverify.daemon.door.situation import for_camera
from edgeverify.daemon.reload.reloader import Change
from edgeverify.daemon.service import Service
from edgeverify.daemon.status import DoorStatus
from edgeverify.domain import Degradation, FaultName
from edgeverify.enrolment import EnrolmentReport
from edgeverify.errors import JournalUnavailableError
from edgeverify.liveness import LivenessPlan
from edgeverify.status_socket import Json
from edgeverify.thermal import Level

LOG = logging.getLogger("edgeverify.service")

HEAT_EVERY_SECONDS = 1.0
OUTBOX_EVERY_SECONDS = 5.0
"""Counting reads the whole table while the door may want to commit."""


class Health:
    """Looks at the parts and keeps the fault board true."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._heat_at = float("-inf")
        self._heat = service.heat.measure(time.monotonic())
        self._connections = 0
        self._camera_was_usable = True
        self._outbox_length = 0
        self._outbox_at = float("-inf")
        self.is_enrolling = True  # until the first reload, which begins at once, is done
        self._enrolment: tuple[str, ...] = ()
        self._standing()

    def look(self, now: float) -> None:
        """Bring the fault board up to date; `now` is monotonic seconds."""
        self._look_at_camera()
        self._look_at_broker()
        self._look_at_journal(now)
        self._look_at_clock()
        if now - self._heat_at >= HEAT_EVERY_SECONDS:
            self._heat_at = now
            self._look_at_heat(now)

    def enrolled(self, report: EnrolmentReport) -> None:
        """Say whom enrolment refused, and who looks like whom."""
        faults = self._service.faults
        faults.clear(FaultName.ENROLMENT_FAILED)
        problems = report.problems
        self._enrolment = (*problems, *report.warnings)
        faults.state(
            FaultName.ENROLMENT_INCOMPLETE, f"{len(problems)} problem(s)", present=bool(problems)
        )

    def adopted(self, change: Change) -> None:
        """Say what a reload brought, and what of it needs a restart."""
        faults = self._service.faults
        faults.clear(FaultName.CONFIG_REJECTED)
        faults.state(
            FaultName.RESTART_NEEDED, change.restart_needed, present=bool(change.restart_needed)
        )
        self._standing()

    def status(self) -> DoorStatus:
        """Compose the door's status from what was last seen."""
        service = self._service
        situation = service.board.current
        link = service.link.state
        camera = service.eyes.health()
        facts: dict[str, Json] = {
            "config": situation.digest,
            "is_enrolling": self.is_enrolling,
            "model": service.records.facts["model"],
            "runtime": service.records.facts["runtime"],
            "liveness": _liveness_words(
                for_camera(situation, is_monochrome=camera.is_monochrome).plan
            ),
            "threshold": {
                "source": "by hand" if situation.point.max_fmr is None else "measured",
                "max_fmr": situation.point.max_fmr,
                "evidence": situation.point.evidence,
            },
            "references": len(situation.people.references.usable),
            "enrolment": list(self._enrolment),
            "camera": {
                "state": camera.state.value,
                "frames_per_second": camera.frames_per_second,
                "is_monochrome": camera.is_monochrome,
                "is_confined": not camera.unconfined,
            },
            "broker": {"connected": link.is_connected, "protocol": link.protocol},
            "outbox": self._outbox_length,
            "heat": {
                "level": self._heat.level.name.lower(),
                "celsius": self._heat.hottest_celsius,
                "reason": self._heat.reason,
            },
        }
        return DoorStatus(
            door=situation.settings.door,
            at=service.time.wall(),
            degraded=service.faults.snapshot(),
            facts=facts,
        )

    def write_metrics(self) -> None:
        """Set the gauges, and write the textfile where one is set."""
        service = self._service
        metrics = service.metrics
        camera = service.eyes.health()
        if camera.frame_age_seconds is not None:
            metrics.set_frame_age(camera.frame_age_seconds)
        metrics.set_queue("outbox", self._outbox_length)
        metrics.set_queue("inbox", len(service.inbox))
        metrics.set_heat(int(self._heat.level), self._heat.celsius)
        metrics.set_degraded(fault.name.value for fault in service.faults.snapshot())
        textfile = service.config.settings.metrics.textfile
        if not textfile:
            return
        try:
            metrics.write_textfile(Path(textfile))
        except OSError as error:
            LOG.warning("the metrics file %s cannot be written: %s", textfile, error.strerror)

    def _standing(self) -> None:
        """State what was chosen by hand and weakens the door, for as long as it stands."""
        service = self._service
        situation = service.board.current
        faults = service.faults
        faults.state(
            FaultName.LIVENESS_OFF, "switched off in the config", present=situation.plan.is_off
        )
        faults.state(
            FaultName.THRESHOLD_BY_HAND,
            "no measured false match rate",
            present=situation.point.max_fmr is None,
        )
        faults.replace("pad_", service.verifier.notices)
        faults.state(
            FaultName.LIVENESS_UNAVAILABLE,
            "no PAD bundle works: every claim is denied",
            present=not situation.plan.can_run,
        )
        moved = service.store.moved_aside
        detail = f"the references were damaged, are kept as {moved} and made again"
        faults.state(FaultName.REFERENCES_REPLACED, detail, present=moved is not None)

    def _look_at_camera(self) -> None:
        health = self._service.eyes.health()
        faults: tuple[Degradation, ...] = ()
        if health.state is not CameraState.OK:
            faults = (Degradation(name=camera_fault(health.state), detail=health.detail),)
        settings = self._service.board.current.settings
        if health.is_monochrome and settings.liveness in {"passive", "both"}:
            grey = FaultName.CAMERA_MONOCHROME
            detail = f"liveness: {settings.liveness} was measured on pictures with colour"
            faults = (*faults, Degradation(name=grey, detail=detail))
        if health.unconfined:
            unconfined = FaultName.CAMERA_UNCONFINED
            faults = (*faults, Degradation(name=unconfined, detail=health.unconfined))
        self._service.faults.replace("camera_", faults)
        if health.is_usable and not self._camera_was_usable:
            self._service.metrics.reconnected("camera")
        self._camera_was_usable = health.is_usable

    def _look_at_broker(self) -> None:
        link = self._service.link.state
        problem = () if link.problem is None else (link.problem,)
        self._service.faults.replace("broker_", problem)
        if link.connections > self._connections > 0:
            self._service.metrics.reconnected("broker")
        self._connections = link.connections
        stuck = self._service.outbox.problem
        self._service.faults.state(
            FaultName.HISTORY_STUCK, stuck, present=bool(stuck) and link.is_connected
        )

    def _look_at_journal(self, now: float) -> None:
        journal = self._service.journal
        self._service.faults.replace("journal_", journal.degradations())
        if now - self._outbox_at < OUTBOX_EVERY_SECONDS:
            return
        self._outbox_at = now
        try:
            self._outbox_length = journal.outbox_length()
        except JournalUnavailableError:
            return

    def _look_at_clock(self) -> None:
        verdict = self._service.time.look()
        self._service.faults.state(
            FaultName.CLOCK_UNSYNCED, verdict.problem, present=bool(verdict.problem)
        )

    def _look_at_heat(self, now: float) -> None:
        before = self._heat.level
        self._heat = self._service.heat.measure(now)
        self._service.faults.replace("temperature_", self._heat.degraded)
        level, words = self._heat.level, self._heat.level.name.lower()
        detail = f"{words}: {self._heat.reason}"
        is_suspended = level is Level.SUSPENDED
        faults = self._service.faults
        faults.state(FaultName.HOT, detail, present=level > Level.FULL and not is_suspended)
        faults.state(FaultName.OVERHEATED, detail, present=is_suspended)
        if self._heat.level is not before:
            LOG.warning("heat: level %s: %s", words, self._heat.reason)


def _liveness_words(plan: LivenessPlan) -> str:
    words = [name for name in ("passive", "challenge") if getattr(plan, name)]
    return "+".join(words) or "off"
