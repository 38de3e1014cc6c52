"""The daemon's main thread: it starts the parts, looks after them, reloads them, and ends them.

Every part is looked at about four times per second; nothing in here waits for a camera, a broker
or a model. Work that takes long (enrolment, a new model) runs in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack

from edgeverify.daemon.faults import DETAIL, is_exhausted, look_at_open_files
from edgeverify.daemon.interval import Every
from edgeverify.daemon.parts import Parts
from edgeverify.daemon.state_watch import StateWatch
from edgeverify.domain import FaultName
from edgeverify.errors import StateError
from edgeverify.logs import FoldingHandler
from edgeverify.metrics import MetricsServer
from edgeverify.status_socket import StatusServer
from edgeverify.systemd import ServiceManager

LOG = logging.getLogger(__name__)

TURN_SECONDS = 0.25
READY_PATIENCE_SECONDS = 10.0
STOP_PATIENCE_SECONDS = 5.0
PRUNE_EVERY_SECONDS = 60.0
PROBE_EVERY_SECONDS = 3.0
STATUS_EVERY_SECONDS = 15.0


class Supervisor:
    """Owns the `Parts` from start to end. `stop` and `reload` may come from a signal handler."""

    def __init__(
        self,
        service: Parts,
        manager: ServiceManager,
        logs: FoldingHandler | None = None,
        files: StateWatch | None = None,
    ) -> None:
        self._service = service
        self._manager = manager
        self._logs = logs
        self._files = files
        self._stop = threading.Event()
        self._socket: StatusServer | None = None
        self._prunes = Every(PRUNE_EVERY_SECONDS)
        self._probes = Every(PROBE_EVERY_SECONDS)
        self._tellings = Every(STATUS_EVERY_SECONDS)
        self._pings = Every(manager.ping_seconds or float("inf"))
        self._wants_reload = False
        self._has_more_to_prune = False

    def stop(self) -> None:
        """Ask the daemon to end."""
        self._stop.set()

    def reload(self) -> None:
        """Ask for the config to be read again."""
        self._wants_reload = True  # no lock: the signal may have come while one was held

    def run(self) -> None:
        """Start every part, look after them until `stop`, and end them in the opposite order."""
        with ExitStack() as ending:
            ending.callback(LOG.info, "stopped")
            self._start(ending)
            ending.callback(self._manager.stopping)
            self._look_after_until_stopped()

    def _start(self, ending: ExitStack) -> None:
        """Start every part; what ends it stands beside it, and runs in the opposite order.

        Each end has a bounded time. The door is the last to start and the first to end, so that
        every claim meets a journal, and every decision a way out.
        """
        service = self._service
        situation = service.board.current
        # Opened by `assemble`:
        ending.callback(service.reloads.close)  # the verifier in force
        ending.callback(service.store.close)
        ending.callback(service.journal.close)
        ending.callback(service.camera.close)
        # The ways in and out:
        self._open_socket()
        ending.callback(self._close_socket)
        ending.callback(service.page.close)
        if situation.settings.metrics.port:
            server = MetricsServer(service.metrics, situation.settings.metrics.port)
            ending.callback(server.close)
        service.link.start()
        ending.callback(service.link.stop)
        service.outbox.start()
        ending.callback(service.outbox.stop)
        if service.panel is not None:
            service.panel.start()
            ending.callback(service.panel.stop, STOP_PATIENCE_SECONDS)
        service.sources.use(situation.sources, situation.settings.claims)
        ending.callback(service.sources.stop)
        service.signalling.start()
        ending.callback(service.signalling.stop)
        # The door, and what changes it:
        ending.callback(service.reloads.stop, STOP_PATIENCE_SECONDS)
        service.door.start()
        ending.callback(self._stop_door)
        LOG.info("threshold %.4f: %s", situation.point.threshold, situation.point.evidence)
        for caution in situation.cautions:
            LOG.warning("thin evidence for decision.max_fmr: %s", caution)

    def _stop_door(self) -> None:
        door = self._service.door
        if door.stop(STOP_PATIENCE_SECONDS):
            door.door.finish()
        else:
            LOG.error("the door's loop did not end in time")

    def _open_socket(self) -> None:
        """Open the local socket; where the disk does not let it be made, later."""
        service = self._service
        try:
            self._socket = StatusServer(service.state.folder, service.control.requests())
        except StateError as error:
            LOG.warning("%s", error.problem)
            service.faults.raise_fault(FaultName.STATUS_SOCKET_UNAVAILABLE, error.problem)
        else:
            service.faults.clear(FaultName.STATUS_SOCKET_UNAVAILABLE)

    def _look_after_socket(self) -> None:
        """Open it where it could not be opened, and again where somebody took it away."""
        if self._socket is not None and not self._socket.is_there:
            LOG.warning("the status socket was deleted or replaced while the door ran")
            self._socket.close()
            self._socket = None
        if self._socket is None:
            self._open_socket()

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _look_after_until_stopped(self) -> None:
        started = time.monotonic()
        reporter = self._service.reporter
        while not self._stop.wait(TURN_SECONDS):
            now = time.monotonic()
            try:
                self._look_after(now)
            except Exception as error:  # noqa: BLE001 - the door outlives whatever happens here
                self._failed(error)
                continue
            if not reporter.is_ready and self._settled(now - started):
                reporter.ready(now - started)

    def _failed(self, error: Exception) -> None:
        """Name what ended a turn. Where it lasts, no ping reaches systemd."""
        faults = self._service.faults
        if is_exhausted(error):
            LOG.error("looking after the door failed: too many open files")
            faults.raise_fault(FaultName.OPEN_FILES_EXHAUSTED, DETAIL)
            return
        LOG.error("looking after the door failed", exc_info=error)
        faults.raise_fault(FaultName.INTERNAL_ERROR, type(error).__name__)

    def _settled(self, seconds: float) -> bool:
        """Each part was tried: it works, or it has had its ten seconds and is named."""
        camera_tried = self._service.camera.health().is_usable
        broker_tried = self._service.link.state.is_connected
        return (camera_tried and broker_tried) or seconds >= READY_PATIENCE_SECONDS

    def _look_after(self, now: float) -> None:
        service = self._service
        look_at_open_files(service.faults)
        service.health.look(now)
        self._manager.resend()
        if self._probes.now(now):
            service.upkeep.probe_journal()
            service.older_state.look()
            if service.upkeep.look_at_keys():
                service.reporter.status()
            if service.upkeep.return_references():
                service.reloads.tickets.ask()
            if self._files is not None:
                self._files.look()
            self._look_after_socket()
        service.page.look(now)
        self._look_at_panel()
        service.lock.write()
        service.exits.write()
        service.notices.look(now)
        is_news = service.modes.look()
        if self._prunes.now(now) or self._has_more_to_prune:
            self._has_more_to_prune = service.upkeep.prune_journal()
        if self._wants_reload:
            self._wants_reload = False
            service.reloads.tickets.ask()
        service.reloads.look_after(now)
        if service.faults.take_change() or is_news or self._tellings.now(now):
            service.reporter.status()
        if self._pings.now(now):
            self._ping(now)
        if self._logs is not None:
            self._logs.tick()

    def _look_at_panel(self) -> None:
        if self._service.panel is not None:
            self._service.panel.look()
            self._service.page.requests.screen.follow_panel()

    def _ping(self, now: float) -> None:
        stuck = self._service.watch.stuck(now)
        if stuck:
            LOG.error("no watchdog ping: stuck: %s", ", ".join(stuck))
        else:
            self._manager.alive()
