"""The daemon's main thread: it starts the parts, looks after them, reloads them, and ends them.

Every part is looked at about four times a second; nothing in here waits for a camera, a broker
or a model. Work that takes long (enrolment, a new model) runs in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeverify.config import LoadedConfig
from edgeverify.daemon.control import requests
from edgeverify.daemon.door import Door
from edgeverify.daemon.health import Health
from edgeverify.daemon.reload import Change
from edgeverify.daemon.service import BOOT_FACT, Service
from edgeverify.domain import Reason
from edgeverify.errors import EdgeverifyError, JournalUnavailableError
from edgeverify.logs import FoldingHandler
from edgeverify.metrics import MetricsServer
from edgeverify.status_socket import StatusServer
from edgeverify.systemd import ServiceManager

LOG = logging.getLogger("edgeverify.service")

TURN_SECONDS = 0.25
READY_PATIENCE_SECONDS = 10.0
STOP_PATIENCE_SECONDS = 5.0
FILES_EVERY_SECONDS = 2.0
PRUNE_EVERY_SECONDS = 60.0
RETRY_EVERY_SECONDS = 15.0
"""A rejected config is read again so often: a file that it names may have been mended."""
PROBE_EVERY_SECONDS = 3.0
STATUS_EVERY_SECONDS = 15.0


@dataclass(slots=True)
class Due:
    """Something that is done every so often."""

    every_seconds: float
    last: float = float("-inf")

    def now(self, at: float) -> bool:
        """Tell whether it is time, and if so begin the next interval."""
        if at - self.last < self.every_seconds:
            return False
        self.last = at
        return True


class Supervisor:
    """Owns a `Service` from start to end. `stop` and `reload` may come from a signal handler."""

    def __init__(
        self, service: Service, manager: ServiceManager, logs: FoldingHandler | None = None
    ) -> None:
        self._service = service
        self._manager = manager
        self._logs = logs
        self._health = Health(service)
        self._stop = threading.Event()
        self._wants_reload = threading.Event()
        self._wants_reload.set()
        self._worker: threading.Thread | None = None
        self._socket: StatusServer | None = None
        self._metrics_server: MetricsServer | None = None
        self._files = _stamps(service.config)
        self._due_files = Due(FILES_EVERY_SECONDS)
        self._due_prune = Due(PRUNE_EVERY_SECONDS)
        self._due_retry = Due(RETRY_EVERY_SECONDS)
        self._due_probe = Due(PROBE_EVERY_SECONDS)
        self._due_status = Due(STATUS_EVERY_SECONDS)
        self._due_ping = Due(manager.ping_seconds or float("inf"))
        self._is_ready = False

    def stop(self) -> None:
        """Ask the daemon to end."""
        self._stop.set()

    def reload(self) -> None:
        """Ask for the config to be read again."""
        self._wants_reload.set()

    def run(self) -> None:
        """Start every part, look after them until `stop`, and end them in order."""
        started = time.monotonic()
        self._start()
        try:
            while not self._stop.wait(TURN_SECONDS):
                now = time.monotonic()
                self._look_after(now)
                if not self._is_ready and self._settled(now - started):
                    self._is_ready = True
                    self._say_status(force=True)
                    self._manager.ready(self._health.status().line())
                    LOG.info("ready after %.1f s: %s", now - started, self._health.status().line())
        finally:
            self._end()

    def _start(self) -> None:
        service = self._service
        settings = service.config.settings
        self._socket = StatusServer(
            service.state.folder, requests(service, self._health, self._wants_reload)
        )
        if settings.metrics.port:
            self._metrics_server = MetricsServer(service.metrics, settings.metrics.port)
        service.link.start()
        service.outbox.start()
        service.door.start()
        point = service.board.current.point
        LOG.info("threshold %.4f: %s", point.threshold, point.evidence)
        if point.caution:
            LOG.warning("thin evidence for decision.max_fmr: %s", point.caution)

    def _settled(self, seconds: float) -> bool:
        """Each part was tried: it works, or it has had its ten seconds and is named."""
        camera_tried = self._service.eyes.health().is_usable
        broker_tried = self._service.link.state.is_connected
        return (camera_tried and broker_tried) or seconds >= READY_PATIENCE_SECONDS

    def _look_after(self, now: float) -> None:
        service = self._service
        self._health.look(now)
        if self._due_probe.now(now):
            self._probe_journal()
        if self._due_prune.now(now):
            self._prune()
        if self._due_files.now(now) and (stamps := _stamps(service.config)) != self._files:
            self._files = stamps
            LOG.info("the config changed on disk")
            self._wants_reload.set()
        if "config_rejected" in service.faults and self._due_retry.now(now):
            self._wants_reload.set()  # whatever was missing may be there by now
        if self._wants_reload.is_set() and not self._is_reloading():
            self._wants_reload.clear()
            self._begin_reload()
        if service.faults.take_change() or self._due_status.now(now):
            self._say_status()
        if self._due_ping.now(now):
            self._ping(now)
        if self._logs is not None:
            self._logs.tick()

    def _ping(self, now: float) -> None:
        stuck = self._service.watch.stuck(now)
        if stuck:
            LOG.error("no watchdog ping: stuck: %s", ", ".join(stuck))
        else:
            self._manager.alive()

    def _probe_journal(self) -> None:
        service = self._service
        try:
            service.journal.probe(service.time.wall())
            service.time.learn_floor(service.journal.floor())
            boot = service.clock.boot_to_remember
            if boot is not None and service.journal.fact(BOOT_FACT) != boot:
                service.journal.keep_fact(BOOT_FACT, boot)
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)

    def _prune(self) -> None:
        service = self._service
        now = service.time.floor()
        if now is None:
            return  # a clock that is not believed must not decide what is old
        try:
            service.journal.prune(now, service.board.current.settings.journal)
        except JournalUnavailableError as error:
            LOG.warning("%s", error.problem)

    # ---- reload -------------------------------------------------------------------------------

    def _is_reloading(self) -> bool:
        return self._worker is not None and self._worker.is_alive()

    def _begin_reload(self) -> None:
        # Whatever changes from here on is another change; what is there now is being read.
        self._files = _stamps(self._service.config)
        if self._is_ready:
            self._manager.reloading(time.monotonic())
        self._worker = threading.Thread(target=self._reload, name="reload", daemon=True)
        self._worker.start()

    def _reload(self) -> None:
        service = self._service
        self._health.is_enrolling = True
        try:
            change = service.reloader.prepare(service.config, service.brain)
            if self._adopt(change):
                self._enrol(change)
        except EdgeverifyError as error:
            LOG.error("the old config stays in force: %s", error.problem)  # noqa: TRY400 - for people
            service.faults.raise_fault("config_rejected", error.problem)
        except Exception as error:
            LOG.exception("the reload failed, the old config stays in force")
            service.faults.raise_fault("config_rejected", type(error).__name__)
        finally:
            self._health.is_enrolling = False
            if not self._stop.is_set():
                self._say_status(force=True)
                if self._is_ready:
                    self._manager.ready(self._health.status().line())

    def _adopt(self, change: Change) -> bool:
        """Put a change in force between two transactions; False when the daemon ends meanwhile."""
        service = self._service

        def swap(door: Door) -> None:
            if change.pipeline is not None:
                old, door.pipeline = door.pipeline, change.pipeline
                old.detector.close()
                old.mesher.close()
            service.board.current = change.situation
            service.records.facts = change.brain.facts

        if not self._between_attempts(swap):
            return False
        settings = change.situation.settings
        service.eyes.use(settings.camera)
        service.heat.use(settings.thermal)
        service.gate.change_max_age(settings.claims.max_age_seconds)
        if change.brain is not service.brain:
            service.brain.opened.session.close()
        service.config, service.brain = change.config, change.brain
        self._health.adopted(change)
        return True

    def _enrol(self, change: Change) -> None:
        """Bring people up to the config that is now in force; who left it is out already."""
        service = self._service
        try:
            report = service.reloader.enrol(change.config, change.brain)
            situation = service.reloader.full_situation(change.config, change.brain)
        except EdgeverifyError as error:
            LOG.error("enrolment failed: %s", error.problem)  # noqa: TRY400 - for people
            service.faults.raise_fault("enrolment_failed", error.problem)
            return

        def let_in(_: Door) -> None:
            service.board.current = situation

        if self._between_attempts(let_in):
            self._health.enrolled(report)
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

        self._service.door.between_attempts(unless_cancelled)
        while not done.wait(TURN_SECONDS):
            if self._stop.is_set():
                cancelled.set()
                return False
        return not cancelled.is_set()

    # ---- status -------------------------------------------------------------------------------

    def _say_status(self, *, force: bool = False) -> None:
        status = self._health.status()
        if force or self._is_ready:
            self._service.link.set_status(status.message())
        self._manager.status(status.line())
        self._health.write_metrics()

    # ---- the end ------------------------------------------------------------------------------

    def _end(self) -> None:
        """Stop the parts in the opposite order; each has a bounded time."""
        service = self._service
        self._manager.stopping()
        if not service.door.stop(STOP_PATIENCE_SECONDS):
            LOG.error("the door's loop did not end in time")
        else:
            service.door.door.fail(Reason.INTERNAL_ERROR)
        if self._worker is not None:
            self._worker.join(STOP_PATIENCE_SECONDS)
        service.outbox.stop()
        service.link.stop()
        service.eyes.close()
        if self._metrics_server is not None:
            self._metrics_server.close()
        if self._socket is not None:
            self._socket.close()
        service.journal.close()
        service.store.close()
        service.brain.opened.session.close()
        LOG.info("stopped")


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
