"""A config read again while the door runs: when, in a thread of its own, and how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from edgeverify.claims import ClaimGate, RunningSources
from edgeverify.config import LoadedConfig
from edgeverify.daemon.camera_in_use import CameraInUse
from edgeverify.daemon.door.door import Door
from edgeverify.daemon.door.records import Records
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.door.thread import DoorThread
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.health import Health
from edgeverify.daemon.heat_watch import Heat
from edgeverify.daemon.interval import Every
from edgeverify.daemon.reload.reloader import Change, Reloader
from edgeverify.daemon.reload.tickets import PeopleOutcome, ReloadOutcome, Tickets
from edgeverify.daemon.signalling import Signalling
from edgeverify.domain import FaultName
from edgeverify.errors import EdgeverifyError
from edgeverify.verifier.verifier import Verifier

LOG = logging.getLogger(__name__)

FILES_EVERY_SECONDS = 2.0
RETRY_EVERY_SECONDS = 15.0
"""A rejected config is read again so often: a file that it names may have been mended."""
TURN_SECONDS = 0.25


@dataclass(slots=True, eq=False, kw_only=True)
class Reloads:
    """Reads the config again when asked, when its files change, and while it is rejected.

    `config` and `verifier` are what is in force. `on_begin` and `on_end` are told of each reload,
    the latter once the config is in force and once more when everybody is enrolled; the first
    reload, which enrols everybody, is wanted from the start.
    """

    config: LoadedConfig
    verifier: Verifier
    reloader: Reloader
    door: DoorThread
    board: Board
    records: Records
    camera: CameraInUse
    heat: Heat
    gate: ClaimGate
    sources: RunningSources
    signalling: Signalling
    faults: FaultBoard
    health: Health
    on_begin: Callable[[], None]
    on_end: Callable[[], None]
    tickets: Tickets = field(default_factory=Tickets)
    verifier_in_use: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever else looks at a photo with `verifier`, so that it is not closed meanwhile."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _worker: threading.Thread | None = None
    _files: tuple[tuple[str, int, int, int], ...] = ()
    _file_looks: Every = field(default_factory=lambda: Every(FILES_EVERY_SECONDS))
    _retries: Every = field(default_factory=lambda: Every(RETRY_EVERY_SECONDS))

    def __post_init__(self) -> None:
        self._files = _stamps(self.config)
        self.tickets.ask()

    def look_after(self, now: float) -> None:
        """Begin a reload where one is wanted and none runs; `now` is monotonic seconds."""
        if self._file_looks.now(now) and (stamps := _stamps(self.config)) != self._files:
            self._files = stamps
            LOG.info("the config changed on disk")
            self.tickets.ask()
        has_failed = (
            FaultName.CONFIG_REJECTED in self.faults or FaultName.ENROLMENT_FAILED in self.faults
        )
        if has_failed and self._retries.now(now):
            self.tickets.ask()  # whatever was missing may be there by now
        is_running = self._worker is not None and self._worker.is_alive()
        if not is_running and self.tickets.begin():
            # Whatever changes from here on is another change; what is there now is being read.
            self._files = _stamps(self.config)
            self.on_begin()
            self._worker = threading.Thread(target=self._reload, name="reload", daemon=True)
            self._worker.start()

    def stop(self, patience_seconds: float) -> None:
        """Begin no more, and wait for the one under way."""
        self._stop.set()
        if self._worker is not None:
            self._worker.join(patience_seconds)

    def close(self) -> None:
        """Free the pipeline and the verifier in force, once nothing uses them."""
        if not self.door.is_running:
            self.door.door.pipeline.close()
        self.verifier.close()

    def _reload(self) -> None:
        self.health.is_enrolling = True
        try:
            change = self.reloader.prepare(self.config, self.verifier)
            if self._adopt(change):
                self.tickets.end(ReloadOutcome())
                self.on_end()  # new photos may take minutes; nobody who reloads waits for them
                self._enrol(change)
        except EdgeverifyError as error:
            LOG.error("the old config stays in force: %s", error.problem)  # noqa: TRY400 - for people
            self.faults.raise_fault(FaultName.CONFIG_REJECTED, error.problem)
            self.tickets.end(ReloadOutcome(problem=error.problem, advice=error.advice))
        except Exception as error:
            LOG.exception("the reload failed, the old config stays in force")
            self.faults.raise_fault(FaultName.CONFIG_REJECTED, type(error).__name__)
            self.tickets.end(ReloadOutcome(problem=f"the reload failed: {type(error).__name__}"))
        finally:
            self.health.is_enrolling = False
            self.tickets.end(ReloadOutcome(problem="the daemon ends"))
            self.tickets.end_people(PeopleOutcome(problem="they were not looked at"))
            if not self._stop.is_set():
                self.on_end()

    def _adopt(self, change: Change) -> bool:
        """Put a change in force between two transactions; False when the daemon ends meanwhile."""

        def swap(door: Door) -> None:
            if change.pipeline is not None:
                old, door.pipeline = door.pipeline, change.pipeline
                old.close()
            self.board.current = change.situation
            self.records.facts = change.verifier.facts

        if not self._between_attempts(swap):
            return False
        settings = change.situation.settings
        self.camera.use(settings.camera)
        self.heat.use(settings.thermal)
        self.gate.change_max_age(settings.claims.max_age_seconds)
        self.sources.use(change.situation.sources, settings.claims)
        self.signalling.use(settings.signals)
        old, self.config, self.verifier = self.verifier, change.config, change.verifier
        if old is not change.verifier:
            with self.verifier_in_use:
                old.close()
        self.health.adopted(restart_needed=change.restart_needed, notices=change.verifier.notices)
        return True

    def _enrol(self, change: Change) -> None:
        """Bring people up to the config that is now in force; who left it is out already."""
        try:
            report = self.reloader.enrol(change.config, change.verifier)
            situation = self.reloader.full_situation(change.config, change.verifier)
        except EdgeverifyError as error:
            LOG.error("enrolment failed: %s", error.problem)  # noqa: TRY400 - for people
            self.faults.raise_fault(FaultName.ENROLMENT_FAILED, error.problem)
            self.tickets.end_people(PeopleOutcome(problem=error.problem, advice=error.advice))
            return

        def let_in(_: Door) -> None:
            self.board.current = situation

        if self._between_attempts(let_in):
            self.health.enrolled(report)
            self.records.forget_others(situation.people.staff)
            self.tickets.end_people(PeopleOutcome.of(report))
            LOG.info("config in force: %s", report.summary)

    def _between_attempts(self, swap: Callable[[Door], None]) -> bool:
        """Wait for the transaction under way, then swap; False when the daemon ends first.

        Claims wait meanwhile, so that people who take turns cannot hold a change off for ever.
        """
        done, cancelled = threading.Event(), threading.Event()

        def unless_cancelled(door: Door) -> None:
            if not cancelled.is_set():
                swap(door)
            done.set()

        self.door.between_attempts(unless_cancelled)
        while not done.wait(TURN_SECONDS):
            if self._stop.is_set():
                cancelled.set()
                return False
        return not cancelled.is_set()


def _stamps(config: LoadedConfig) -> tuple[tuple[str, int, int, int], ...]:
    """Return what tells that a config file was changed or replaced: inode, time, size."""
    stamps = []
    for path in config.files:
        try:
            found = path.stat()
        except OSError:
            stamps.append((str(path), 0, 0, 0))
            continue
        stamps.append((str(path), found.st_ino, found.st_mtime_ns, found.st_size))
    return tuple(stamps)
