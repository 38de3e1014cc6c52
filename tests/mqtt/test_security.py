"""Passwords, certificates, and the configuration that ships for Mosquitto."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psutil
import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edgeverify.domain import Asker
from edgeverify.errors import ConfigError, KeyUnusableError
from edgeverify.events import Topics
from edgeverify.mqtt import load_credentials
from edgeverify.mqtt.party import arrival_of
from edgeverify.settings import MqttSettings
from tests.broker.house import house
from tests.brokers import mosquitto
from tests.certificates import Authority
from tests.doors import DOOR
from tests.mqtt.conftest import Claims, LinkMaker, collect
from tests.waiting import patience, until

TOPICS = Topics(DOOR)


def _settings(port: int, **more: object) -> MqttSettings:
    return MqttSettings.model_validate({"host": "localhost", "port": port} | more)


def test_a_refused_password_is_named(tmp_path: Path, make_link: LinkMaker) -> None:
    with house(tmp_path / "house") as running:
        folder = running.login("door-front-door")
        settings, right = running.settings("door-front-door"), running.password("door-front-door")
        chosen = settings.model_dump()
        (folder / "password").write_text("wrong\n")
        credentials = load_credentials(settings, config_folder=folder, environ={})
        link = make_link(credentials=credentials, **chosen)
        until(lambda: link.state.problem and "refused" in link.state.problem.name, "the refusal")
        problem = link.state.problem
        assert problem is not None
        assert problem.name == "broker_refused_credentials"
        assert "wrong" not in problem.detail
        link.stop()

        (folder / "password").write_text(right + "\n")
        credentials = load_credentials(settings, config_folder=folder, environ={})
        assert make_link(credentials=credentials, **chosen).wait_connected(patience(5))


def test_a_password_file_for_everybody_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "broker-password"
    secret.write_text("secret")
    secret.chmod(0o644)
    settings = _settings(1883, password_file="broker-password")  # noqa: S106 - a file name
    with pytest.raises(KeyUnusableError, match="readable by others"):
        load_credentials(settings, config_folder=tmp_path, environ={})


@pytest.mark.parametrize("name", ["hunter2", "my hunter2!", "hunter2" * 40, "a.b/hunter2"])
def test_a_password_in_the_place_of_its_file_is_not_repeated(tmp_path: Path, name: str) -> None:
    settings = _settings(1883, username="door", password_file=name)
    with pytest.raises(KeyUnusableError, match="is absent") as caught:
        load_credentials(settings, config_folder=tmp_path, environ={})
    assert "hunter2" not in str(caught.value)
    assert "never the password itself" in caught.value.advice


def test_a_byte_order_mark_is_no_part_of_the_password(tmp_path: Path) -> None:
    secret = tmp_path / "broker-password"
    secret.write_bytes("\ufeffsecret\r\n".encode())
    secret.chmod(0o600)
    settings = _settings(1883, username="door", password_file="broker-password")  # noqa: S106 - a file name
    found = load_credentials(settings, config_folder=tmp_path, environ={})
    assert found.password == "secret"  # noqa: S105 - of a test


def test_the_password_may_come_as_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "mqtt-password").write_text("from systemd\n")
    (tmp_path / "mqtt-password").chmod(0o440)
    settings = _settings(1883, username="door", password_file="mqtt-password")  # noqa: S106 - likewise
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = load_credentials(settings, config_folder=Path("/nowhere"), environ=environ)
    assert found.password == "from systemd"  # noqa: S105 - of a test


def test_a_command_outside_the_service_finds_the_password_that_systemd_hands_over(
    tmp_path: Path,
) -> None:
    (tmp_path / "credentials").mkdir(mode=0o700)
    secret = tmp_path / "credentials/broker-password"
    secret.write_text("from systemd\n")
    secret.chmod(0o600)
    settings = _settings(1883, username="door", password_file="broker-password")  # noqa: S106 - likewise
    found = load_credentials(settings, config_folder=tmp_path, environ={})
    assert found.password == "from systemd"  # noqa: S105 - of a test
    (tmp_path / "broker-password").write_text("beside the config")
    (tmp_path / "broker-password").chmod(0o600)
    found = load_credentials(settings, config_folder=tmp_path, environ={})
    assert found.password == "beside the config"  # noqa: S105 - of a test


def test_tls_with_client_certificates(tmp_path: Path, make_link: LinkMaker) -> None:
    authority = Authority(tmp_path / "ca")
    server = authority.issue("localhost", tmp_path / "server")
    door = authority.issue("door-front-door", tmp_path / "door")
    lines = (
        "allow_anonymous false",
        f"cafile {authority.certificate}",
        f"certfile {server.certificate}",
        f"keyfile {server.key}",
        "require_certificate true",
        "use_identity_as_username true",
    )
    tls = {
        "enabled": True,
        "ca_file": "ca/ca.crt",
        "certificate_file": "door/cert.crt",
        "key_file": "door/cert.key",
    }
    assert door.key.exists()
    with mosquitto(tmp_path / "broker", *lines) as broker:
        settings = _settings(broker.port, tls=tls)
        credentials = load_credentials(settings, config_folder=tmp_path, environ={})
        link = make_link(broker.port, credentials=credentials, host="localhost", tls=tls)
        assert link.wait_connected(patience(10))
        assert link.state.protocol == "5"


def test_a_right_that_is_given_back_is_no_fault_any_more(
    tmp_path: Path, make_link: LinkMaker
) -> None:
    """Whoever mends the access list beside a running door sees it mended, without a reconnect."""
    rights = tmp_path / "acl"
    rights.write_text("topic readwrite #\n")
    lines = ("allow_anonymous true", f"acl_file {rights}")
    with mosquitto(tmp_path / "broker", *lines) as broker:
        link = make_link(broker.port)
        assert link.wait_connected(patience(10))

        def named_after(rule: str) -> str:
            assert broker.process is not None
            rights.write_text(f"topic {rule}\n")
            broker.process.send_signal(signal.SIGHUP)
            link.set_status(f"after {rule}".encode())
            problem = link.state.problem
            return problem.name.value if problem else ""

        until(lambda: named_after("read #") == "broker_refuses_messages", "the refusal")
        until(lambda: not named_after("readwrite #"), "the fault to be over")
        assert link.state.connections == 1


# paho drops the socket of a failed handshake without closing it; reference counting does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_of_somebody_else_is_named(tmp_path: Path, make_link: LinkMaker) -> None:
    ours, theirs = Authority(tmp_path / "ca"), Authority(tmp_path / "other-ca")
    server = theirs.issue("localhost", tmp_path / "server")
    lines = (
        "allow_anonymous true",
        f"certfile {server.certificate}",
        f"keyfile {server.key}",
    )
    tls = {"enabled": True, "ca_file": str(ours.certificate)}
    with mosquitto(tmp_path / "broker", *lines) as broker:
        settings = _settings(broker.port, tls=tls)
        credentials = load_credentials(settings, config_folder=tmp_path, environ={})
        link = make_link(broker.port, credentials=credentials, host="localhost", tls=tls)
        until(lambda: link.state.problem and "certificate" in link.state.problem.name, "its name")
        assert not link.state.is_connected
        handles = psutil.Process().num_fds()
        attempts = broker.log().count("New connection")
        until(lambda: broker.log().count("New connection") > attempts + 1, "two more tries", 20)
        assert psutil.Process().num_fds() <= handles + 2


def test_a_certificate_file_that_is_none_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("not a certificate")
    settings = _settings(1883, tls={"enabled": True, "ca_file": "ca.crt"})
    with pytest.raises(ConfigError, match=r"mqtt\.tls\.ca_file"):
        load_credentials(settings, config_folder=tmp_path, environ={})


@pytest.mark.parametrize(
    ("login", "names"),
    [
        ("reader-front-door", {"broker_refuses_claims", "broker_refuses_messages"}),
        ("monitor", {"broker_refuses_claims", "broker_refuses_messages"}),
        ("operator", {"broker_refuses_claims", "broker_refuses_messages"}),
    ],
)
def test_a_door_that_its_broker_lets_do_nothing_says_so(
    tmp_path: Path,
    make_link: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    login: str,
    names: set[str],
) -> None:
    """A door that was given another's login."""
    with house(tmp_path / "house") as running:
        settings = running.settings(login)
        link = make_link(credentials=running.credentials(login), **settings.model_dump())
        assert link.wait_connected(patience(5))
        audit = link.publish.audit(b"history")
        assert audit is not None
        assert not audit.wait(patience(5)), "a PUBACK of 0x80 or above is none"
        assert audit.problem == "Not authorized"
        until(lambda: link.state.problem is not None, "the refusal to be named")
        assert link.state.is_connected
        problem = link.state.problem
        assert problem is not None
        assert problem.name in names
        assert f"edgeverify/{DOOR}/" in problem.detail
        until(lambda: all(name in caplog.text for name in names), "each to be logged")
        assert TOPICS.claim in caplog.text
        assert TOPICS.audit in caplog.text


