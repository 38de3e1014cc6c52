"""What keeps the service from starting, `check-config` says before: one list, tried on both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.daemon.service import assemble
from edgeverify.errors import EdgeverifyError
from edgeverify.state import open_state
from edgeverify.systemd import ServiceManager
from tests.cli.conftest import Desk
from tests.config.test_bad_configs import BAD

CONFIG, USAGE = 78, 2

HOURS = (
    'staff:\n  - card: "1"\n    name: Ada\n    photos: [obama.jpg]\n'
    '    hours: {windows: ["Mon-Fri 07:00-19:00"]}\n'
)
DATES = (
    'staff:\n  - card: "1"\n    name: Ada\n    photos: [obama.jpg]\n    valid_until: 2026-12-31\n'
)
IN_THE_FIELD: list[tuple[str, str, str, int]] = [
    ("no host in the camera's address", 'camera: {source: "rtsp://"}', "names no host", CONFIG),
    ("a scheme that no camera has", 'camera: {source: "ftp://c/1"}', "cannot read ftp", CONFIG),
    ("another program's word for a camera", 'camera: {source: "usb:0"}', "neither a vid", CONFIG),
    ("a camera's number below zero", 'camera: {source: "-1"}', "neither a video", CONFIG),
    ("a list of files of FFmpeg's", 'camera: {source: "concat:a|b"}', "neither a video", CONFIG),
    ("a share of a network", 'camera: {source: "//camera/1.mp4"}', "neither a video", CONFIG),
    ("a bare # in its password", 'camera: {source: "rtsp://a:b#c@d/1"}', "percent-enc", CONFIG),
    ("a pipeline without an element", 'camera: {source: "gst: !"}', "an element", CONFIG),
    ("a pipeline with an end", 'camera: {source: "gst: a ! appsink"}', "its sink", CONFIG),
    ("a folder as a camera", "camera: {source: .}", "is a folder", CONFIG),
    ("an absent password", "mqtt: {username: a, password_file: gone}", "is absent", CONFIG),
    ("a CA that is no PEM", "mqtt: {tls: {enabled: true, ca_file: obama.jpg}}", "ca_file", CONFIG),
    ("an absent CA", "mqtt: {tls: {enabled: true, ca_file: gone.pem}}", "ca_file", CONFIG),
    ("a scheme in the broker's name", 'mqtt: {host: "mqtt://b"}', "address alone", CONFIG),
    ("a port in the broker's name", 'mqtt: {host: "b:1883"}', "mqtt.port", CONFIG),
    ("an absent master key", "keys: {master_key_file: gone}", "is absent", CONFIG),
    ("an owner's key that is none", "model: {owner_key_file: obama.jpg}", "owner_key", CONFIG),
    ("a bundle that is not there", "model: ./nowhere", "bundle", CONFIG),
    ("hours of no time zone", HOURS, "need a time zone", CONFIG),
    ("dates of no time zone", DATES, "need a time zone", CONFIG),
]


def _start(desk: Desk) -> tuple[int, str]:
    """Begin as `edgeverify run` does; exit code and words of what keeps it from starting."""
    manager = ServiceManager.from_environment({}, os.getpid())
    try:
        config = load_config(desk.config)
        state = open_state(desk.state, config.settings.door)
        assemble(config, state, os.environ, manager)
    except EdgeverifyError as error:
        return error.exit_code, str(error)
    raise AssertionError("it would start")


@pytest.mark.parametrize("text", [row[1] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_config_ends_both_alike(desk: Desk, text: str) -> None:
    desk.config.write_text(text, encoding="utf-8")
    checked = desk.run("check-config", desk.config)
    code, said = _start(desk)
    assert checked.code == code == CONFIG
    assert checked.err.strip().removeprefix("edgeverify: ") == said.strip()


@pytest.mark.parametrize(
    ("text", "word", "code"),
    [row[1:] for row in IN_THE_FIELD],
    ids=[row[0] for row in IN_THE_FIELD],
)
def test_what_was_found_in_the_field_ends_both_alike(
    desk: Desk, text: str, word: str, code: int
) -> None:
    model = "" if text.startswith("model:") else f"model:\n  bundle: {desk.bundle}\n"
    desk.config.write_text(f"{model}decision:\n  threshold: 0.45\n{text}\n")
    checked = desk.run("check-config", desk.config)
    started, said = _start(desk)
    assert checked.code == started == code
    assert word in checked.err
    assert word in said


ODD_FILES: list[tuple[str, str]] = [
    ("mqtt: {tls: {enabled: true, ca_file: FILE}}", "ca_file cannot be used"),
    ("mqtt: {tls: {enabled: true, certificate_file: FILE, key_file: FILE}}", "certificate_file"),
    ("mqtt: {username: a, password_file: FILE}", "the broker's password"),
    ("keys: {master_key_file: FILE}", "the master key"),
    ("model: {bundle: BUNDLE, owner_key_file: FILE}", "model.owner_key_file"),
    ("commands: {operator_keys: [FILE]}", "commands.operator_keys"),
    ("staff_file: FILE", "a pipe"),
]


@pytest.mark.parametrize(("text", "where"), ODD_FILES, ids=[where for _, where in ODD_FILES])
@pytest.mark.parametrize("name", ["a pipe", "/dev/zero"])
def test_no_file_that_is_named_is_waited_for_or_read_without_end(
    desk: Desk, text: str, where: str, name: str
) -> None:
    os.mkfifo(desk.folder / "a pipe", 0o600)
    text = text.replace("BUNDLE", str(desk.bundle)).replace("FILE", name)
    model = "" if text.startswith("model:") else f"model:\n  bundle: {desk.bundle}\n"
    desk.config.write_text(f"{model}decision:\n  threshold: 0.45\n{text}\n")
    checked = desk.run("check-config", desk.config)
    started, said = _start(desk)
    assert checked.code == started == CONFIG
    for words in (checked.err, said):
        assert where.replace("a pipe", name) in words
        assert "not a plain file" in words


def test_a_back_end_that_is_named_and_absent_ends_both_alike(desk: Desk) -> None:
    desk.config.write_text(
        f"model:\n  bundle: {desk.bundle}\n  runtime: tensorrt\ndecision:\n  threshold: 0.45\n"
    )
    checked = desk.run("check-config", desk.config)
    started, said = _start(desk)
    assert checked.code == started == USAGE
    assert "TensorRT" in checked.err
    assert "TensorRT" in said


@pytest.mark.parametrize(("threshold", "who"), [("-1", "everybody"), ("1.5", "nobody")])
def test_a_threshold_that_no_score_is_on_both_sides_of_ends_both_alike(
    desk: Desk, threshold: str, who: str
) -> None:
    desk.write()
    desk.config.write_text(desk.config.read_text().replace("0.45", threshold))
    checked = desk.run("check-config", desk.config)
    started, said = _start(desk)
    assert checked.code == started == CONFIG
    assert f"decision.threshold {threshold} lets {who} in" in checked.err
    assert f"decision.threshold {threshold} lets {who} in" in said


def test_a_liveness_network_that_is_none_ends_both_alike(desk: Desk) -> None:
    desk.write()
    bundle = f"  bundle: {desk.bundle}\n"
    text = desk.config.read_text().replace(bundle, f"{bundle}  pad_bundle: {desk.bundle}\n")
    desk.config.write_text(text)
    checked = desk.run("check-config", desk.config)
    started, said = _start(desk)
    assert checked.code == started == CONFIG
    for words in (checked.err, said):
        assert "model.pad_bundle: " in words
        assert "is an embedder's bundle, and a liveness (PAD) bundle is needed" in words


def test_a_time_zone_is_given_once_for_the_door_or_with_the_hours(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    people = desk.config.read_text()
    hours = '    hours: {windows: ["Mon-Fri 07:00-19:00"]}\n'
    desk.config.write_text(f"time_zone: Europe/Berlin\n{people}{hours}")
    assert desk.run("check-config", desk.config).code == 0
    desk.config.write_text(people + hours.replace("{w", "{time_zone: Europe/Berlin, w"))
    assert desk.run("check-config", desk.config).code == 0


def test_files_that_others_can_change_are_named(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    desk.config.chmod(0o646)
    (desk.folder / "obama.jpg").chmod(0o666)
    said = desk.run("check-config", desk.config)
    assert said.code == 0
    for name in ("door.yaml", "obama.jpg"):
        path: Path = desk.folder / name
        assert f"warning: {path} can be changed by everybody on this machine" in said.err
