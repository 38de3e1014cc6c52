"""A connection gives back its sockets when it ends, not when a garbage collector comes by."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.brokers import Mosquitto, Proxy
from tests.mqtt.conftest import LinkMaker
from tests.waiting import patience, until


@contextmanager
def nobody_tidies_up() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_twelve_lost_connections_leave_no_socket_behind(
    broker: Mosquitto, make_link: LinkMaker
) -> None:
    proxy = Proxy(broker.port)
    try:
        link = make_link(proxy.port, max_reconnect_seconds=1)
        assert link.wait_connected(patience(10))
        with nobody_tidies_up():
            held = []
            for _ in range(12):
                proxy.cut()
                until(lambda: not link.state.is_connected, "the loss to be noticed")
                assert link.wait_connected(patience(10))
                # Only the door's side counts: two ends of the proxy are this process's too.
                ours = psutil.Process(os.getpid()).num_fds() - 2 * len(proxy._sockets)
                held.append(ours)
        assert max(held[4:]) <= max(held[:4]), held
    finally:
        proxy.close()
