"""The daemon's main thread: it starts the parts, looks after them, reloads them, and ends them.

Every part is looked at about four times a second; nothing in here waits for a camera, a broker
or a model. Work that takes long (enrolment, a new model) runs in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
import time
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
PROBE_EVERY_SECONDS = 3.0
STATUS_EVERY_SECONDS = 15.0
ADOPT_PATIENCE_SECONDS = 90.0
"""A change waits for the transaction under way, challenge and retries included."""


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
        try:
            service.journal.prune(service.time.wall(), service.board.current.settings.journal)
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
        except EdgeverifyError as error:
            LOG.error("the old config stays in force: %s", error.problem)  # noqa: TRY400 - for people
            service.faults.raise_fault("config_rejected", error.problem)
        except Exception as error:
            LOG.exception("the reload failed, the old config stays in force")
            service.faults.raise_fault("config_rejected", type(error).__name__)
        else:
            self._adopt(change)
        finally:
            self._health.is_enrolling = False
            self._say_status(force=True)
            if self._is_ready:
                self._manager.ready(self._health.status().line())

    def _adopt(self, change: Change) -> None:
        """Put a change in force between two transactions; returns when it is."""
        service = self._service
        done = threading.Event()

        def swap(door: Door) -> None:
            if change.pipeline is not None:
                old, door.pipeline = door.pipeline, change.pipeline
                old.detector.close()
                old.mesher.close()
            service.board.current = change.situation
            service.records.facts = change.brain.facts
            done.set()

        service.door.between_attempts(swap)
        if not done.wait(ADOPT_PATIENCE_SECONDS):
            LOG.error("the door did not take the new config in time")
            return
        service.eyes.use(change.situation.settings.camera)
        service.heat.use(change.situation.settings.thermal)
        service.gate.change_max_age(change.situation.settings.claims.max_age_seconds)
        if change.brain is not service.brain:
            service.brain.opened.session.close()
        service.config, service.brain = change.config, change.brain
        self._files = _stamps(change.config)
        self._health.adopted(change)
        LOG.info("config in force: %s", change.report.summary)

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
        service.outbox.stop()
        service.link.stop()
        service.eyes.close()
        if self._metrics_server is not None:
            self._metrics_server.close()
        if self._socket is not None:
            self._socket.close()
        if self._worker is not None:
            self._worker.join(STOP_PATIENCE_SECONDS)
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
