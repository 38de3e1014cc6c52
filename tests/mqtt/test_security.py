"""Passwords, certificates, and the configuration that ships for Mosquitto."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from edgeverify.client import Feed
from edgeverify.errors import BrokerError, ConfigError, KeyUnusableError
from edgeverify.events import Topics
from edgeverify.mqtt import load_credentials
from edgeverify.settings import MqttSettings
from tests.brokers import mosquitto
from tests.certificates import Authority
from tests.doors import DOOR
from tests.mqtt.conftest import LinkMaker, came, collect
from tests.waiting import patience, until

CONFIG = Path(__file__).resolve().parents[2] / "config" / "mosquitto"
TOPICS = Topics(DOOR)
USERS = ("door-front-door", "reader-front-door", "lock-front-door", "monitor", "stranger")


def _passwords(folder: Path) -> Path:
    path = folder / "passwd"
    for user in USERS:
        create = [] if path.exists() else ["-c"]
        subprocess.run(
            ["mosquitto_passwd", "-b", *create, str(path), user, f"{user}-pw"], check=True
        )
    return path


def _settings(port: int, **more: object) -> MqttSettings:
    return MqttSettings.model_validate({"host": "localhost", "port": port} | more)


def test_a_refused_password_is_named(tmp_path: Path, make_link: LinkMaker) -> None:
    lines = ("allow_anonymous false", f"password_file {_passwords(tmp_path)}")
    secret = tmp_path / "broker-password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    chosen = {"username": "door-front-door", "password_file": "broker-password"}
    with mosquitto(tmp_path / "broker", *lines) as broker:
        settings = _settings(broker.port, **chosen)
        credentials = load_credentials(settings, config_folder=tmp_path, environ={})
        link = make_link(broker.port, credentials=credentials, **chosen)
        until(lambda: link.state.problem and "refused" in link.state.problem.name, "the refusal")
        problem = link.state.problem
        assert problem is not None
        assert problem.name == "broker_refused_credentials"
        assert "wrong" not in problem.detail
        link.stop()

        secret.write_text("door-front-door-pw\n")
        credentials = load_credentials(settings, config_folder=tmp_path, environ={})
        assert make_link(broker.port, credentials=credentials, **chosen).wait_connected(patience(5))


def test_a_password_file_for_everybody_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "broker-password"
    secret.write_text("secret")
    secret.chmod(0o644)
    settings = _settings(1883, password_file="broker-password")  # noqa: S106 - a file name
    with pytest.raises(KeyUnusableError, match="readable by others"):
        load_credentials(settings, config_folder=tmp_path, environ={})


def test_the_password_may_come_as_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "mqtt-password").write_text("from systemd\n")
    (tmp_path / "mqtt-password").chmod(0o440)
    settings = _settings(1883, username="door", password_file="mqtt-password")  # noqa: S106 - likewise
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = load_credentials(settings, config_folder=Path("/nowhere"), environ=environ)
    assert found.password == "from systemd"  # noqa: S105 - of a test


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


def test_a_door_that_its_broker_lets_do_nothing_says_so(
    tmp_path: Path, make_link: LinkMaker
) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic read nothing\n")
    acl.chmod(0o700)
    lines = ("allow_anonymous true", f"acl_file {acl}")
    with mosquitto(tmp_path / "broker", *lines) as broker:
        link = make_link(broker.port)
        assert link.wait_connected(patience(5))
        audit = link.publish_audit(b"history")
        assert audit is not None
        assert not audit.wait(patience(5)), "a PUBACK of 0x80 or above is none"
        assert audit.problem == "Not authorized"
        problem = link.state.problem
        assert problem is not None
        assert problem.name == "broker_refuses_messages"
        assert link.state.is_connected


def test_the_shipped_broker_configuration_keeps_everybody_to_their_topics(
    tmp_path: Path, make_link: LinkMaker
) -> None:
    authority = Authority(tmp_path / "ca")
    server = authority.issue("localhost", tmp_path / "server")
    shipped = (CONFIG / "edgeverify.conf").read_text(encoding="utf-8")
    replaced = {
        "/etc/mosquitto/edgeverify.passwd": str(_passwords(tmp_path)),
        "/etc/mosquitto/edgeverify.acl": str(CONFIG / "edgeverify.acl"),
        "/etc/mosquitto/certs/ca.crt": str(authority.certificate),
        "/etc/mosquitto/certs/server.crt": str(server.certificate),
        "/etc/mosquitto/certs/server.key": str(server.key),
        "persistence true": f"persistence true\npersistence_location {tmp_path}/",
    }
    global_part, listener_part = shipped.split("listener 8883")
    for old, new in replaced.items():
        global_part = global_part.replace(old, new)
        listener_part = listener_part.replace(old, new)
    lines = [line for line in global_part.splitlines() if not line.startswith("#")]
    secret = tmp_path / "pw"
    secret.write_text("door-front-door-pw")
    secret.chmod(0o600)
    tls = {"enabled": True, "ca_file": str(authority.certificate)}
    chosen = {"username": "door-front-door", "password_file": "pw", "tls": tls}
    # the TLS lines of the shipped listener stand behind the test's own `listener` line
    with mosquitto(tmp_path / "broker", *listener_part.splitlines(), *lines) as broker:
        settings = _settings(broker.port, **chosen)
        credentials = load_credentials(settings, config_folder=tmp_path, environ={})
        link = make_link(broker.port, credentials=credentials, **(chosen | {"host": "localhost"}))
        assert link.wait_connected(patience(10))

        def feed(user: str, *topics: str) -> Feed:
            return Feed(
                "localhost",
                broker.port,
                topics=topics,
                username=user,
                password=f"{user}-pw",
                tls=credentials.tls,
            )

        with feed("lock-front-door", TOPICS.event) as lock, feed("monitor", TOPICS.audit) as room:
            audit = link.publish_audit(b"history")
            assert audit is not None
            assert audit.wait(patience(5))
            assert collect(room, 1)[0].payload == b"history"
            # a lock that claims, and a monitor that grants, are refused
            for who, topic in ((lock, TOPICS.claim), (lock, TOPICS.event), (room, TOPICS.event)):
                assert who._client is not None
                who._client.publish(topic, b"forged", qos=1).wait_for_publish(patience(5))
            assert came(lock) == []
        for user, topic in (
            ("lock-front-door", TOPICS.audit),
            ("monitor", TOPICS.event),
            ("reader-front-door", TOPICS.event),
            ("stranger", TOPICS.status),
        ):
            with feed(user, topic) as nosy:
                link.set_status(b"{}")
                history = link.publish_audit(b"for the control room")
                assert history is not None
                assert history.wait(patience(5))  # the broker has passed both on, or has not
                assert came(nosy) == []
    with pytest.raises(BrokerError), Feed("127.0.0.1", broker.port, topics=("x",)):
        pass
