"""What the supervisor sees of every part: the fault board kept true, and the status of it all."""

from __future__ import annotations

import logging
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeverify.camera.camera import CameraState, camera_fault
from edgeverify.daemon.camera_in_use import CameraInUse
from edgeverify.daemon.door.inbox import Inbox
from edgeverify.daemon.door.situation import Board, for_camera
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.heat_watch import Heat
from edgeverify.daemon.live_fmr import LiveFmr
from edgeverify.daemon.modes import Modes
from edgeverify.daemon.panel import Panel
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.situation_facts import (
    live_fmr_facts,
    liveness_words,
    own_people_facts,
    threshold_facts,
)
from edgeverify.daemon.standing import state_what_stands
from edgeverify.daemon.status import DoorStatus
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.domain import Degradation, FaultName
from edgeverify.enrolment import EnrolmentReport
from edgeverify.errors import JournalUnavailableError
from edgeverify.events import SIGNING_KEY
from edgeverify.how_many import how_many
from edgeverify.journal import Journal
from edgeverify.metrics import Metrics
from edgeverify.mqtt import MqttLink, OutboxDelivery
from edgeverify.references import ReferenceStore
from edgeverify.status_socket import Json
from edgeverify.thermal import HeatState, Level

LOG = logging.getLogger(__name__)

HEAT_EVERY_SECONDS = 1.0
OUTBOX_EVERY_SECONDS = 5.0
"""Counting reads the whole table while the door may want to commit."""


