"""One visit to the demo's door: a claim goes in, prompts and the decision come out."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from edgeverify.client import EventChecker, Feed
from edgeverify.domain import Outcome, Reason
from edgeverify.errors import BrokerError, EventError
from edgeverify.events import ClaimMessage, Topics, encode_claim

ANSWER_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a subscriber saw of one claim; `milliseconds` from sending it to the event's arrival."""

    outcome: Outcome
    reason: Reason
    event_id: str
    milliseconds: float


def visit(
    feed: Feed, topics: Topics, checker: EventChecker, card: str, asked: Callable[[str], None]
) -> Answer:
    """Send a claim as a reader would, and wait for the signed, checked decision.

    `asked` is told each prompt. Raises BrokerError when no decision comes.
    """
    refused = ""
    claim = ClaimMessage(id=uuid.uuid4().hex, card=card, issued_at=_now())
    began = time.monotonic()
    feed.publish(topics.claim, encode_claim(claim, source="/edgeverify/demo-reader"))
    while (left := began + ANSWER_SECONDS - time.monotonic()) > 0:
        message = feed.next(left)
        if message is None:
            break
        if message.topic == topics.prompt:
            asked(str(json.loads(message.payload).get("text", "")))
            continue
        try:
            event = checker.check(message.payload, now=_now(), is_retained=message.is_retained)
        except EventError as error:
            refused = f"; the last event was refused: {error.problem}"
            continue
        if event.decision.claim_id == claim.id:
            return Answer(
                outcome=event.decision.outcome,
                reason=event.decision.reason,
                event_id=event.decision.event_id,
                milliseconds=(time.monotonic() - began) * 1000,
            )
    raise BrokerError(
        f"no decision within {ANSWER_SECONDS:g} s{refused}",
        advice="The daemon's log says what it did meanwhile.",
    )


def _now() -> datetime:
    return datetime.now(timezone.utc)
