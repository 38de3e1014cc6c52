"""The lock controller in shell, as the pages show it: it opens for the right event only."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edgeverify.domain import Outcome
from edgeverify.events import DecisionPayload, EventKind, Topics, encode_event, sign
from edgeverify.journal.rows import payload_of
from edgeverify.keys import SigningKeys
from tests.absent import absent
from tests.brokers import Mosquitto, mosquitto, publish
from tests.doors import DOOR, decided, door_keys, event_of, public_pem
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


def _shell_example(where: str) -> str:
    page = (ROOT / where).read_text(encoding="utf-8")
    found = re.search(r"<!-- shell-lock -->\s*```sh\n(.*?)```", page, re.DOTALL)
    assert found is not None, f"{where} shows a lock controller in shell"
    return found[1]


def _run_shell(
    raw: bytes,
    tmp_path: Path,
    keys: SigningKeys,
    broker: Mosquitto,
    where: str = "docs/events.md",
) -> subprocess.CompletedProcess[str]:
    script = _shell_example(where)
    script = script.replace("broker.lan", f"127.0.0.1 -p {broker.port}")
    folder = tmp_path / "lock"
    folder.mkdir(exist_ok=True)
    public_pem(folder, keys.public)
    # one message, then the loop ends
    script = script.replace("mosquitto_sub ", "mosquitto_sub -C 1 ")
    process = subprocess.Popen(
        ["bash", "-eu", "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: "Sending SUBACK" in broker.log(), "the lock to listen")
    publish(broker, TOPICS.event, raw)
    out, err = process.communicate(timeout=patience(20))
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.mark.parametrize("where", ["docs/events.md", "README.md"])
@pytest.mark.parametrize(
    ("case", "printed"),
    [
        ("grant", "open for 0012345\n"),
        ("deny", ""),
        ("forged", ""),
        ("expired", ""),
        ("elsewhere", ""),
        ("years", ""),
        ("a moment late", ""),
        ("empty last", "open for 0012345\n"),
        ("garbage", ""),
    ],
)
def test_the_shell_example_opens_for_the_right_event_only(
    case: str, printed: str, where: str, keys: SigningKeys, tmp_path: Path
) -> None:
    for tool in ("jq", "openssl", "mosquitto_sub"):
        if shutil.which(tool) is None:
            absent(f"{tool} is not installed")
    now = datetime.now(timezone.utc)
    raw = {
        "grant": lambda: event_of(keys, 7, decided("x", at=now + SOON)),
        "deny": lambda: event_of(keys, 7, decided("x", outcome=Outcome.DENY, at=now + SOON)),
        "forged": lambda: _forged(keys),
        "expired": lambda: event_of(keys, 7, decided("x", at=now - timedelta(seconds=60))),
        "elsewhere": lambda: _elsewhere(keys),
        "years": lambda: event_of(keys, 7, decided("x", at=now + timedelta(days=3650))),
        "a moment late": lambda: event_of(keys, 7, decided("x", at=now - LATE)),
        "empty last": lambda: event_of(keys, 7, decided("x", at=now + SOON)),
        "garbage": lambda: b'{"data_base64": 7, "signature": ["x"]}',
    }[case]()
    if case == "empty last":
        (tmp_path / "lock").mkdir()
        (tmp_path / "lock" / "last").write_text("")
    with mosquitto(tmp_path / "broker") as broker:
        done = _run_shell(raw, tmp_path, keys, broker, where)
    assert done.stdout == printed, done.stderr


def _forged(keys: SigningKeys) -> bytes:
    denied = event_of(keys, 7, decided("x", outcome=Outcome.DENY))
    granted = event_of(keys, 7, decided("x"))
    record = json.loads(denied)
    record["data_base64"] = json.loads(granted)["data_base64"]
    return json.dumps(record).encode()


def _elsewhere(keys: SigningKeys) -> bytes:
    payload = payload_of(decided("x"), 7)
    fields = {name: getattr(payload, name) for name in DecisionPayload.__slots__}
    return encode_event(
        sign(DecisionPayload(**(fields | {"door": "back-door"})), keys), EventKind.LIVE
    )
