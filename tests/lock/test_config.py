"""The lock's YAML: what is missing or wrong is named with its line, and the example is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeverify.config import ConfigProblemsError
from edgeverify.lock.config import load_lock_config
from edgeverify.lock.settings import (
    CommandRelay,
    GpioInput,
    GpioRelay,
    HidRelay,
    LockSettings,
    OsdpRelay,
    SerialRelay,
)
from tests.doors import door_keys, public_pem

ROOT = Path(__file__).resolve().parents[2]
OSDP = "kind: osdp\n  port: /dev/ttyUSB0\n  key_file: osdp.key"
GOOD = """\
door: front-door
keys: [front-door.pub]
lock_type: fail_secure
relay:
  kind: gpio
  line: 17
"""


def _problem(tmp_path: Path, text: str) -> str:
    path = tmp_path / "lock.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigProblemsError) as caught:
        load_lock_config(path)
    return str(caught.value).replace(f"{path}:", "").replace(f"{path}", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("door: front-door", "door: Front Door"), "1: door: a door's name is"),
        (("door: front-door\n", ""), "door: is missing: the door's name"),
        (("lock_type: fail_secure\n", ""), "lock_type: is missing: fail_secure (locked without"),
        (("fail_secure", "safe"), "3: lock_type: must be fail_secure or fail_safe, not the text"),
        (("keys: [front-door.pub]\n", ""), "edgeverify keys show --pem"),
        (("keys: [front-door.pub]", "keys: []"), "2: keys: must not be empty"),
        (("  line: 17", "  line: -1"), "6: relay.line: must be 0 to 1023, not -1"),
        (("  line: 17", "  lien: 17"), "6: relay.lien: unknown key; did you mean 'line'?"),
        (("kind: gpio", "kind: magic"), "5: relay.kind: must be gpio, usb_hid, usb_serial, osdp"),
        (("  kind: gpio\n", ""), "relay.kind: must be gpio, usb_hid"),
        (("door:", "pulse_seconds: 300\ndoor:"), "pulse_seconds: must be 0.2 to 120, not 300"),
        (("door:", "pulse_second: 3\ndoor:"), "1: pulse_second: unknown key; did you mean"),
        (("kind: gpio\n  line: 17", f"{OSDP}\npulse_seconds: 26"), "at most 25 with an osdp"),
        (("secure\nrelay:\n  kind: gpio\n  line: 17", f"safe\nrelay:\n  {OSDP}"), "has a timer"),
        (("door:", "door_contact: {line: 17}\ndoor:"), "need a line each"),
        (
            ("  kind: gpio\n  line: 17", "  kind: command\n  release: [x]\n  rest: [/x]"),
            "whole path",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    assert words in _problem(tmp_path, GOOD.replace(*change, 1))


def test_the_shipped_example_holds_and_shows_every_key() -> None:
    path = ROOT / "config" / "edgeverify-lock.yaml"
    assert load_lock_config(path).settings.lock_type == "fail_secure"
    text = path.read_text(encoding="utf-8")
    sections = (GpioRelay, HidRelay, SerialRelay, OsdpRelay, CommandRelay, GpioInput, LockSettings)
    for section in sections:
        for name in section.model_fields:
            assert f"{name}:" in text, name


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgeverify.lock.main", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_config_says_what_the_relay_will_do(tmp_path: Path) -> None:
    path = tmp_path / "lock.yaml"
    path.write_text(GOOD, encoding="utf-8")
    without_key = _run("check-config", "--config", str(path))
    assert without_key.returncode == 78
    assert "front-door.pub" in without_key.stderr
    assert "Traceback" not in without_key.stderr
    keys = door_keys(tmp_path)
    public_pem(tmp_path, keys.public)
    checked = _run("check-config", "--config", str(path))
    assert checked.returncode == 0, checked.stderr
    assert "front-door, fail_secure: the relay (gpio) is energised to release" in checked.stdout
    assert keys.keyid in checked.stdout


def test_check_config_looks_at_everything_that_the_config_names(tmp_path: Path) -> None:
    """Each of these kept the program from starting, or the door from opening, after an `ok`."""
    path = tmp_path / "lock.yaml"
    head = "door: front-door\nkeys: [front-door.pub]\nlock_type: fail_secure\n"
    amiss = (
        "relay: {kind: command, release: [/nonexistent/door], rest: [/bin/true]}\n"
        "mqtt: {username: lock, password_file: password, tls: {enabled: true, ca_file: ca.crt}}\n"
    )
    path.write_text(head + amiss, encoding="utf-8")
    checked = _run("check-config", "--config", str(path))
    assert checked.returncode == 78
    for said in ("3 mistakes", "front-door.pub", "/nonexistent/door", "password"):
        assert said in checked.stderr, checked.stderr
    public_pem(tmp_path, door_keys(tmp_path).public)
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    path.write_text(head + amiss.replace("/nonexistent/door", "/bin/true"), encoding="utf-8")
    checked = _run("check-config", "--config", str(path))
    assert checked.returncode == 78
    assert "mqtt.tls.ca_file cannot be used" in checked.stderr
    assert "secret" not in checked.stderr
    path.write_text(head + amiss.replace("/nonexistent/door", "/etc/passwd"), encoding="utf-8")
    assert (
        "relay.release: /etc/passwd is not a program"
        in _run("check-config", "-c", str(path)).stderr
    )


def test_an_absent_config_is_an_error_for_people() -> None:
    missing = _run("run", "--config", "/nowhere/lock.yaml")
    assert missing.returncode == 78
    assert (
        missing.stderr == "error: /nowhere/lock.yaml: cannot be read: No such file or directory\n"
    )


def test_try_relay_releases_for_a_pulse_and_locks(tmp_path: Path) -> None:
    said = tmp_path / "said"
    for word in ("released", "resting"):
        program = tmp_path / word
        program.write_text(f"#!/bin/sh\necho {word} >> {said}\n", encoding="utf-8")
        program.chmod(0o755)
    path = tmp_path / "lock.yaml"
    relay = f"{{kind: command, release: [{tmp_path}/released], rest: [{tmp_path}/resting]}}"
    head = "door: front-door\nkeys: [front-door.pub]\nlock_type: fail_secure\npulse_seconds: 0.2\n"
    path.write_text(f"{head}relay: {relay}\n", encoding="utf-8")
    assert _run("try-relay", "-c", str(path)).stdout == "released for 0.2 s\nlocked\n"
    assert said.read_text().split() == ["released", "resting"]
    (tmp_path / "released").unlink()
    failed = _run("try-relay", "-c", str(path))
    assert failed.returncode == 2
    assert "released cannot be started: No such file" in failed.stderr
    assert said.read_text().split()[2:] == ["resting"]
