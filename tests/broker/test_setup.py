"""What `edgeverify broker setup` leaves behind, once, twice, and where it must not."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

import pytest
import yaml
from typer.testing import CliRunner

from edgeverify.broker.access import EARLIER_RIGHTS, logins_of
from edgeverify.broker.certificates import ends_at
from edgeverify.broker.logins import encode_logins, read_hashes
from edgeverify.cli.main import app
from edgeverify.config import load_config
from tests.broker.setting_up import NAMES, contents, hosts_of, run
from tests.doors import DOOR


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(tmp_path / "house", "--door", DOOR, *NAMES)
    return tmp_path / "house"


def test_each_secret_stands_once_in_a_file_for_its_owner_alone(folder: Path) -> None:
    logins = sorted(path.name for path in (folder / "logins").iterdir())
    assert logins == [
        "door-front-door",
        "home-assistant",
        "lock-front-door",
        "monitor",
        "operator",
        "reader-front-door",
        "screen-front-door",
    ]
    passwords = [(folder / "logins" / name / "password").read_text().strip() for name in logins]
    assert len(set(passwords)) == len(logins)
    everything = contents(folder)
    for password in passwords:
        assert len(password) == 32
        (only,) = [name for name, text in everything.items() if password.encode() in text]
        assert stat.S_IMODE(Path(only).stat().st_mode) == 0o600
    for name in ("ca.key", "server.key", "logins.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_the_certificate_is_for_the_names_and_signed_by_the_authority(folder: Path) -> None:
    assert hosts_of((folder / "server.crt").read_bytes()) == ("broker.lan", "192.0.2.7")
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver"]
    said = subprocess.run(
        [*verify, "-CAfile", str(folder / "ca.crt"), str(folder / "server.crt")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.endswith("OK\n")


def test_the_config_beside_a_password_is_a_config(folder: Path) -> None:
    for path in (folder / "logins").glob("*/*.yaml"):
        settings = load_config(path).settings
        assert settings.door == DOOR
        assert settings.mqtt.username == path.parent.name
        assert settings.mqtt.host == "broker.lan"
        assert (path.parent / settings.mqtt.password_file).exists()
        assert (path.parent / settings.mqtt.tls.ca_file).exists()


def test_what_it_prints_for_the_door_is_what_the_doors_config_takes(tmp_path: Path) -> None:
    said = run(tmp_path / "house", "--door", DOOR, *NAMES)
    lines = [line[4:] for line in said.splitlines() if line.startswith("    ")]
    section = yaml.safe_load("\n".join(lines))["mqtt"]
    assert section["username"] == "door-front-door"
    assert Path(section["password_file"]).exists()
    assert Path(section["tls"]["ca_file"]).exists()


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    assert "everything is there already" in run(folder)
    assert "everything is there already" in run(folder, "--door", DOOR, *NAMES)
    assert contents(folder) == before


def test_a_second_door_is_added_and_the_first_keeps_its_logins(folder: Path) -> None:
    before = contents(folder)
    run(folder, "--door", "back-door")
    after = contents(folder)
    changed = {name for name, text in before.items() if after[name] != text}
    assert changed == {str(folder / "setup.json"), str(folder / "logins.json")}
    assert (folder / "logins/reader-back-door/password").exists()
    assert (folder / "logins/operator/back-door.yaml").exists()
    assert before[str(folder / "logins.json")] != after[str(folder / "logins.json")]


def test_a_login_that_was_carried_to_its_device_is_not_made_again(folder: Path) -> None:
    for path in (folder / "logins/reader-front-door").iterdir():
        path.unlink()
    (folder / "logins/reader-front-door").rmdir()
    before = contents(folder)
    assert "everything is there already" in run(folder)
    assert contents(folder) == before


def test_a_run_that_was_cut_short_is_completed(folder: Path) -> None:
    whole = contents(folder)
    for name in ("logins.json", "mosquitto.conf", "server.crt"):
        (folder / name).unlink()
    (folder / "logins/monitor/password").unlink()
    run(folder)
    after = contents(folder)
    assert set(after) == set(whole)
    kept = str(folder / "logins/operator/password")
    assert after[kept] == whole[kept]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--port", "1234"], "was set up on port 8883"),
        (["--host", "elsewhere.lan"], "was set up for broker.lan, 192.0.2.7"),
        (["--bind", "127.0.0.1"], "was set up on every address"),
        (["--door", "Front Door"], "is not a door's name"),
        (["--new-password", "nobody"], "there is no login 'nobody'"),
    ],
)
def test_what_would_overwrite_is_refused(folder: Path, words: list[str], says: str) -> None:
    before = contents(folder)
    assert says in run(folder, *words, code=2)
    assert contents(folder) == before


def test_a_run_that_found_a_full_disk_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own empty folder inside was taken for somebody else's."""

    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "broker"
    with monkeypatch.context() as disk:
        disk.setattr("edgeverify.broker.files.write_whole", full)
        said = run(folder, "--door", DOOR, *NAMES, code=2)
    assert "setup.json: No space left on device" in said
    assert "Free space on its disk, then do it again." in said
    run(folder, "--door", DOOR, *NAMES)
    assert (folder / "logins").is_dir()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mosquitto.conf").write_text("listener 1883\n")
    said = run(tmp_path, "--door", DOOR, *NAMES, code=2)
    assert "holds something else" in said
    assert [path.name for path in tmp_path.iterdir()] == ["mosquitto.conf"]


