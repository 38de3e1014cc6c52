"""`edgeverify operator`: lock a door down, open it, or bring it back to normal, signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import ConfigFile

if TYPE_CHECKING:
    from edgeverify.client import Feed
    from edgeverify.domain import Command, DoorMode

LIFE_SECONDS = 30.0
"""A command counts for this long: enough for a slow broker, too little to be played back."""
ANSWER_SECONDS = 10.0

app = typer.Typer(
    help="Lock-down and open, by a signed command of an operator's key.", no_args_is_help=True
)
KeyFile = Annotated[
    Path,
    typer.Option(
        "--key",
        envvar="EDGEVERIFY_OPERATOR_KEY",
        help="The operator's private key (`edgeverify operator key`).",
        show_default=False,
    ),
]
Hours = Annotated[
    float | None,
    typer.Option("--hours", help="End by itself after this.", min=0.01, show_default=False),
]


REFUSED = {
    "unknown_key": "Bring the key's public half to the door, name it in `commands.operator_keys`, "
    "and reload.",
    "bad_signature": "Something on the way changes messages: look at the broker.",
    "other_door": "Name the config of the door that is meant.",
    "clock_unsynced": "The door's clock cannot be trusted: once it is right, run there "
    "`edgeverify clock accept`.",
    "future_dated": "This machine's clock is ahead of the door's: set it.",
    "expired": "This machine's clock is behind the door's, or the broker held the command back.",
    "lives_too_long": "This machine's clock is ahead of the door's: set it.",
    "replayed": "A newer command of this key came first. Is this machine's clock behind?",
    "open_too_long": "`commands.max_open_hours` in the door's config is the longest.",
    "state_unavailable": "The door's disk cannot store it: `edgeverify doctor` there says why.",
}
"""What to do about each check of the door that refuses a command."""


@app.command("key")
@plain_errors
def make_key(
    file: Annotated[Path, typer.Argument(help="Where the private key is put.", show_default=False)],
    *,
    show: Annotated[
        bool, typer.Option("--show", help="Only print the public half of a key that is there.")
    ] = False,
) -> None:
    """Make an operator's key, and print its public half for `commands.operator_keys`.

    The private half stays with the operator, and never comes to the door.

    Example: edgeverify operator key ~/operator.key > operator.pub
    """
    from edgeverify.operator_key import make_operator_key, read_operator_key

    key = read_operator_key(file) if show else make_operator_key(file)
    complain(f"key {key.keyid} in {file}; its public half:")
    typer.echo(key.public_pem, nl=False)


@app.command()
@plain_errors
def lockdown(config: ConfigFile, key: KeyFile, *, hours: Hours = None) -> None:
    """Let nobody in, whatever they prove, until `operator normal` or the hours are over.

    An exit button goes on working: whoever is inside can go out.

    Example: edgeverify operator lockdown --config front-door.yaml --key operator.key
    """
    from edgeverify.domain import DoorMode

    _command(config, key, DoorMode.LOCKDOWN, hours)


@app.command("open")
@plain_errors
def open_door(
    config: ConfigFile,
    key: KeyFile,
    hours: Annotated[
        float, typer.Option("--hours", help="How long; the door has a limit of its own.", min=0.01)
    ],
) -> None:
    """Keep the door released for some hours, if its lock follows (`follow_open`).

    Example: edgeverify operator open --hours 2 --config front-door.yaml --key operator.key
    """
    from edgeverify.domain import DoorMode

    _command(config, key, DoorMode.OPEN, hours)


@app.command()
@plain_errors
def normal(config: ConfigFile, key: KeyFile) -> None:
    """End a lock-down, or close a door that was opened.

    Example: edgeverify operator normal --config front-door.yaml --key operator.key
    """
    from edgeverify.domain import DoorMode

    _command(config, key, DoorMode.NORMAL, None)


def _command(config: Path, key: Path, mode: DoorMode, hours: float | None) -> None:
    import time
    import uuid
    from datetime import datetime, timedelta, timezone

    from edgeverify.cli.door.broker import open_feed
    from edgeverify.config import load_config
    from edgeverify.domain import Command
    from edgeverify.errors import BrokerError
    from edgeverify.events import Topics
    from edgeverify.events.command import encode_command
    from edgeverify.operator_key import read_operator_key

    loaded, signer = load_config(config), read_operator_key(key)
    door = loaded.settings.door
    topics, now = Topics(door), datetime.now(timezone.utc)
    command = Command(
        id=uuid.uuid4().hex,
        door=door,
        mode=mode,
        sequence=signer.next_sequence(now),
        issued_at=now,
        expires_at=now + timedelta(seconds=LIFE_SECONDS),
        until=None if hours is None else now + timedelta(hours=hours),
    )
    with open_feed(loaded, (topics.status,)) as feed:
        feed.publish(topics.command, encode_command(command, signer))
        answer = _answer(feed, command, time.monotonic() + ANSWER_SECONDS)
    if answer is None:
        raise BrokerError(
            f"the door {door!r} has not said within {ANSWER_SECONDS:.0f} s that it obeys",
            advice="Is its daemon running, and at this broker? Look: edgeverify status.",
        )
    say(_told(door, mode, answer))


def _told(door: str, mode: DoorMode, until: str) -> str:
    from edgeverify.domain import DoorMode

    words = {
        DoorMode.NORMAL: "back to normal",
        DoorMode.LOCKDOWN: "locked down",
        DoorMode.OPEN: "open",
    }
    return f"{door}: {words[mode]}" + (f" until {until}" if until else "")


def _answer(feed: Feed, command: Command, deadline: float) -> str | None:
    """Return until when the command holds (empty: no end), None where the door said nothing.

    Raises CommandRefusedError where the door refused it.
    """
    import json
    import time
    from contextlib import suppress

    from edgeverify.errors import CommandRefusedError

    while (left := deadline - time.monotonic()) > 0:
        message = feed.next(left)
        mode: object = None
        if message is not None:
            with suppress(ValueError, AttributeError):
                mode = json.loads(message.payload).get("mode")
        if not isinstance(mode, dict):
            continue
        refused = mode.get("refused")
        if isinstance(refused, dict) and refused.get("id") == command.id:
            name = str(refused.get("name"))
            error = CommandRefusedError(name, "the door does not obey this command", command.id)
            error.advice = REFUSED.get(name, "")
            raise error
        if mode.get("command_id") == command.id:
            return str(mode.get("until") or "")
    return None
