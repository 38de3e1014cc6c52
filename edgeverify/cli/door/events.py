"""`edgeverify events`: listen to a door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder

if TYPE_CHECKING:
    from datetime import datetime

    from edgeverify.client import EventChecker, RawMessage
    from edgeverify.events import Topics

SILENT_SECONDS = 2.0
NOTHING = (
    "nothing has come yet, not even the door's status, which the broker keeps ({topic}): the door "
    "has never been on this broker, or the broker does not let this login hear it. Still listening."
)


@plain_errors
def events(
    config: ConfigFile,
    *,
    history: Annotated[
        bool, typer.Option("--history", help="The audit topic instead of live decisions.")
    ] = False,
    verify_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--verify-key",
            help="The door's public key (PEM), once or more. Without it this machine's own, if it "
            "has one; else signatures are not checked, and it says so.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", help="End after this many decisions; 0: never.", min=0)
    ] = 0,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show decisions, prompts and the door's status as they come, until interrupted.

    Example: edgeverify events --config front-door.yaml --verify-key front-door.pub
    """
    from edgeverify.cli.door.broker import open_feed, verify_keys
    from edgeverify.client import EventChecker
    from edgeverify.config import load_config
    from edgeverify.events import Topics

    loaded = load_config(config)
    topics = Topics(loaded.settings.door)
    keys = verify_keys(loaded, verify_key or [], state)
    if not keys:
        complain("signatures are not checked: give --verify-key (`edgeverify keys show --pem`)")
    checker = EventChecker(loaded.settings.door, keys) if keys else None
    wanted = (
        (topics.audit, topics.status) if history else (topics.event, topics.prompt, topics.status)
    )
    shown = 0
    patience: float | None = SILENT_SECONDS
    with open_feed(loaded, wanted) as feed:
        while not count or shown < count:
            message = feed.next(patience)
            patience = None
            if message is None:
                complain(NOTHING.format(topic=topics.status))
                continue
            line = _line(message, topics, checker, as_json=as_json)
            if line:
                say(line)
            shown += message.topic in {topics.event, topics.audit} and bool(line)


def _line(
    message: RawMessage, topics: Topics, checker: EventChecker | None, *, as_json: bool
) -> str:
    """Return what to print of a message; a refused event goes to standard error instead."""
    from datetime import datetime, timezone

    from edgeverify.errors import EventError

    now = datetime.now(timezone.utc)
    try:
        if message.topic == topics.event:
            return _decision(message, checker, now, is_live=True, as_json=as_json)
        if message.topic == topics.audit:
            return _decision(message, checker, now, is_live=False, as_json=as_json)
        return _other(message, topics, as_json=as_json)
    except (EventError, ValueError, KeyError, TypeError, RecursionError) as error:
        complain(f"{message.topic}: refused: {getattr(error, 'problem', 'it cannot be read')}")
        return ""


def _decision(
    message: RawMessage,
    checker: EventChecker | None,
    now: datetime,
    *,
    is_live: bool,
    as_json: bool,
) -> str:
    import json

    from edgeverify.events import DecisionPayload, parse_event

    missed = 0
    event = parse_event(message.payload)
    if checker is None:
        decision = DecisionPayload.from_bytes(event.payload)
    elif is_live:
        found = checker.check(message.payload, now=now, is_retained=message.is_retained)
        decision, missed = found.decision, found.missed
    else:
        decision = checker.check_history(message.payload).decision
    if as_json:
        record = json.loads(decision.to_bytes()) | {
            "live": is_live,
            "verified": checker is not None,
            "missed": missed,
        }
        if event.score is not None:
            record |= {"score": event.score, "threshold": event.threshold}
        return json.dumps(record, ensure_ascii=False)
    gap = f"  ({missed} before it not seen)" if missed else ""
    seen = "" if checker is not None else "  unverified"
    kind = "" if is_live else "  history"
    is_passed_on = decision.opened_by and decision.outcome.value == "grant"
    opener = f"  the {decision.opened_by} decides" if is_passed_on else ""
    return (
        f"{decision.issued_at:%Y-%m-%d %H:%M:%S}  {decision.outcome.value:<5}  "
        f"{decision.reason.value:<20}  {decision.card:<16}  #{decision.sequence}"
        f"{opener}{kind}{seen}{gap}"
    )


def _other(message: RawMessage, topics: Topics, *, as_json: bool) -> str:
    import json

    record = json.loads(message.payload)
    if as_json:
        return json.dumps(record, ensure_ascii=False)
    if message.topic == topics.prompt:
        return f"{'':19}  ask    {record['text']}"
    reasons = ", ".join(reason["name"] for reason in record["reasons"])
    return f"{str(record['at'] or '')[:19]:<19}  door   {record['state']}  {reasons}".rstrip()
