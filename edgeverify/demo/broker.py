"""The demo's own MQTT broker (amqtt, MQTT 3.1.1) on loopback, in a child process."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edgeverify.errors import BrokerError

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> BrokerAddress:
        """Read HOST:PORT. Raises BrokerError."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise BrokerError(f"{text!r} is not HOST:PORT", advice="Such as localhost:1883.")
        return cls(host.strip("[]"), int(port))


def serve(port: int) -> None:
    """Serve until killed; the child's main function."""
    # Imported here: only the child needs it, and only the demo extra has it.
    from amqtt.broker import Broker  # noqa: PLC0415

    async def run() -> None:
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await broker.start()
        await asyncio.Event().wait()

    logging.disable(logging.CRITICAL)
    asyncio.run(run())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def embedded_broker() -> Iterator[BrokerAddress]:
    """Run a broker for the length of the block. Raises BrokerError when it does not come up."""
    address = BrokerAddress("127.0.0.1", _free_port())
    child = subprocess.Popen(
        [sys.executable, "-m", "edgeverify.demo.broker", str(address.port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_open(address, child)
        yield address
    finally:
        child.kill()
        child.wait()


def _wait_until_open(address: BrokerAddress, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex((address.host, address.port)) == 0:
                return
        time.sleep(0.1)
    raise BrokerError(
        "the demo's own broker did not start",
        advice="Name a running one with --broker HOST:PORT.",
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