@dataclass(slots=True, eq=False, kw_only=True)
class Health:
    """Looks at the parts and keeps the fault board true.

    `facts` returns what is in use (model, back end); `notices` are what the verifier in use lacks.
    """

    board: Board
    camera: CameraInUse
    link: MqttLink
    outbox: OutboxDelivery
    journal: Journal
    store: ReferenceStore
    time: Timekeeper
    heat: Heat
    inbox: Inbox
    faults: FaultBoard
    metrics: Metrics
    facts: Callable[[], Mapping[str, str]]
    notices: tuple[Degradation, ...]
    keys: KeyRing
    modes: Modes
    panel: Panel | None = None
    report: EnrolmentReport = field(default_factory=EnrolmentReport)
    """What became of everybody at the last enrolment."""
    is_enrolling: bool = True  # until the first reload, which begins at once, is done
    _heat: HeatState = field(init=False)
    _heat_at: float = float("-inf")
    _connections: int = 0
    _camera_was_usable: bool = True
    _outbox_length: int = 0
    _outbox_at: float = float("-inf")
    _live_fmr: LiveFmr = field(default_factory=LiveFmr)
    _enrolment: tuple[str, ...] = ()
    _enrolment_problems: int = 0

    def __post_init__(self) -> None:
        self._heat = self.heat.measure(time.monotonic())
        self._state_what_stands()

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
        """Log whom enrolment refused, and who looks like whom."""
        faults = self.faults
        faults.clear(FaultName.ENROLMENT_FAILED)
        self.report = report
        problems = report.problems
        self._enrolment = (*problems, *report.warnings)
        self._enrolment_problems = len(problems)
        faults.state(
            FaultName.ENROLMENT_INCOMPLETE,
            how_many(len(problems), "problem"),
            present=bool(problems),
        )

    def adopted(self, *, restart_needed: str, notices: tuple[Degradation, ...]) -> None:
        """Log what a reload brought: what the verifier in use lacks, and what needs a restart."""
        self.notices = notices
        self.faults.clear(FaultName.CONFIG_REJECTED)
        self.faults.state(FaultName.RESTART_NEEDED, restart_needed, present=bool(restart_needed))
        self._state_what_stands()

    def status(self) -> DoorStatus:
        """Compose the door's status from what was last seen."""
        in_use = self.facts()
        situation = self.board.current
        link = self.link.state
        camera = self.camera.health()
        facts: dict[str, Json] = {
            "run": self.link.run,
            "sequence": self.journal.last_sequence,
            "config": situation.digest,
            "is_enrolling": self.is_enrolling,
            "model": in_use["model"],
            "runtime": in_use["runtime"],
            "liveness": liveness_words(
                for_camera(situation, is_monochrome=camera.is_monochrome).plan
            ),
            "threshold": threshold_facts(situation),
            "references": len(situation.people.references.usable),
            "live_fmr": live_fmr_facts(situation, self._live_fmr.of(in_use["embedding_space"])),
            "own_people": own_people_facts(situation.own_people),
            "enrolment": list(self._enrolment),
            "enrolment_problems": self._enrolment_problems,
            "camera": {
                "state": camera.state.value,
                "frames_per_second": camera.frames_per_second,
                "is_monochrome": camera.is_monochrome,
                "is_confined": not camera.unconfined,
            },
            "broker": {"connected": link.is_connected, "protocol": link.protocol},
            "outbox": self._outbox_length,
            SIGNING_KEY: {
                "keyid": self.keys.current.keyid,
                "public_key": b64encode(self.keys.current.public.public_bytes_raw()).decode(),
            },
            "heat": {
                "level": self._heat.level.name.lower(),
                "celsius": self._heat.hottest_celsius,
                "reason": self._heat.reason,
            },
        }
        if self.panel is not None:
            facts["panel"] = self.panel.facts()
        facts["mode"] = self.modes.facts(self.keys.current)
        if (announcement := self.keys.announcement) is not None:
            facts["next_key"] = dict(announcement)
        return DoorStatus(
            door=situation.settings.door,
            at=self.time.wall(),
            degraded=self.faults.snapshot(),
            facts=facts,
        )

    def write_metrics(self) -> None:
        """Set the gauges, and write the textfile where one is set."""
        metrics = self.metrics
        camera = self.camera.health()
        if camera.frame_age_seconds is not None:
            metrics.set_frame_age(camera.frame_age_seconds)
        metrics.set_queue("outbox", self._outbox_length)
        metrics.set_queue("inbox", len(self.inbox))
        metrics.set_heat(int(self._heat.level), self._heat.celsius)
        metrics.set_degraded(fault.name.value for fault in self.faults.snapshot())
        textfile = self.board.current.settings.metrics.textfile
        if not textfile:
            return
        try:
            metrics.write_textfile(Path(textfile))
        except OSError as error:
            LOG.warning("the metrics file %s cannot be written: %s", textfile, error.strerror)

    def _state_what_stands(self) -> None:
        state_what_stands(self.faults, self.board.current, self.notices, self.store.moved_aside)

    def _look_at_camera(self) -> None:
        health = self.camera.health()
        faults: tuple[Degradation, ...] = ()
        if health.state is not CameraState.OK:
            faults = (Degradation(name=camera_fault(health.state), detail=health.detail),)
        settings = self.board.current.settings
        if health.is_monochrome and settings.liveness in {"passive", "both"}:
            grey = FaultName.CAMERA_MONOCHROME
            detail = f"liveness: {settings.liveness} was measured on pictures with colour"
            faults = (*faults, Degradation(name=grey, detail=detail))
        if health.unconfined:
            unconfined = FaultName.CAMERA_UNCONFINED
            faults = (*faults, Degradation(name=unconfined, detail=health.unconfined))
        self.faults.replace("camera_", faults)
        if health.is_usable and not self._camera_was_usable:
            self.metrics.reconnected("camera")
        self._camera_was_usable = health.is_usable

    def _look_at_broker(self) -> None:
        link = self.link.state
        told = (link.problem, self.outbox.dropped)
        self.faults.replace("broker_", tuple(problem for problem in told if problem is not None))
        if link.connections > self._connections > 0:
            self.metrics.reconnected("broker")
        self._connections = link.connections
        stuck = self.outbox.problem
        self.faults.state(FaultName.HISTORY_STUCK, stuck, present=bool(stuck) and link.is_connected)

    def _look_at_journal(self, now: float) -> None:
        journal = self.journal
        self.faults.replace("journal_", journal.degradations())
        if now - self._outbox_at < OUTBOX_EVERY_SECONDS:
            return
        self._outbox_at = now
        try:
            self._outbox_length = journal.outbox_length()
            self._live_fmr.look(journal, self.facts()["embedding_space"], now)
        except JournalUnavailableError:
            return

    def _look_at_clock(self) -> None:
        told = self.time.look()
        name, said, allowed = FaultName.CLOCK_UNSYNCED, told.problem, told.is_trusted
        self.faults.state(name, said, present=bool(said), is_allowed=allowed)

    def _look_at_heat(self, now: float) -> None:
        before = self._heat.level
        self._heat = self.heat.measure(now)
        self.faults.replace("temperature_", self._heat.degraded)
        level, words = self._heat.level, self._heat.level.name.lower()
        detail = f"{words}: {self._heat.reason}"
        is_suspended = level is Level.SUSPENDED
        faults = self.faults
        faults.state(FaultName.HOT, detail, present=level > Level.FULL and not is_suspended)
        faults.state(FaultName.OVERHEATED, detail, present=is_suspended)
        if self._heat.level is not before:
            LOG.warning("heat: level %s: %s", words, self._heat.reason)
