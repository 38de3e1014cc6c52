"""Which claims are believed: a reader's, fresh and new; nobody else's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.claims import (
    FIXED,
    MQTT,
    SOURCES,
    WALK_UP,
    ClaimGate,
    ClaimIntake,
    ClaimTopic,
    StandingClaims,
    Surroundings,
    Verdict,
    chosen,
    mqtt,
)
from edgeverify.claims.gate import KNOWN_RATE, MAX_REMEMBERED, UNKNOWN_RATE
from edgeverify.domain import Asker, Claim, ClaimSource
from edgeverify.events import ClaimMessage, encode_claim
from edgeverify.settings import ClaimSettings
from tests.doors import NOON

SECOND = timedelta(seconds=1)
REPLAYED = "a claim's id was used before"
FLOODED = "too many claims at once"


def _claim(name: str = "c-1", *, age: timedelta = timedelta(0)) -> bytes:
    message = ClaimMessage(id=name, card="0012345", issued_at=NOON - age)
    return encode_claim(message, source="/reader/1")


def _gate() -> ClaimGate:
    return ClaimGate(10.0, {})


ANSWER = Asker(topic="edgeverify/front-door/answer", correlation=b"7")


def test_unknown_cards_are_held_back_by_a_rate_for_each_source_and_known_ones_never() -> None:
    gate = ClaimGate(10.0, {}, knows=lambda card: card == "ada")

    def judge(number: int, card: str, source: ClaimSource, at: float) -> Verdict:
        message = ClaimMessage(id=f"{card}-{number}-{at}-{source.name}", card=card, issued_at=NOON)
        return gate.judge(message, source=source, now=NOON, monotonic=at).verdict

    burst = int(UNKNOWN_RATE[0])
    first = [judge(number, "eve", MQTT, 0.0) for number in range(burst + 5)]
    assert first == [Verdict.ACCEPTED] * burst + [Verdict.REFUSED] * 5
    assert judge(0, "ada", MQTT, 0.0) is Verdict.ACCEPTED
    assert judge(0, "eve", FIXED, 0.0) is Verdict.ACCEPTED, "another reader has its own"
    assert judge(0, "eve", MQTT, 1.0) is Verdict.ACCEPTED, "a second later it is heard again"


def test_who_knows_one_card_cannot_shut_the_others_out() -> None:
    """Sixty thousand claims in ten seconds would fill the memory of ids for twenty more."""
    gate = ClaimGate(10.0, {}, knows=lambda card: card in {"ada", "bob"})

    def judge(name: str, card: str, at: float) -> Verdict:
        now = NOON + timedelta(seconds=at)
        message = ClaimMessage(id=name, card=card, issued_at=now)
        return gate.judge(message, source=MQTT, now=now, monotonic=at).verdict

    flood = [judge(f"eve-{n}", "ada", n / 6000) for n in range(MAX_REMEMBERED + 10_000)]
    assert flood.count(Verdict.ACCEPTED) <= KNOWN_RATE[0] + 10 * KNOWN_RATE[1] + 1
    assert judge("bob", "bob", 10.0) is Verdict.ACCEPTED, "another card has its own place"
    assert judge("ada", "ada", 11.0) is Verdict.ACCEPTED, "a second after it is heard again"


@dataclass(frozen=True)
class Arrived:
    payload: bytes
    is_retained: bool
    asker: Asker = ANSWER


@dataclass(frozen=True)
class Answer:
    verdict: Verdict
    claim: Claim | None
    problem: str


class Intake(ClaimIntake):
    """The real one, whose answers can be read."""

    problem = ""
    verdict = Verdict.REFUSED

    def put(self, message: ClaimMessage, source: ClaimSource) -> Verdict:
        self.verdict = super().put(message, source)
        return self.verdict

    def refuse(self, problem: str) -> None:
        self.problem = problem
        super().refuse(problem)


def _answer(
    gate: ClaimGate,
    payload: bytes,
    *,
    is_retained: bool = False,
    now: datetime = NOON,
    monotonic: float = 5.0,
) -> Answer:
    """Let a message arrive on the claim topic, and see what the door is handed."""
    handed: list[Claim] = []
    counted: list[str] = []
    intake = Intake(
        gate,
        lambda claim: handed.append(claim) is None,
        wall=lambda: now,
        monotonic=lambda: monotonic,
        new_id=lambda: "not used",
        counted=counted.append,
        taken=lambda: None,
    )
    topic = ClaimTopic(not_heard=lambda: None)
    assert mqtt.KIND.start is not None
    mqtt.KIND.start(ClaimSettings(), Surroundings(intake=intake, topic=topic))
    topic.arrived(Arrived(payload, is_retained))
    if intake.problem:
        assert (handed, counted) == ([], ["refused"])
        return Answer(intake.verdict, None, intake.problem)
    (claim,) = handed
    return Answer(intake.verdict, claim, "")


def _judge(gate: ClaimGate, payload: bytes, **more: object) -> Verdict:
    return _answer(gate, payload, **more).verdict


def _why_refused(gate: ClaimGate, payload: bytes, **more: object) -> str:
    answer = _answer(gate, payload, **more)
    assert answer.verdict is Verdict.REFUSED
    assert answer.claim is None
    return answer.problem


def test_a_fresh_claim_is_accepted_and_dated_by_its_arrival() -> None:
    gate = _gate()
    message = ClaimMessage(id="c-1", card="0012345", issued_at=NOON - 3 * SECOND)
    answer = gate.judge(message, source=MQTT, now=NOON, monotonic=5.0)
    assert answer.verdict is Verdict.ACCEPTED
    assert answer.claim is not None
    assert answer.claim.card == "0012345"
    assert answer.claim.received_at == 5.0
    assert answer.claim.source is MQTT
    assert answer.claim.remember_until == NOON + 20 * SECOND


@pytest.mark.parametrize("age", [10.001, -10.001, 3600, -3600])
def test_a_claim_too_old_or_from_the_future_is_expired(age: float) -> None:
    assert _judge(_gate(), _claim(age=age * SECOND)) is Verdict.EXPIRED


@pytest.mark.parametrize("age", [10, -10, 0])
def test_at_the_limit_it_is_fresh(age: float) -> None:
    assert _judge(_gate(), _claim(age=age * SECOND)) is Verdict.ACCEPTED


def test_a_replayed_claim_is_refused() -> None:
    gate = _gate()
    assert _judge(gate, _claim()) is Verdict.ACCEPTED
    assert _why_refused(gate, _claim()) == REPLAYED
    assert _why_refused(gate, _claim(), now=NOON + 9 * SECOND) == REPLAYED


def test_a_replay_after_a_restart_is_refused_by_what_the_journal_remembers() -> None:
    gate = ClaimGate(10.0, {"c-1": NOON + 20 * SECOND})
    assert _judge(gate, _claim()) is Verdict.REFUSED


def test_an_id_is_forgotten_only_when_its_claim_has_long_expired() -> None:
    gate = _gate()
    assert _judge(gate, _claim(age=-10 * SECOND)) is Verdict.ACCEPTED  # dated 10 s ahead
    assert _judge(gate, _claim(age=-10 * SECOND), now=NOON + 19 * SECOND) is Verdict.REFUSED
    late = _judge(gate, _claim(age=-10 * SECOND), now=NOON + 21 * SECOND)
    assert late is Verdict.EXPIRED, "forgotten, and by then too old"


def test_a_retained_claim_is_refused_before_it_is_read() -> None:
    gate = _gate()
    assert "retained" in _why_refused(gate, _claim(), is_retained=True)
    assert _judge(gate, _claim()) is Verdict.ACCEPTED, "its id was not used up"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"0012345",
        b"\xff\xfe",
        b"[" * 2000,
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b" " * 5000,
        b'{"id":"x","id":"y"}',
        json.dumps({"type": "edgeverify.claim.v2"}).encode(),
    ],
)
def test_malformed_claims_are_refused_and_said_to_be(raw: bytes) -> None:
    assert _why_refused(_gate(), raw) not in {"", REPLAYED, FLOODED}


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7},
        {"id": ""},
        {"id": "x" * 65},
        {"id": "line\nbreak"},
        {"time": "now"},
        {"time": 1795346306},
        {"data": None},
        {"data": {}},
        {"data": {"card": 12345}},
        {"data": {"card": "../../etc"}},
        {"data": {"card": "x" * 65}},
    ],
)
def test_wrong_types_and_values_are_malformed(change: dict[str, object]) -> None:
    raw = json.dumps(json.loads(_claim()) | change).encode()
    assert _judge(_gate(), raw) is Verdict.REFUSED


def test_4096_bytes_are_allowed_and_one_more_is_not() -> None:
    claim = json.loads(_claim())
    source = "/" + "x" * (4095 - len(json.dumps(claim | {"source": ""})))
    fits = json.dumps(claim | {"source": source}).encode()
    assert len(fits) == 4096
    assert _judge(_gate(), fits) is Verdict.ACCEPTED
    assert _judge(_gate(), fits + b" ") is Verdict.REFUSED


def test_a_flood_is_refused_and_makes_no_old_id_forgotten() -> None:
    gate = ClaimGate(10.0, {f"c-{n}": NOON + 20 * SECOND for n in range(MAX_REMEMBERED)})
    assert _why_refused(gate, _claim("one-more")) == FLOODED
    assert _why_refused(gate, _claim("c-5")) == REPLAYED


def test_a_flood_while_the_clock_ran_ahead_shuts_nobody_out_once_it_is_right() -> None:
    ahead = NOON + timedelta(days=3650)
    gate = ClaimGate(10.0, {f"c-{n}": ahead + 20 * SECOND for n in range(MAX_REMEMBERED)})
    assert _judge(gate, _claim("one-more")) is Verdict.ACCEPTED


@given(st.binary(max_size=200))
def test_no_bytes_break_the_gate(raw: bytes) -> None:
    assert _judge(_gate(), raw) is Verdict.REFUSED


def test_a_room_with_one_occupant_claims_when_a_face_is_seen_and_pauses_afterwards() -> None:
    settings = ClaimSettings(sources=("fixed",), fixed_card="0012345", retry_pause_seconds=3.0)
    ids = iter("abc")
    standing = StandingClaims(settings, chosen(SOURCES, settings), lambda: next(ids))
    assert standing.is_used
    assert standing.next(face_seen=False, now=NOON, monotonic=1.0) is None
    claim = standing.next(face_seen=True, now=NOON, monotonic=1.0)
    assert claim is not None
    assert (claim.id, claim.card, claim.source) == ("a", "0012345", FIXED)
    standing.decided(monotonic=2.0)
    assert standing.next(face_seen=True, now=NOON, monotonic=4.9) is None
    assert standing.next(face_seen=True, now=NOON, monotonic=5.0) is not None


def test_whoever_walks_up_claims_without_a_card() -> None:
    settings = ClaimSettings(sources=("mqtt", "walk_up"))
    standing = StandingClaims(settings, chosen(SOURCES, settings), lambda: "id")
    claim = standing.next(face_seen=True, now=NOON, monotonic=0.0)
    assert claim is not None
    assert (claim.card, claim.source) == ("", WALK_UP)


def test_a_door_with_a_reader_alone_makes_no_claims_of_its_own() -> None:
    settings = ClaimSettings()
    standing = StandingClaims(settings, chosen(SOURCES, settings), lambda: "id")
    assert not standing.is_used
    assert standing.next(face_seen=True, now=NOON, monotonic=0.0) is None
