"""The lock controller in shell, as docs/events.md shows it: it opens for the right event only."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.daemon.signing_key import KeyRing
from edgeverify.domain import Outcome
from edgeverify.events import (
    NEXT_KEY,
    EventKind,
    Topics,
    encode_status,
)
from edgeverify.keys import SigningKeys
from edgeverify.keys import public_pem as pem_of
from tests.absent import absent
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import (
    DOOR,
    NOON,
    decided,
    door_keys,
    event_elsewhere,
    event_of,
    forged_event,
    public_pem,
)
from tests.waiting import patience, until

ROOT = Path(__file__).resolve().parent.parent
TOPICS = Topics(DOOR)


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return door_keys(tmp_path)


SOON = timedelta(seconds=50)
"""A grant that is still valid when a slow machine gets to it."""
LATE = timedelta(seconds=5.02)
"""Past its end by less than what it takes to come through the broker, let alone by a second."""


def _shell_example() -> str:
    page = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- shell-lock -->\s*```sh\n(.*?)```", page, re.DOTALL)
    assert found is not None, "the page shows a lock controller in shell"
    return found[1]


def which(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        absent(f"{tool} is not installed")
    return found


def script_for(broker: Mosquitto) -> str:
    return _shell_example().replace("broker.lan", f"127.0.0.1 -p {broker.port}")


def _run_shell(
    raw: bytes,
    tmp_path: Path,
    keys: SigningKeys,
    broker: Mosquitto,
    *,
    messages: int = 1,
    given: str = "",
    before: bytes = b"",
) -> subprocess.CompletedProcess[str]:
    script = script_for(broker)
    folder = tmp_path / "lock"
    folder.mkdir(exist_ok=True)
    public_pem(folder, keys.public)
    if given:
        (folder / "front-door.pub").write_text(given)
    # that number of messages, then the loop ends
    script = script.replace("mosquitto_sub ", f"mosquitto_sub -C {messages} ")
    process = subprocess.Popen(
        ["bash", "-eu", "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: "Sending SUBACK" in broker.log(), "the lock to listen")
    if before:
        publish(broker, TOPICS.event, before)
    publish(broker, TOPICS.event, raw)
    out, err = process.communicate(timeout=patience(20))
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.mark.parametrize(
    ("case", "printed"),
    [
        ("grant", "open for 0012345\n"),
        ("deny", ""),
        ("a panel's", ""),
        ("forged", ""),
        ("expired", ""),
        ("elsewhere", ""),
        ("years", ""),
        ("a moment late", ""),
        ("empty last", "open for 0012345\n"),
        ("garbage", ""),
        ("history", ""),
        ("an answer", ""),
    ],
)
def test_the_shell_example_opens_for_the_right_event_only(
    case: str, printed: str, keys: SigningKeys, tmp_path: Path
) -> None:
    for tool in ("jq", "openssl", "mosquitto_sub"):
        which(tool)
    now = datetime.now(timezone.utc)
    raw = {
        "grant": lambda: event_of(keys, 7, decided("x", at=now + SOON)),
        "deny": lambda: event_of(keys, 7, decided("x", outcome=Outcome.DENY, at=now + SOON)),
        "a panel's": lambda: event_of(keys, 7, decided("x", at=now + SOON, opened_by="panel")),
        "forged": lambda: forged_event(keys, 7),
        "expired": lambda: event_of(keys, 7, decided("x", at=now - timedelta(seconds=60))),
        "elsewhere": lambda: event_elsewhere(keys, 7),
        "years": lambda: event_of(keys, 7, decided("x", at=now + timedelta(days=3650))),
        "a moment late": lambda: event_of(keys, 7, decided("x", at=now - LATE)),
        "empty last": lambda: event_of(keys, 7, decided("x", at=now + SOON)),
        "history": lambda: event_of(keys, 7, decided("x", at=now + SOON), EventKind.HISTORY),
        "an answer": lambda: event_of(keys, 7, decided("x", at=now + SOON), EventKind.ANSWER),
        "garbage": lambda: b'{"data_base64": 7, "signature": ["x"]}',
    }[case]()
    if case == "empty last":
        (tmp_path / "lock").mkdir()
        (tmp_path / "lock" / "last").write_text("")
    with mosquitto(tmp_path / "broker") as broker:
        done = _run_shell(raw, tmp_path, keys, broker)
    assert done.stdout == printed, done.stderr


@pytest.mark.parametrize("case", ["huge", "many lines", "many events in lines"])
def test_no_single_message_keeps_the_shell_example_from_a_grant(
    case: str, keys: SigningKeys, tmp_path: Path
) -> None:
    """The shell reads a letter at a time, and starts programs for each line."""
    huge = {
        "huge": b'{"data_base64": "' + b"A" * 3_000_000 + b'"}',
        "many lines": b"\n" * 60_000,
        "many events in lines": b"\n".join([b"edgeverify/front-door/event {}"] * 2_000),
    }[case]
    grant = event_of(keys, 7, decided("x", at=datetime.now(timezone.utc) + SOON))
    with mosquitto(tmp_path / "broker") as broker:
        done = _run_shell(grant, tmp_path, keys, broker, messages=2, before=huge)
    assert done.stdout == "open for 0012345\n", done.stderr


FORGED, LOOKS_A_SECOND = 3_000, 5


def test_a_flood_of_forgeries_keeps_grants_out_no_longer_than_it_lasts(
    keys: SigningKeys, tmp_path: Path
) -> None:
    """Each look starts a program: all of a flood would be looked at long after its end."""
    folder, programs = tmp_path / "lock", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    public_pem(folder, keys.public)
    counting = programs / "openssl"
    counting.write_text(f'#!/bin/sh\necho >> {tmp_path}/looks\nexec {which("openssl")} "$@"\n')
    counting.chmod(0o700)
    sequences, said = itertools.count(8), tmp_path / "said"
    flood = b"".join(forged_event(keys, 7) + b"\n" for _ in range(FORGED))
    with mosquitto(tmp_path / "broker") as broker, said.open("wb") as out:
        began = time.monotonic()
        process = subprocess.Popen(
            ["bash", "-eu", "-c", script_for(broker)],
            cwd=folder,
            stdout=out,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            start_new_session=True,
        )
        try:
            until(lambda: "Sending SUBACK" in broker.log(), "the lock to listen")
            subprocess.run(
                [which("mosquitto_pub"), "-p", str(broker.port), "-t", TOPICS.event, "-l"],
                input=flood,
                check=True,
            )

            def opened() -> bool:
                at = datetime.now(timezone.utc) + SOON
                event = event_of(keys, next(sequences), decided("x", at=at))
                publish(broker, TOPICS.event, event)
                return bool(said.read_bytes())

            until(opened, "the lock to open")
            looks = len((tmp_path / "looks").read_bytes())
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert set(said.read_text().splitlines()) == {"open for 0012345"}
    assert looks <= LOOKS_A_SECOND * (time.monotonic() - began + 2)


def test_the_shell_example_follows_an_announced_key_over_its_restarts(tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    (tmp_path / "door").mkdir()
    ring = KeyRing(tmp_path / "door" / "signing-keys.json", now=now)
    first = ring.current
    ring.announce(door=DOOR, begins_at=now)
    (tmp_path / "forger").mkdir()
    forger = KeyRing(tmp_path / "forger" / "signing-keys.json", now=now)
    forger.announce(door=DOOR, begins_at=now)
    ring.rotate(door=DOOR, now=now, previous_days=30)
    with mosquitto(tmp_path / "broker") as broker:
        publish(broker, TOPICS.status, _status(forger), retain=True)
        forged = event_of(forger.current, 7, decided("x", at=now + SOON))
        done = _run_shell(forged, tmp_path, first, broker, messages=2)
        assert done.stdout == "", done.stderr
        publish(broker, TOPICS.status, _status(ring), retain=True)
    with mosquitto(tmp_path / "broker-2") as broker:
        publish(broker, TOPICS.status, _status(ring), retain=True)
        granted = event_of(ring.current, 8, decided("y", at=now + SOON))
        done = _run_shell(granted, tmp_path, first, broker, messages=2)
        assert done.stdout == "open for 0012345\n", done.stderr
    # Started once more, with nothing announced any longer: what it learnt is on its disk.
    with mosquitto(tmp_path / "broker-3") as broker:
        granted = event_of(ring.current, 9, decided("z", at=now + SOON))
        done = _run_shell(granted, tmp_path, first, broker)
        assert done.stdout == "open for 0012345\n", done.stderr


def test_a_file_with_both_keys_is_believed_whole(keys: SigningKeys, tmp_path: Path) -> None:
    """What `keys show --pem` prints while a key is announced, or after it has begun."""
    (tmp_path / "other").mkdir()
    other = KeyRing(tmp_path / "other" / "signing-keys.json", now=datetime.now(timezone.utc))
    both = pem_of(keys.public) + pem_of(other.current.public)
    granted = event_of(other.current, 7, decided("x", at=datetime.now(timezone.utc) + SOON))
    with mosquitto(tmp_path / "broker") as broker:
        done = _run_shell(granted, tmp_path, keys, broker, given=both)
    assert done.stdout == "open for 0012345\n", done.stderr


def test_a_key_that_is_no_longer_given_is_no_longer_believed(
    keys: SigningKeys, tmp_path: Path
) -> None:
    """The file had two keys, and the door's owner took one of them out."""
    (tmp_path / "other").mkdir()
    other = KeyRing(tmp_path / "other" / "signing-keys.json", now=datetime.now(timezone.utc))
    both = pem_of(keys.public) + pem_of(other.current.public)
    for given, printed in ((both, "open for 0012345\n"), (pem_of(keys.public), "")):
        at = datetime.now(timezone.utc) + SOON
        granted = event_of(other.current, 7 if printed else 8, decided("x", at=at))
        with mosquitto(tmp_path / f"broker-{len(given)}") as broker:
            done = _run_shell(granted, tmp_path, keys, broker, given=given)
        assert done.stdout == printed, done.stderr


def _status(ring: KeyRing) -> bytes:
    assert ring.announcement is not None
    return encode_status("online", DOOR, at=NOON, details={NEXT_KEY: dict(ring.announcement)})
