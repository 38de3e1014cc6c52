"""docs/events.md, the JSON Schemas and the AsyncAPI document say what the code does."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import jsonschema
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeverify.domain import Degradation, FaultName, Outcome, Prompt, Reason
from edgeverify.errors import ClaimError, CommandRefusedError, EventError
from edgeverify.events import (
    NEXT_KEY,
    ClaimMessage,
    DecisionPayload,
    EventKind,
    LockCause,
    LockReport,
    LockState,
    NextKey,
    Topics,
    announce,
    encode_answer,
    encode_claim,
    encode_event,
    encode_prompt,
    encode_status,
    key_id,
    last_will,
    parse_event,
    sign,
)
from edgeverify.events.command import COMMAND_CONTEXT, command_bytes, read_command
from edgeverify.events.messages import EXIT_TYPE, NOTICE_CONTEXT
from edgeverify.journal.rows import payload_of
from tests.doors import DOOR, NOON, decided, door_keys

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA_OF = {
    "claim": "claim.v1",
    "event": "event.v1",
    "answer": "answer.v1",
    "decision": "decision.v1",
    "audit": "history.v1",
    "status": "status.v1",
    "prompt": "prompt.v1",
    "lock": "lock.v1",
    "command": "command.v1",
    "order": "order.v1",
    "exit": "exit.v1",
    "notice": "notice.v1",
    "said": "said.v1",
}


def _check(message: object, schema: str) -> None:
    loaded = json.loads((DOCS / "schemas" / f"{schema}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(loaded)
    jsonschema.Draft202012Validator(loaded).validate(message)


def _examples() -> dict[str, dict[str, object]]:
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    found = re.findall(r"<!-- example: (\w+) -->\s*```json\n(.*?)```", page, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


@pytest.mark.parametrize("name", sorted(SCHEMA_OF))
def test_every_example_fits_its_schema(name: str) -> None:
    _check(_examples()[name], SCHEMA_OF[name])


def test_the_example_events_carry_the_example_decision_under_a_true_signature() -> None:
    examples = _examples()
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    for name in ("event", "audit", "answer"):
        event = parse_event(json.dumps(examples[name]).encode())
        signed = event.verified({key_id(public): public})
        assert json.loads(signed.payload) == examples["decision"]
        assert signed.decision == DecisionPayload.from_bytes(event.payload)


def test_what_the_door_writes_fits_the_schemas(tmp_path: Path) -> None:
    keys = door_keys(tmp_path)
    signed = sign(payload_of(decided("one"), 7), keys)
    live = json.loads(encode_event(signed, EventKind.LIVE))
    _check(live, "event.v1")
    _check(json.loads(b64decode(live["data_base64"])), "decision.v1")
    _check(json.loads(encode_event(signed, EventKind.HISTORY)), "history.v1")
    scored = encode_event(signed, EventKind.HISTORY, score=-0.51, threshold=0.6)
    _check(json.loads(scored), "history.v1")
    _check(json.loads(encode_answer(signed.decision, "c-1", keys)), "answer.v1")
    claim = ClaimMessage(id="c-1", card="0012345", issued_at=NOON)
    _check(json.loads(encode_claim(claim, source="/reader")), "claim.v1")
    reason = Degradation(name=FaultName.CAMERA_STALLED, detail="no new frame for 2 s")
    details = {"heat": {"level": "full"}}
    status = encode_status("degraded", DOOR, at=NOON, reasons=[reason], details=details)
    _check(json.loads(status), "status.v1")
    _check(json.loads(encode_status("offline", DOOR, at=None)), "status.v1")
    prompt = Prompt(claim_id="c-1", kind="hint", text="move closer", expires_in_seconds=2)
    _check(json.loads(encode_prompt(prompt, DOOR, datetime.now(timezone.utc))), "prompt.v1")
    following = NextKey(door=DOOR, public=keys.public, begins_at=NOON)
    announced = encode_status(
        "online", DOOR, at=NOON, details={NEXT_KEY: announce(following, keys)}
    )
    _check(json.loads(announced), "status.v1")


@pytest.mark.parametrize("state", list(LockState))
def test_what_the_lock_writes_fits_its_schema_and_is_read_back(state: LockState) -> None:
    report = LockReport(
        id="l-1",
        door=DOOR,
        state=state,
        cause=LockCause.GRANT,
        is_released=False,
        is_open=True,
        at=NOON,
        event_id="e-1",
        faults=("The relay cannot be reached.",),
    )
    _check(json.loads(report.to_bytes()), "lock.v1")
    assert LockReport.from_bytes(report.to_bytes()) == report


def test_the_example_command_and_notice_carry_the_bytes_beside_them() -> None:
    examples = _examples()
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    raw = json.dumps(examples["command"]).encode()
    signed = read_command(raw, {key_id(public): public})
    assert json.loads(command_bytes(signed.command)) == examples["order"]
    notice = examples["notice"]
    payload = b64decode(str(notice["data_base64"]))
    public.verify(b64decode(str(notice["signature"])), NOTICE_CONTEXT + payload)
    assert json.loads(payload) == examples["said"]


def test_an_exit_is_read_as_an_exit_and_never_as_a_claim() -> None:
    raw = json.dumps(_examples()["exit"]).encode()
    assert ClaimMessage.from_bytes(raw, kind=EXIT_TYPE).card == "0012345"
    with pytest.raises(ClaimError, match="type must be"):
        ClaimMessage.from_bytes(raw)
    with pytest.raises(ClaimError, match="type must be"):
        ClaimMessage.from_bytes(json.dumps(_examples()["claim"]).encode(), kind=EXIT_TYPE)


def test_the_locks_last_will_fits_its_schema() -> None:
    _check(json.loads(last_will(DOOR)), "lock.v1")
    assert LockReport.from_bytes(last_will(DOOR)).state is LockState.UNKNOWN


@pytest.mark.parametrize(
    "change", [{"type": "x"}, {"state": "ajar"}, {"released": 1}, {"faults": "none"}, {"id": ""}]
)
def test_what_is_no_lock_state_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(EventError, match="malformed"):
        LockReport.from_bytes(json.dumps({**_examples()["lock"], **change}).encode())


PUBLISHED = sorted(set(SCHEMA_OF) - {"claim", "command", "exit", "order"})


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_the_door_publishes_may_gain_keys(name: str) -> None:
    """A lock that validates must go on opening on the day a field is added."""
    _check({**_examples()[name], "addedlater": "x"}, SCHEMA_OF[name])


@pytest.mark.parametrize("name", ["event", "audit"])
def test_the_client_ignores_keys_that_it_does_not_know(name: str) -> None:
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    raw = json.dumps({**_examples()[name], "addedlater": "x"}).encode()
    assert parse_event(raw).verified({key_id(public): public}).decision.card == "0012345"


def test_the_client_reads_signed_bytes_with_keys_that_it_does_not_know(tmp_path: Path) -> None:
    signed = sign(payload_of(decided("one"), 7), door_keys(tmp_path))
    record = {**json.loads(signed.payload), "addedlater": {"deep": [1]}}
    known = DecisionPayload.from_bytes(signed.payload)
    assert DecisionPayload.from_bytes(json.dumps(record).encode()) == known


@pytest.mark.parametrize("place", ["outside", "data"])
def test_a_claim_with_another_key_is_refused_by_schema_and_door_alike(place: str) -> None:
    claim = _examples()["claim"]
    (claim if place == "outside" else claim["data"])["extra"] = 1  # type: ignore[index]
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        _check(claim, "claim.v1")
    with pytest.raises(ClaimError, match="extra"):
        ClaimMessage.from_bytes(json.dumps(claim).encode())


@pytest.mark.parametrize("place", ["outside", "data"])
def test_an_exit_with_another_key_is_refused_by_schema_and_door_alike(place: str) -> None:
    left = _examples()["exit"]
    (left if place == "outside" else left["data"])["extra"] = 1  # type: ignore[index]
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        _check(left, "exit.v1")
    with pytest.raises(ClaimError, match="extra"):
        ClaimMessage.from_bytes(json.dumps(left).encode(), kind=EXIT_TYPE)


def test_a_command_with_another_key_outside_is_refused_by_schema_and_door_alike() -> None:
    command = {**_examples()["command"], "extra": 1}
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        _check(command, "command.v1")
    with pytest.raises(CommandRefusedError, match="extra"):
        read_command(json.dumps(command).encode(), {})


def test_a_command_with_another_key_inside_is_refused_by_schema_and_door_alike() -> None:
    """What an operator's newer program means by it, this door does not know: it may limit."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    order = {**_examples()["order"], "extra": 1}
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        _check(order, "order.v1")
    payload = json.dumps(order).encode()
    command = {
        **_examples()["command"],
        "signature": b64encode(private.sign(COMMAND_CONTEXT + payload)).decode(),
        "data_base64": b64encode(payload).decode(),
    }
    _check(command, "command.v1")
    public = private.public_key()
    with pytest.raises(CommandRefusedError, match="extra") as refused:
        read_command(json.dumps(command).encode(), {key_id(public): public})
    assert refused.value.name == "malformed"


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.MATCH])
def test_every_reason_stands_in_the_schema(reason: Reason) -> None:
    payload = replace(payload_of(decided("x"), 7), outcome=Outcome.DENY, reason=reason)
    _check(json.loads(payload.to_bytes()), "decision.v1")


def test_the_asyncapi_document_names_every_topic_and_their_schemas() -> None:
    document = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
    addresses = {channel["address"] for channel in document["channels"].values()}
    topics = Topics("{door}")
    spoken = {topics.claim, topics.event, topics.audit, topics.status, topics.prompt}
    ruled = {topics.command, topics.exit, topics.notice}
    assert addresses == {*spoken, *ruled, topics.lock, topics.answer}
    for message in document["components"]["messages"].values():
        assert (DOCS / message["payload"]["schema"]["$ref"]).is_file()
    retained = {
        name for name, each in document["operations"].items() if each["bindings"]["mqtt"]["retain"]
    }
    assert retained == {"receiveStatus", "receiveLock"}
