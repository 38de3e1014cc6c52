"""What the door says of itself, told: to systemd, to the broker, and to whoever scrapes figures."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from edgeverify.daemon.health import Health
from edgeverify.mqtt import MqttLink
from edgeverify.systemd import ServiceManager

LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False, kw_only=True)
class Reporter:
    """Tells the status when it changes; called from the main thread and from a reload's."""

    health: Health
    link: MqttLink
    manager: ServiceManager
    is_ready: bool = False

    def ready(self, seconds: float) -> None:
        """Tell that each part was tried, this many seconds after the start."""
        self.is_ready = True
        self.status(force=True)
        line = self.health.status().line()
        self.manager.ready(line)
        LOG.info("ready after %.1f s: %s", seconds, line)

    def status(self, *, force: bool = False) -> None:
        """Tell how the door is; the broker hears nothing before `ready` unless forced."""
        status = self.health.status()
        if force or self.is_ready:
            self.link.set_status(*status.messages())
        self.manager.status(status.line())
        self.health.write_metrics()

    def began_reload(self) -> None:
        """Tell systemd that the config is being read again."""
        if self.is_ready:
            self.manager.reloading(time.monotonic())

    def ended_reload(self) -> None:
        """Tell everybody what is in force now."""
        self.status(force=True)
        if self.is_ready:
            self.manager.ready(self.health.status().line())
