"""Ports for tests that are restarted on the one they have, or know it before they listen.

Below those that the kernel hands out: otherwise a client of a test beside it may be handed the
port between the choice and the listening, or while a broker is down.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 10_000
DRAWN = random.SystemRandom()
"""Not the seeded generator, which two workers may hold in the same state."""


def free_port(in_a_row: int = 1) -> int:
    """Return the first of so many neighbouring ports that nobody listens on at this moment."""
    highest = int(EPHEMERAL.read_text().split()[0]) - in_a_row
    while True:
        first = DRAWN.randint(LOWEST, highest)
        if all(map(_is_free, range(first, first + in_a_row))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
