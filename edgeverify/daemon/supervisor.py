"""The daemon's main thread: it starts the parts, looks after them, reloads them, and ends them.

Every part is looked at about four times a second; nothing in here waits for a camera, a broker
or a model. Work that takes long (enrolment, a new model) runs in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
import time

from edgeverify.daemon.control import requests
from edgeverify.daemon.health import Health
from edgeverify.daemon.interval import Due
from edgeverify.daemon.reload.reload_thread import Reloads
from edgeverify.daemon.service import Service
from edgeverify.daemon.upkeep import Upkeep
from edgeverify.domain import FaultName, Reason
from edgeverify.errors import StateError
from edgeverify.logs import FoldingHandler
from edgeverify.metrics import MetricsServer
from edgeverify.status_socket import StatusServer
from edgeverify.systemd import ServiceManager

LOG = logging.getLogger("edgeverify.service")

TURN_SECONDS = 0.25
READY_PATIENCE_SECONDS = 10.0
STOP_PATIENCE_SECONDS = 5.0
PRUNE_EVERY_SECONDS = 60.0
PROBE_EVERY_SECONDS = 3.0
STATUS_EVERY_SECONDS = 15.0


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
        self._upkeep = Upkeep(service)
        self._reloads = Reloads(
            service, self._health, on_begin=self._began_reload, on_end=self._ended_reload
        )
        self._socket: StatusServer | None = None
        self._metrics_server: MetricsServer | None = None
        self._due_prune = Due(PRUNE_EVERY_SECONDS)
        self._due_probe = Due(PROBE_EVERY_SECONDS)
        self._due_status = Due(STATUS_EVERY_SECONDS)
        self._due_ping = Due(manager.ping_seconds or float("inf"))
        self._is_ready = False
        self._wants_reload = False

    def stop(self) -> None:
        """Ask the daemon to end."""
        self._stop.set()

    def reload(self) -> None:
        """Ask for the config to be read again."""
        self._wants_reload = True  # no lock: the signal may have come while one was held

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
        self._open_socket()
        if settings.metrics.port:
            self._metrics_server = MetricsServer(service.metrics, settings.metrics.port)
        situation = service.board.current
        service.sources.use(situation.sources, situation.settings.claims)
        service.link.start()
        service.outbox.start()
        service.door.start()
        point = situation.point
        LOG.info("threshold %.4f: %s", point.threshold, point.evidence)
        for caution in situation.cautions:
            LOG.warning("thin evidence for decision.max_fmr: %s", caution)

    def _open_socket(self) -> None:
        """Answer on the local socket; where the disk does not let it be made, later."""
        service = self._service
        try:
            handlers = requests(service, self._health, self._reloads.tickets)
            self._socket = StatusServer(service.state.folder, handlers)
        except StateError as error:
            LOG.warning("%s", error.problem)
            service.faults.raise_fault(FaultName.STATUS_SOCKET_UNAVAILABLE, error.problem)
        else:
            service.faults.clear(FaultName.STATUS_SOCKET_UNAVAILABLE)

    def _settled(self, seconds: float) -> bool:
        """Each part was tried: it works, or it has had its ten seconds and is named."""
        camera_tried = self._service.eyes.health().is_usable
        broker_tried = self._service.link.state.is_connected
        return (camera_tried and broker_tried) or seconds >= READY_PATIENCE_SECONDS

    def _look_after(self, now: float) -> None:
        service = self._service
        self._health.look(now)
        self._manager.resend()
        if self._due_probe.now(now):
            self._upkeep.probe_journal()
            if self._upkeep.return_references():
                self._reloads.tickets.ask()
            if self._socket is None:
                self._open_socket()
        if self._due_prune.now(now):
            self._upkeep.prune_journal()
        if self._wants_reload:
            self._wants_reload = False
            self._reloads.tickets.ask()
        self._reloads.look_after(now)
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

    def _began_reload(self) -> None:
        if self._is_ready:
            self._manager.reloading(time.monotonic())

    def _ended_reload(self) -> None:
        self._say_status(force=True)
        if self._is_ready:
            self._manager.ready(self._health.status().line())

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
        self._reloads.stop(STOP_PATIENCE_SECONDS)
        service.sources.stop()
        service.outbox.stop()
        service.link.stop()
        service.eyes.close()
        if self._metrics_server is not None:
            self._metrics_server.close()
        if self._socket is not None:
            self._socket.close()
        service.journal.close()
        service.store.close()
        service.verifier.close()
        LOG.info("stopped")