def test_the_door_of_a_house_does_all_that_a_door_does(
    tmp_path: Path, make_link: LinkMaker
) -> None:
    claims = Claims()
    with house(tmp_path / "house") as running:
        settings = running.settings("door-front-door")
        link = make_link(
            claims=claims,
            credentials=running.credentials("door-front-door"),
            **settings.model_dump(),
        )
        assert link.wait_connected(patience(10))
        lock = running.feed("lock-front-door", TOPICS.event)
        room = running.feed("monitor", TOPICS.audit, TOPICS.status)
        own = f"{TOPICS.answer}/reader-7"
        reader = running.feed("reader-front-door", own, TOPICS.prompt)
        with lock, room, reader:
            reader.publish(TOPICS.claim, b"a claim", answer_topic=own, correlation=b"42")
            assert claims.came.wait(patience(10))
            (arrival,) = claims.arrivals
            assert arrival.asker == Asker(topic=own, correlation=b"42")
            now = datetime.now(timezone.utc)
            expires_at = now + timedelta(seconds=60)
            link.publish.answer(b"an answer", arrival.asker, expires_at=expires_at, now=now)
            link.publish.prompt(b"a prompt", seconds=60)
            link.publish.live(b"an event", expires_at=expires_at, now=now)
            assert {m.payload for m in collect(reader, 2)} == {b"an answer", b"a prompt"}
            assert [m.payload for m in collect(lock, 1)] == [b"an event"]
            audit = link.publish.audit(b"history")
            assert audit is not None
            assert audit.wait(patience(5))
            link.set_status(b"{}")
            assert {m.payload for m in collect(room, 2)} == {b"history", b"{}"}
        assert link.state.problem is None


@pytest.mark.parametrize(
    "wanted",
    [
        "edgeverify/front-door/event",
        "edgeverify/front-door/answers",
        "edgeverify/front-door/answer/+",
        "edgeverify/front-door/answer/" + "x" * 300,
        "edgeverify/back-door/answer/x",
        "somewhere/else",
        "",
    ],
)
def test_a_response_topic_that_is_not_an_answers_is_not_used(wanted: str) -> None:
    assert TOPICS.answer_at(wanted) == TOPICS.answer


def test_too_much_correlation_data_is_not_sent_back() -> None:
    message = MQTTMessage(topic=TOPICS.claim.encode())
    message.payload = b"a claim"
    message.properties = Properties(PacketTypes.PUBLISH)
    message.properties.CorrelationData = b"x" * 60_000
    assert arrival_of(message, TOPICS).asker == Asker(topic=TOPICS.answer)
