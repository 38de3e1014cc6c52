"""The access-control panel that takes this door for its reader, and whether it asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding, fault_found
from edgeverify.domain import FaultName
from edgeverify.panel import PanelCommand, PanelLink, Report
from edgeverify.panel.link import NAMED_SECONDS

TURN_SECONDS = 0.1
STOP_SECONDS = 5.0


class _Deaf:
    """Reports nothing, and hears nothing."""

    def taken(self, report: Report) -> None:
        """Hear of no report."""

    def dropped(self, report: Report) -> None:
        """Hear of no report."""

    def said(self, command: PanelCommand) -> None:
        """Let the panel say what it likes."""


def look_at_panel(
    config: LoadedConfig, *, is_running: bool, patience_seconds: float = NAMED_SECONDS + 2.0
) -> Iterator[Finding]:
    """Be the panel's reader until it asks; a running daemon is, and has said how it is."""
    wanted = config.settings.osdp_reader
    if not wanted.enabled:
        return
    if is_running:
        yield Finding(part="panel", is_well=True, seen="the running daemon is its reader")
        return
    link = PanelLink(wanted, config.folder, _Deaf())
    link.start()
    try:
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            health = link.health
            if health.is_there or health.problem:
                break
            time.sleep(TURN_SECONDS)
    finally:
        link.stop(STOP_SECONDS)
    where = f"address {wanted.address} on {wanted.port}"
    if not health.is_there:
        problem = health.problem or f"nobody asks {where}"
        yield fault_found("panel", FaultName.PANEL_UNAVAILABLE, problem)
    elif wanted.accept_no_secure_channel:
        name = FaultName.PANEL_WITHOUT_SECURE_CHANNEL
        yield fault_found("panel", name, f"a panel asks {where}")
    else:
        seen = f"a panel asks {where}, over the secure channel"
        yield Finding(part="panel", is_well=True, seen=seen)
