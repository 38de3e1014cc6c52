"""A panel in installation mode gives its reader a key: heard once, when somebody asks for it.

Until it has a key of its own, a panel speaks under a key that everybody knows (SCBK-D, OSDP 2.2,
annex D): whoever listens to the wire in that minute learns the new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import osdp

from edgeverify.osdp_key import KEY_BYTES
from edgeverify.osdp_port import OsdpPort
from edgeverify.panel.device import CAN, IDENTITY
from edgeverify.settings import OsdpReaderSettings

KNOWN_TO_ALL = bytes(range(0x30, 0x40))
"""SCBK-D itself, which is not a key."""
TURN_SECONDS = 0.05
ACKNOWLEDGED_SECONDS = 1.0
"""The panel hears that we have its key well within this."""


def pair(
    settings: OsdpReaderSettings,
    *,
    patience_seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bytes | None:
    """Return the key that the panel sets, 16 bytes; None where none came in time.

    Raises OSError and ValueError where the port cannot be opened.
    """
    port = OsdpPort(settings.port, settings.baud)
    heard: list[bytes] = []

    def obey(command: dict[str, object]) -> tuple[int, None]:
        if command.get("command") != osdp.Command.Keyset:
            return 0, None
        key = command.get("data")
        if not isinstance(key, bytes) or len(key) != KEY_BYTES or key == KNOWN_TO_ALL:
            return -1, None
        heard.append(key)
        return 0, None

    device = osdp.PeripheralDevice(
        osdp.PDInfo(
            settings.address,
            port,
            None,
            name="edgeverify",
            flags=[osdp.LibFlag.InstallMode],
            id=osdp.PdId(*IDENTITY),
        ),
        osdp.PDCapabilities(list(CAN)),
        log_level=osdp.LogLevel.Emergency,
        command_handler=obey,
    )
    device.start()
    try:
        until = monotonic() + patience_seconds
        while not heard and monotonic() < until and not port.problem:
            sleep(TURN_SECONDS)
        if heard:
            sleep(ACKNOWLEDGED_SECONDS)
    finally:
        device.teardown()
        port.close()
    return heard[-1] if heard else None
