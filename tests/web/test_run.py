"""`edgeverify web`: what keeps it from running is a sentence, and the door hears it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.page_socket import page_socket
from edgeverify.settings.web import WebSettings
from edgeverify.status_socket import Json, StatusServer
from edgeverify.web.folder import page_folder
from tests.ports import free_port
from tests.waiting import patience
from tests.web.stage import PASSWORD

ROOT = Path(__file__).resolve().parents[2]


def _run(folder: Path, *words: str, given: str = "", config: str = "") -> Result:
    path = folder / "front-door.yaml"
    path.write_text(f"door: front-door\n{config}", encoding="utf-8")
    options = ["--config", str(path), "--state", str(folder / "page")]
    return CliRunner().invoke(app, ["web", *words, *options], input=given)


def _serve(folder: Path, config: str) -> subprocess.CompletedProcess[str]:
    """Try to serve as a process of its own, which ends by itself where it cannot."""
    path = folder / "front-door.yaml"
    path.write_text(f"door: front-door\n{config}", encoding="utf-8")
    command = [sys.executable, "-m", "edgeverify", "web", "run", "--config", str(path)]
    command += ["--state", str(folder / "page"), "--door-state", str(folder / "state")]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=patience(30), cwd=ROOT
    )


def test_logins_are_made_changed_listed_and_removed(tmp_path: Path) -> None:
    made = _run(tmp_path, "password", "kim", "--role", "manager", given=f"{PASSWORD}\n")
    assert (made.exit_code, made.stdout) == (0, "kim: made, role manager\n")
    changed = _run(tmp_path, "password", "kim", given=f"{PASSWORD}\n")
    assert changed.stdout == "kim: changed, role viewer\n"
    assert _run(tmp_path, "logins").stdout.split() == ["kim", "viewer"]
    assert (tmp_path / "page").stat().st_mode & 0o777 == 0o700
    assert _run(tmp_path, "remove", "kim").stdout == "kim: removed\n"
    assert "nobody: make a log-in" in _run(tmp_path, "logins").stdout
    assert _run(tmp_path, "remove", "kim").exit_code == 78


def test_whoever_only_asks_makes_no_folder_and_no_file(tmp_path: Path) -> None:
    assert "nobody: make a log-in" in _run(tmp_path, "logins").stdout
    assert _run(tmp_path, "remove", "kim").exit_code == 78
    assert not (tmp_path / "page").exists()
    _run(tmp_path, "password", "kim", given=f"{PASSWORD}\n")
    before = (tmp_path / "page" / "logins.json").stat().st_mtime_ns
    assert _run(tmp_path, "remove", "somebody").exit_code == 78
    assert (tmp_path / "page" / "logins.json").stat().st_mtime_ns == before


def test_a_short_password_is_refused_with_what_to_do(tmp_path: Path) -> None:
    refused = _run(tmp_path, "password", "kim", given="short\n")
    assert refused.exit_code == 78
    assert "has 5" in refused.stderr
    assert "four or five words" in refused.stderr
    assert not (tmp_path / "page" / "logins.json").exists()


def test_a_page_that_is_not_switched_on_says_how(tmp_path: Path) -> None:
    refused = _run(tmp_path, "run")
    assert refused.exit_code == 78
    assert "web: {enabled: true}" in refused.stderr


def test_a_port_that_is_taken_is_named_to_the_door_too(tmp_path: Path) -> None:
    heard: list[Mapping[str, Json]] = []

    def alive(arguments: Mapping[str, Json]) -> dict[str, Json]:
        heard.append(arguments)
        return {}

    state = tmp_path / "state"
    state.mkdir()
    place = page_socket("front-door", state, {})
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        server = StatusServer(state, {"page-alive": alive}, name=place.name)
        try:
            refused = _serve(tmp_path, f"web: {{enabled: true, port: {port}}}\n")
        finally:
            server.close()
    assert refused.returncode == 2
    said = f"the page cannot listen on 127.0.0.1 port {port}"
    assert said in refused.stderr
    assert [str(one["problem"]).startswith(said) for one in heard] == [True]


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "a.pem").write_text("no certificate", encoding="utf-8")
    web = f"web: {{enabled: true, port: {free_port()}, certificate_file: a.pem, key_file: a.pem}}\n"
    refused = _serve(tmp_path, web)
    assert refused.returncode == 78
    assert "certificate or key cannot be used" in refused.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "door.example", "::"])  # noqa: S104
def test_passwords_never_cross_a_network_in_the_clear(host: str) -> None:
    with pytest.raises(ValueError, match="in the clear"):
        WebSettings(host=host)
    assert WebSettings(host=host, certificate_file="a", key_file="b").host == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_alone_needs_no_certificate(host: str) -> None:
    assert WebSettings(host=host).is_own_machine


def test_the_page_s_folder_is_the_service_s_where_there_is_one(tmp_path: Path) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path)}
    installed = Path("/etc/edgeverify/front.yaml")
    own = page_folder(Path("front.yaml"), "front-door", None, home, service=tmp_path)
    assert own == tmp_path / "edgeverify-web" / "front-door"
    found = page_folder(installed, "front-door", None, home, service=tmp_path)
    assert found == tmp_path / "front"
    given = {**home, "STATE_DIRECTORY": "/var/lib/x"}
    assert page_folder(installed, "front-door", None, given) == Path("/var/lib/x")