def test_a_broker_of_the_release_before_is_given_the_new_topics(folder: Path) -> None:
    """It knew no command, exit and notice; nobody has changed it by hand."""
    path = folder / "logins.json"
    new, known = path.read_bytes(), read_hashes(path.read_bytes(), str(path))
    earlier = EARLIER_RIGHTS[0]
    logins = [login for login in logins_of([DOOR]) if login.role in earlier]
    path.write_bytes(encode_logins(logins, known, earlier))
    assert b"/command" not in path.read_bytes()
    run(folder)
    assert {role["rolename"]: role for role in json.loads(path.read_bytes())["roles"]} == {
        role["rolename"]: role for role in json.loads(new)["roles"]
    }


def test_logins_changed_by_hand_are_not_overwritten(folder: Path) -> None:
    path = folder / "logins.json"
    path.write_text(path.read_text().replace("edgeverify/front-door/event", "edgeverify/#"))
    assert "was changed by hand" in run(folder, "--door", "back-door", code=2)


def test_nothing_is_made_without_a_door_or_a_host(tmp_path: Path) -> None:
    assert "no door is named" in run(tmp_path / "a", *NAMES, code=2)
    assert "what the broker is called" in run(tmp_path / "b", "--door", DOOR, code=2)
    assert list(tmp_path.iterdir()) == []


def test_a_lost_password_is_replaced_and_a_wrong_one_is_named(folder: Path) -> None:
    path = folder / "logins/reader-front-door/password"
    before = path.read_text()
    path.write_text("something else\n")
    assert "is not the password that the broker knows" in run(folder, code=2)
    run(folder, "--new-password", "reader-front-door")
    assert path.read_text() not in {before, "something else\n"}
    assert "everything is there already" in run(folder)


def test_the_certificate_is_renewed_by_the_same_authority(folder: Path) -> None:
    authority = (folder / "ca.crt").read_bytes()
    run(folder, "--renew", "--host", "new.lan", "--days", "30")
    assert hosts_of((folder / "server.crt").read_bytes()) == ("new.lan",)
    assert (folder / "ca.crt").read_bytes() == authority
    ends = ends_at((folder / "server.crt").read_bytes())
    assert ends - datetime.now(timezone.utc) < timedelta(days=31)
    assert "--renew makes a new one" in run(folder)
    (folder / "ca.key").unlink()
    assert "Bring it back" in run(folder, "--renew", code=2)


def test_without_mosquitto_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeverify.broker.conf.PLUGIN_PLACES", ("nowhere",))
    words = ["broker", "setup", str(tmp_path / "house"), "--door", DOOR, *NAMES]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "apt-get install mosquitto" in done.output
    assert "Traceback" not in done.output
