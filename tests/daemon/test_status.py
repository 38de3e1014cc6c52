"""What the retained status tells to everybody who may read the topic."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from edgeverify.daemon.status import DoorStatus
from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt import MAX_FORM_BYTES
from edgeverify.status_socket import Json

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
PRIVATE = ("Ada Lovelace", "0012345", "/etc/edgeverify/photos/ada.jpg", "camera-7.example")


def _status(*, people: int = 3) -> DoorStatus:
    said = f"{PRIVATE[0]}, card {PRIVATE[1]}: {PRIVATE[2]} looks like {PRIVATE[3]}"
    facts: dict[str, Json] = {
        "run": "0123456789abcdef",
        "model": "sface",
        "enrolment": [f"{n}: {said}" for n in range(people)],
        "threshold": {"source": "measured", "max_fmr": 1e-4, "evidence": said},
        "heat": {"level": "full", "celsius": 41.5, "reason": said},
        "made up by a later release": said,
    }
    degraded = tuple(Degradation(name=name, detail=said) for name in FaultName)
    return DoorStatus(door="front-door", at=NOON, degraded=degraded, facts=facts)


def test_no_name_card_or_path_is_retained_whatever_is_wrong() -> None:
    for message in _status().messages():
        for word in PRIVATE:
            assert word not in message.decode()


def test_counts_and_codes_are_told() -> None:
    record = json.loads(_status().messages()[0])
    assert record["enrolment"] == {"lines": 3}
    assert record["threshold"] == {"source": "measured", "max_fmr": 1e-4}
    assert record["heat"] == {"level": "full", "celsius": 41.5}
    assert [reason["name"] for reason in record["reasons"]] == [name.value for name in FaultName]
    assert record["reasons"][0]["detail"] == FaultName.CAMERA_STARTING.meaning


def test_it_stays_bounded_with_every_fault_at_once_and_forty_thousand_people() -> None:
    long, short = _status(people=40_000).messages()
    assert len(short) < len(long) <= MAX_FORM_BYTES


def test_the_local_socket_tells_it_all() -> None:
    record = json.dumps(_status().record())
    for word in PRIVATE:
        assert word in record
