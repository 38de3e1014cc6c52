"""`edgeverify claim`: do what a card reader does, and wait for the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edgeverify.client import Feed
    from edgeverify.events import ClaimMessage, DecisionPayload

NO_ANSWER = 2


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
            advice="1 to 64 letters, digits and . _ : - beginning with a letter or digit",
        )
    loaded = load_config(config)
    topics = Topics(loaded.settings.door)
    keys = verify_keys(loaded, verify_key or [], state)
    now = datetime.now(timezone.utc)
    message = ClaimMessage(id=uuid.uuid4().hex, card=card, issued_at=now)
    with open_feed(loaded, (topics.event, topics.prompt)) as feed:
        feed.publish(topics.claim, encode_claim(message, source="/edgeverify/claim-command"))
        # By then the door would have decided on this claim, had it begun an attempt of its own.
        patience = loaded.settings.decision.timeout_seconds + 2.0
        decision = _wait(feed, message, loaded.settings.door, keys, (timeout, patience))
    if decision is None:
        complain(f"no answer within {timeout:g} s: is the daemon running, and on this broker?")
        raise typer.Exit(NO_ANSWER)
    if as_json:
        say(decision.to_bytes().decode())
    else:
        checked = "" if keys else "  (signature not checked: no --verify-key)"
        joined = "" if decision.claim_id == message.id else "  (joined an attempt under way)"
        said = f"{decision.outcome.value}  {decision.reason.value}  card {decision.card}"
        say(f"{said}{joined}{checked}")
    raise typer.Exit(0 if decision.outcome.value == "grant" else 1)


def _wait(
    feed: Feed,
    message: ClaimMessage,
    door: str,
    keys: dict[str, Ed25519PublicKey],
    seconds: tuple[float, float],
) -> DecisionPayload | None:
    """Return the decision on this claim, checked as far as there are keys; prompts are shown.

    The same card held up twice joins the attempt under way, whose decision bears the first claim's
    id: that is the answer where no other comes. `seconds` is how long to wait for any, and then
    for one of this very claim.
    """
    import json
    import time
    from datetime import datetime, timezone

    from edgeverify.client import EventChecker
    from edgeverify.errors import EventError
    from edgeverify.events import DecisionPayload, Topics, parse_event

    checker = EventChecker(door, keys)
    deadline, joined = time.monotonic() + seconds[0], None
    while (left := deadline - time.monotonic()) > 0:
        arrived = feed.next(left)
        if arrived is None:
            break
        if arrived.topic == Topics(door).prompt:
            try:
                prompt = json.loads(arrived.payload)
                if prompt["claim_id"] == message.id:
                    complain(f"  {prompt['text']}")
            except (ValueError, KeyError, TypeError, RecursionError):
                complain("a prompt cannot be read")
            continue
        try:
            if keys:
                now = datetime.now(timezone.utc)
                decision = checker.check(
                    arrived.payload, now=now, is_retained=arrived.is_retained
                ).decision
            else:
                decision = DecisionPayload.from_bytes(parse_event(arrived.payload).payload)
        except EventError as error:
            complain(f"an event was refused: {error.problem}")
            continue
        if decision.claim_id == message.id:
            return decision
        if decision.card == message.card and decision.issued_at >= message.issued_at:
            joined = decision
            deadline = min(deadline, time.monotonic() + seconds[1])
    return joined
