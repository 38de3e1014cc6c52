"""`edgeverify claim`: do what a card reader does, and wait for the answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edgeverify.client import Feed
    from edgeverify.events import DecisionPayload, Topics

NO_ANSWER = 2
SILENT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided on the claim; `decided_claim` is the one whose attempt it joined, if any."""

    decision: DecisionPayload
    decided_claim: str


@plain_errors
def claim(
    config: ConfigFile,
    card: Annotated[str, typer.Argument(help="The card number.", show_default=False)],
    *,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for the decision.", min=0.1)
    ] = 30.0,
    verify_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--verify-key",
            help="The door's public key (PEM). Without it this machine's own, if it has one.",
            show_default=False,
        ),
    ] = None,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Send a claim for CARD and wait for the decision; show what the door asks for meanwhile.

    Exit code 0: grant, 1: deny, 2: no answer.

    Example: edgeverify claim 0012345 --config front-door.yaml
    """
    import uuid
    from datetime import datetime, timezone

    from edgeverify.cli.door.broker import open_feed, verify_keys
    from edgeverify.config import load_config
    from edgeverify.errors import ClaimError
    from edgeverify.events import ClaimMessage, Topics, encode_claim
    from edgeverify.settings.people import CARD

    if not CARD.fullmatch(card):
        raise ClaimError(
            f"{card!r} is not a card number",
            advice="It has 1 to 64 letters, digits and . _ : - and begins with a letter or digit.",
        )
    loaded = load_config(config)
    topics = Topics(loaded.settings.door)
    keys = verify_keys(loaded, verify_key or [], state)
    now = datetime.now(timezone.utc)
    message = ClaimMessage(id=uuid.uuid4().hex, card=card, issued_at=now)
    with open_feed(loaded, (topics.answer, topics.prompt)) as feed:
        feed.publish(topics.claim, encode_claim(message, source="/edgeverify/claim-command"))
        answer = _wait(feed, message.id, topics, keys, timeout)
    if answer is None:
        looks = loaded.settings.decision.timeout_seconds
        is_short = timeout <= looks
        longer = f" (the door may look for {looks:g} s: use a longer --timeout)" if is_short else ""
        complain(
            f"no answer within {timeout:g} s{longer}: is the daemon running, on this broker, and "
            f"does the broker let it write to {topics.answer} and this login hear it?"
        )
        raise typer.Exit(NO_ANSWER)
    decision = answer.decision
    if as_json:
        say(decision.to_bytes().decode())
    else:
        checked = "" if keys else "  (signature not checked: no --verify-key)"
        joined = "  (joined an attempt under way)" if answer.decided_claim else ""
        is_passed_on = decision.opened_by and decision.outcome.value == "grant"
        opener = (
            f"  (the {decision.opened_by} decides whether the door opens)" if is_passed_on else ""
        )
        said = f"{decision.outcome.value}  {decision.reason.value}  card {decision.card}"
        say(f"{said}{opener}{joined}{checked}")
    raise typer.Exit(0 if decision.outcome.value == "grant" else 1)


def _wait(
    feed: Feed,
    claim_id: str,
    topics: Topics,
    keys: dict[str, Ed25519PublicKey],
    seconds: float,
) -> Answer | None:
    """Return the answer to this claim, checked as far as there are keys; prompts are shown."""
    import time

    from edgeverify.errors import EventError

    deadline, patience = time.monotonic() + seconds, time.monotonic() + SILENT_SECONDS
    has_spoken = False
    while (left := deadline - time.monotonic()) > 0:
        until = deadline if has_spoken else min(deadline, patience)
        arrived = feed.next(max(0.0, until - time.monotonic()))
        if arrived is None:
            if not has_spoken and left > SILENT_SECONDS:
                complain("  waiting for the door ...")
            has_spoken = True
            continue
        if arrived.topic == topics.prompt:
            has_spoken = _show(arrived.payload, claim_id) or has_spoken
            continue
        try:
            answer = _read(arrived.payload, topics.door, keys)
        except EventError as error:
            complain(f"an answer was refused: {error.problem}")
            continue
        if answer.decision.claim_id == claim_id:
            return answer
    return None


def _show(payload: bytes, claim_id: str) -> bool:
    """Show a prompt that belongs to this claim; return whether it does."""
    import json

    try:
        prompt = json.loads(payload)
        if prompt["claim_id"] != claim_id:
            return False
        complain(f"  {prompt['text']}")
    except (ValueError, KeyError, TypeError, RecursionError):
        complain("a prompt cannot be read")
        return False
    return True


def _read(payload: bytes, door: str, keys: dict[str, Ed25519PublicKey]) -> Answer:
    from edgeverify.client import EventChecker
    from edgeverify.events import DecisionPayload, parse_event

    if keys:
        checked = EventChecker(door, keys).check_answer(payload)
        return Answer(checked.decision, checked.decided_claim)
    event = parse_event(payload)
    return Answer(DecisionPayload.from_bytes(event.payload), event.decided_claim)
