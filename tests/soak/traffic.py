"""People with cards, and a witness who hears everything that the door says."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from typing_extensions import Self

from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD
from edgeverify.domain import Outcome, Reason
from edgeverify.events import ClaimMessage, DecisionPayload, Topics, encode_claim, parse_event
from tests.soak.props import EMPTY, OTHER, OWNER
from tests.soak.world import DOOR, World
from tests.waiting import patience, until

TOPICS = Topics(DOOR)
OUT_OF_TIME = frozenset({Reason.NO_FACE, Reason.POOR_QUALITY, Reason.CAMERA_UNAVAILABLE})
"""Why an attempt ends in which too few frames came."""


@dataclass(frozen=True)
class Heard:
    """A decision on a topic, when it arrived, and the message that held it."""

    decision: DecisionPayload
    at: datetime
    message: bytes = b""


@dataclass
class Witness:
    """Reader and monitor at once, straight at the broker, back by itself when the broker is.

    It subscribes with QoS 0: what the broker had taken it sends at once, so that a broker that is
    killed takes nothing along that it had acknowledged to the door.
    """

    port: int
    live: list[Heard] = field(default_factory=list)
    history: list[Heard] = field(default_factory=list)
    prompts: int = 0
    alarms: frozenset[str] = frozenset()
    """What the door's retained status names as degraded."""
    connected: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda *_: self._subscribe()
        client.on_subscribe = lambda *_: self.connected.set()
        client.on_disconnect = lambda *_: self.connected.clear()
        client.on_message = self._hear
        self._client = client
        client.connect_async("127.0.0.1", self.port, keepalive=60)
        client.loop_start()
        assert self.connected.wait(patience(30))
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, payload: bytes, *, retain: bool = False, qos: int = 0) -> None:
        """Publish on the claim topic; lost while the broker is away, as with a real reader."""
        if self.connected.is_set():
            self._client.publish(TOPICS.claim, payload, qos=qos, retain=retain)

    def claim(self, card: str, *, issued_at: datetime | None = None, qos: int = 0) -> str:
        """Hold a card to the reader; return the claim's id."""
        now = issued_at or datetime.now(timezone.utc)
        name = uuid.uuid4().hex
        message = ClaimMessage(id=name, card=card, issued_at=now)
        self.send(encode_claim(message, source="/reader"), qos=qos)
        return name

    def told(self, claim_id: str) -> DecisionPayload | None:
        """Return the decision on a claim, if it was heard, live or as history."""
        for heard in (*reversed(self.live), *reversed(self.history)):
            if heard.decision.claim_id == claim_id:
                return heard.decision
        return None

    def answer(self, claim_id: str) -> DecisionPayload | None:
        """Return the live decision on a claim, if one came."""
        for heard in reversed(self.live):
            if heard.decision.claim_id == claim_id:
                return heard.decision
        return None

    def ask(self, card: str, seconds: float = 30.0) -> DecisionPayload:
        """Claim as a reader does, until the broker has it, and wait for the live decision."""
        name = self.claim(card, qos=1)
        until(lambda: self.answer(name) is not None, f"a decision on card {card}", seconds)
        found = self.answer(name)
        assert found is not None
        return found

    def let_in(self, card: str) -> DecisionPayload:
        """Claim, and be let in."""
        return self.hears(card, Reason.MATCH)

    def hears(self, card: str, reason: Reason) -> DecisionPayload:
        """Claim, and hear this; again where too few frames came in time, on a busy machine."""
        while (found := self.ask(card)).reason is not reason:
            assert found.reason in OUT_OF_TIME, found
        assert (found.outcome is Outcome.GRANT) == (reason is Reason.MATCH)
        return found

    def _subscribe(self) -> None:
        self._client.subscribe([(TOPICS.event, 0), (TOPICS.audit, 0), (TOPICS.prompt, 0)])
        self._client.subscribe(TOPICS.status, 0)

    def _hear(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if message.topic == TOPICS.prompt:
            self.prompts += 1
            return
        if message.topic == TOPICS.status:
            reasons = json.loads(message.payload).get("reasons", [])
            self.alarms = frozenset(str(one["name"]) for one in reasons)
            return
        event = bytes(message.payload)
        decision = DecisionPayload.from_bytes(parse_event(event).payload)
        heard = Heard(decision, datetime.now(timezone.utc), event)
        (self.live if message.topic == TOPICS.event else self.history).append(heard)


class Passers:
    """People who come and go, with the right card, another's, none that is known, or nonsense."""

    PATIENCE_SECONDS = 6.0

    def __init__(self, world: World, witness: Witness, seed: int) -> None:
        self._world = world
        self._witness = witness
        self._draw = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._come_and_go)
        self.claims = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _come_and_go(self) -> None:
        while not self._stop.is_set():
            self._next()
            self._stop.wait(self._draw.uniform(0.0, 0.3))

    def _next(self) -> None:
        draw, witness = self._draw, self._witness
        # A film is only changed while all is well: it would repair the camera otherwise.
        if draw.random() < 0.1 and self._world.camera_is_whole:
            self._world.camera.show(draw.choices((OWNER, OTHER, EMPTY), (8, 2, 1))[0])
        kind = draw.random()
        if kind < 0.04:
            witness.send(draw.choice((b"", b"{", b"\xff\xfe", b"[" * 2000, b'{"card": 1}' * 500)))
            return
        if kind < 0.07:
            witness.claim(OWNER_CARD, issued_at=datetime.now(timezone.utc) - timedelta(hours=3))
            return
        card = draw.choices((OWNER_CARD, OTHER_CARD, UNKNOWN_CARD), (8, 1, 1))[0]
        name = witness.claim(card)
        self.claims += 1
        if draw.random() < 0.05:  # an impatient hand: the same card once more, or another's
            time.sleep(0.05)
            witness.claim(draw.choice((card, OTHER_CARD)))
        deadline = time.monotonic() + self.PATIENCE_SECONDS
        while witness.answer(name) is None and time.monotonic() < deadline:
            if self._stop.wait(0.02):
                return
