"""Whatever was wrong with the broker, the door is connected within 30 s of its being mended.

With the settings as they ship, and after a trouble that lasted long enough for the longest pauses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeverify.mqtt import Credentials, MqttLink, load_credentials
from edgeverify.settings import MqttSettings
from tests.broker.house import house
from tests.brokers import Mosquitto, Proxy, mosquitto
from tests.certificates import Authority
from tests.mqtt.conftest import LinkMaker
from tests.waiting import patience, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

TROUBLE_SECONDS = 40.0
AS_SHIPPED = {"max_reconnect_seconds": MqttSettings().max_reconnect_seconds}


@dataclass
class Trouble:
    """A link in trouble, by what name, and what mends it."""

    link: MqttLink
    name: str
    mend: Callable[[], None]


Maker = Callable[[Path, LinkMaker, ExitStack], Trouble]


def _half_open(folder: Path, make_link: LinkMaker, stack: ExitStack) -> Trouble:
    broker = stack.enter_context(mosquitto(folder / "broker"))
    proxy = stack.enter_context(_proxy(broker))
    link = make_link(proxy.port, **AS_SHIPPED)
    assert link.wait_connected(patience(10))
    proxy.stall()
    return Trouble(link, "broker_", proxy.resume)


def _flapping(folder: Path, make_link: LinkMaker, stack: ExitStack) -> Trouble:
    broker = stack.enter_context(mosquitto(folder / "broker"))
    link = make_link(broker.port, **AS_SHIPPED)
    for _ in range(6):
        assert link.wait_connected(patience(30))
        broker.kill()
        until(lambda: not link.state.is_connected, "the loss to be noticed")
        broker.start()
    broker.kill()
    return Trouble(link, "broker_unreachable", lambda: _start(broker))


def _refused_credentials(folder: Path, make_link: LinkMaker, stack: ExitStack) -> Trouble:
    running = stack.enter_context(house(folder / "house"))
    login = running.credentials("door-front-door")
    settings = running.settings("door-front-door").model_dump() | AS_SHIPPED
    stale = Credentials(login.username, "of an earlier broker", login.tls)
    link = make_link(credentials=stale, **settings)

    def mend() -> None:
        running.broker.stop()
        running.know(login.username, "of an earlier broker")
        running.broker.start()

    return Trouble(link, "broker_refused_credentials", mend)


def _wrong_certificate(folder: Path, make_link: LinkMaker, stack: ExitStack) -> Trouble:
    ours, theirs = Authority(folder / "ca"), Authority(folder / "other-ca")
    wrong = theirs.issue("localhost", folder / "wrong")
    right = ours.issue("localhost", folder / "right")
    lines = [f"certfile {wrong.certificate}", f"keyfile {wrong.key}", "allow_anonymous true"]
    broker = stack.enter_context(mosquitto(folder / "broker", *lines))
    tls = {"enabled": True, "ca_file": str(ours.certificate)}
    settings = MqttSettings.model_validate({"host": "localhost", "port": broker.port, "tls": tls})
    credentials = load_credentials(settings, config_folder=folder, environ={})
    link = make_link(broker.port, credentials=credentials, host="localhost", tls=tls, **AS_SHIPPED)

    def mend() -> None:
        broker.stop()
        broker.lines = (f"certfile {right.certificate}", f"keyfile {right.key}", lines[2])
        broker.start()

    return Trouble(link, "broker_certificate", mend)


# paho drops the socket of a failed handshake without closing it; reference counting does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("begin", [_half_open, _flapping, _refused_credentials, _wrong_certificate])
def test_it_is_connected_within_thirty_seconds_of_being_mended(
    tmp_path: Path, make_link: LinkMaker, begin: Maker
) -> None:
    with ExitStack() as stack:
        trouble = begin(tmp_path, make_link, stack)
        until(lambda: _names(trouble.link).startswith(trouble.name), trouble.name, 30)
        time.sleep(TROUBLE_SECONDS)
        assert not trouble.link.state.is_connected
        assert _names(trouble.link).startswith(trouble.name)
        trouble.mend()
        mended = time.monotonic()
        assert trouble.link.wait_connected(patience(30))
        print(f"{begin.__name__}: back after {time.monotonic() - mended:.1f} s")  # noqa: T201
        trouble.link.stop()


def _names(link: MqttLink) -> str:
    problem = link.state.problem
    return "" if problem is None else problem.name


def _start(broker: Mosquitto) -> None:
    broker.start()


@contextmanager
def _proxy(broker: Mosquitto) -> Iterator[Proxy]:
    between = Proxy(broker.port)
    try:
        yield between
    finally:
        between.close()
