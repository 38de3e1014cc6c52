"""A support bundle holds what a helper needs; it is searched here for what it must not hold."""

from __future__ import annotations

import base64
import json
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.redaction import Redactor
from edgeverify.settings import Settings
from edgeverify.status_socket import StatusServer

PASSWORD = "hunter2-of-the-broker"  # noqa: S105  (made up)
CONFIG = """
door: front-door
camera: {source: "rtsp://viewer:s3cr3t%40door@192.0.2.7:554/stream?token=abc123"}
mqtt: {username: door-login, password_file: broker.password}
keys: {master_key_file: master.key}
claims: {sources: [mqtt, fixed], fixed_card: "0099"}
staff:
  - {card: "0012345", name: Ada Lovelace, photos: [photos/ada.jpg]}
  - {card: "7", name: "Grace Hopper", photos: [photos/grace.jpg]}
"""
EMBEDDING = np.random.default_rng(5).normal(size=128).astype(np.float32)
LOG = f"""\
door: granted card 0012345 (Ada Lovelace)
door: denied card 7: non_match after 17 frames
enrolment: photos/ada.jpg: eye distance 41
mqtt: refused login door-login with password={PASSWORD}
mqtt: tried "{PASSWORD}"
camera: rtsp://viewer:s3cr3t%40door@192.0.2.7:554/stream?token=abc123 gave nothing
camera: gst: rtspsrc user-id=viewer user-pw="s3cr3t"
debug: {base64.b64encode(EMBEDDING.tobytes()).decode()}
debug: {EMBEDDING.tolist()}
debug: {EMBEDDING.tobytes().hex()}
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIC0aMW
-----END PRIVATE KEY-----
"""
FORBIDDEN = [
    "0012345",
    "0099",
    "Ada",
    "Lovelace",
    "Hopper",
    "ada.jpg",
    PASSWORD,
    "door-login",
    "s3cr3t",
    "viewer",
    "abc123",
    "MC4CAQ",
    base64.b64encode(EMBEDDING.tobytes()).decode()[:40],
    EMBEDDING.tobytes().hex()[:40],
    str(EMBEDDING.tolist()[3]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "door.yaml").write_text(CONFIG)
    (tmp_path / "broker.password").write_text(PASSWORD + "\n")
    (tmp_path / "broker.password").chmod(0o600)
    (tmp_path / "master.key").write_bytes(b"0123456789abcdef0123456789abcdef")
    (tmp_path / "door.log").write_text(LOG)
    return tmp_path


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A daemon's state, with an embedding and a face in it, and somebody who answers."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "references.sqlite").write_bytes(EMBEDDING.tobytes())
    (state / "master.key").write_bytes(b"0123456789abcdef0123456789abcdef")
    answer = {"state": "degraded", "reasons": [{"name": "x", "detail": "Ada Lovelace, card 7"}]}
    server = StatusServer(state, {"status": lambda _: answer})  # type: ignore[dict-item]
    yield state
    server.close()


def bundle_of(folder: Path, *arguments: str) -> dict[str, str]:
    output = folder / "support.tar.gz"
    done = CliRunner().invoke(app, ["diagnose", "-o", str(output), *arguments])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    with tarfile.open(output) as archive:
        found = {}
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.removeprefix("edgeverify-support/")] = file.read().decode()
        return found


@pytest.mark.parametrize("name", ["report.zip", "support", "support.tar"])
def test_a_bundle_is_called_what_it_is(folder: Path, name: str) -> None:
    done = CliRunner().invoke(app, ["diagnose", "-o", str(folder / name)])
    assert done.exit_code == 2
    assert "FILE.tar.gz" in done.output
    assert not (folder / name).exists()


def arguments(folder: Path, state: Path) -> list[str]:
    config, log = folder / "door.yaml", folder / "door.log"
    return ["--config", str(config), "--state", str(state), "--log", str(log)]


def test_a_bundle_holds_what_a_helper_needs(folder: Path, state: Path) -> None:
    parts = bundle_of(folder, *arguments(folder, state))
    assert set(parts) == {
        "README.txt",
        "log.txt",
        "machine.txt",
        "service.txt",
        "settings.json",
        "status.json",
        "versions.json",
    }
    settings = json.loads(parts["settings.json"])
    assert settings["door"] == "front-door"
    assert settings["staff"] == "2 people"
    assert settings["camera"]["source"].startswith("rtsp://192.0.2.7:554 (address ")
    assert "numpy" in json.loads(parts["versions.json"])["packages"]
    assert json.loads(parts["status.json"])["state"] == "degraded"
    log = parts["log.txt"].splitlines()
    assert log[0] == "door: granted card card-1 (person-1)"
    assert log[1] == "door: denied card card-2: non_match after 17 frames"
    assert log[2] == "enrolment: photo-1.1: eye distance 41"


def test_no_secret_no_face_and_nobody_is_in_it(folder: Path, state: Path) -> None:
    parts = bundle_of(folder, *arguments(folder, state))
    everything = "\n".join(parts.values())
    assert [secret for secret in FORBIDDEN if secret in everything] == []
    assert b"0123456789abcdef".decode() not in everything


def test_the_search_itself_would_find_them() -> None:
    """A control: the same log, not cleaned, holds every one of them."""
    everything = CONFIG + LOG
    assert [secret for secret in FORBIDDEN if secret not in everything] == []


def test_without_config_daemon_or_log_the_rest_is_still_written(tmp_path: Path) -> None:
    parts = bundle_of(
        tmp_path, "--config", str(tmp_path / "none.yaml"), "--state", str(tmp_path / "none")
    )
    assert "not available" in parts["settings.json"]
    assert "no daemon is running" in parts["status.json"]
    assert json.loads(parts["versions.json"])["python"]


def test_a_broken_config_is_a_reason_for_a_bundle_not_against_it(folder: Path, state: Path) -> None:
    (folder / "door.yaml").write_text("door: [1\n")
    parts = bundle_of(folder, *arguments(folder, state))
    assert "door.yaml" in parts["settings.json"]
    assert "s3cr3t" not in "\n".join(parts.values())


def test_an_existing_file_is_never_overwritten(folder: Path, state: Path) -> None:
    (folder / "support.tar.gz").write_text("mine")
    done = CliRunner().invoke(
        app, ["diagnose", "-o", str(folder / "support.tar.gz"), *arguments(folder, state)]
    )
    assert done.exit_code == 2
    assert "cannot be written" in done.output
    assert (folder / "support.tar.gz").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("http://a:b@host/x", "http://host/***"),
        ("rtsp://user@host", "rtsp://host"),
        ("rtsp://host:554/user=a_password=b c", "rtsp://host:554/*** c"),
        ("rtsp://user:p/w@host/x", "rtsp://***"),
        ("rtsp://user:p#w@host/x", "rtsp://***"),
        ("http://host/x?user=a&pwd=b end", "http://host/*** end"),
        ('{"password": "p w"}', '{"password": ***}'),
        ("token: abc, next", "token: ***, next"),
        ("password_file: broker.password", "password_file: broker.password"),
        ("threshold 0.3512 of 0.71", "threshold 0.3512 of 0.71"),
        ("sha256 " + "a" * 64, "sha256 " + "a" * 64),
    ],
)
def test_what_is_cut_and_what_stays(text: str, cleaned: str) -> None:
    assert Redactor(Settings()).clean(text) == cleaned
