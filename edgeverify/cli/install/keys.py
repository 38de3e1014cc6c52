"""`edgeverify keys`: the key that signs this door's decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder

if TYPE_CHECKING:
    from datetime import datetime

    from edgeverify.keys import SigningKeys

app = typer.Typer(help="The key that signs this door's decisions.", no_args_is_help=True)


@app.command()
@plain_errors
def show(
    config: ConfigFile,
    *,
    state: StateFolder = None,
    pem: Annotated[
        bool, typer.Option("--pem", help="Only the public keys, PEM, for subscribers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the public keys that subscribers should accept, the current one first.

    The daemon makes the first at its first start. Secret halves are never shown.

    Example: edgeverify keys show --config front-door.yaml --pem > front-door.pub
    """
    from datetime import datetime, timezone

    from edgeverify.cli.state import reading
    from edgeverify.config import load_config
    from edgeverify.keys import read_signing_keys

    now = datetime.now(timezone.utc)
    with reading(load_config(config), state) as place:
        keys = read_signing_keys(place.signing_keys)
    if as_json:
        say(_json(keys, now))
    elif pem:
        say(_pem(keys, now))
    else:
        _print(keys, now)


@app.command()
@plain_errors
def rotate(config: ConfigFile, *, state: StateFolder = None) -> None:
    """Make a new signing key; the old one counts for `keys.previous_key_days` more.

    A running daemon signs with the new key from the next decision on. Then give subscribers the
    keys that `keys show --pem` prints: both, so that decisions signed before and after are
    accepted.

    Example: edgeverify keys rotate --config /etc/edgeverify/front-door.yaml
    """
    from datetime import datetime, timezone

    from edgeverify.cli.state import changing
    from edgeverify.config import load_config
    from edgeverify.keys import rotate_signing_keys
    from edgeverify.state import take_lock
    from edgeverify.status_socket import ask, is_running

    loaded = load_config(config)
    with changing(loaded, state) as place:
        if is_running(place.folder):
            answer = ask(place.folder, "keys-rotate")
            old_id, new_id = str(answer["old"]), str(answer["new"])
            until = datetime.fromisoformat(str(answer["until"]))
        else:
            with take_lock(place):
                old, new = rotate_signing_keys(
                    place.signing_keys,
                    now=datetime.now(timezone.utc),
                    previous_days=loaded.settings.keys.previous_key_days,
                )
            old_id, new_id, until = old.keyid, new.keyid, new.previous[0].accepted_until
    say(f"new key {new_id}; the old key {old_id} counts until {until:%Y-%m-%d %H:%M} UTC")
    complain("now give subscribers the output of `edgeverify keys show --pem`")


def _print(keys: SigningKeys, now: datetime) -> None:
    say(f"{keys.keyid}  signs since {keys.made_at:%Y-%m-%d %H:%M} UTC")
    for old in keys.previous:
        verb = "accepted until" if old.accepted_until > now else "no longer accepted since"
        say(f"{old.keyid}  {verb} {old.accepted_until:%Y-%m-%d %H:%M} UTC")
    say()
    say(_pem(keys, now))


def _pem(keys: SigningKeys, now: datetime) -> str:
    from edgeverify.keys import public_pem

    return "\n".join(public_pem(public).strip() for public in keys.accepted(now).values())


def _json(keys: SigningKeys, now: datetime) -> str:
    import json

    from edgeverify.keys import public_pem

    until = {old.keyid: old.accepted_until.isoformat() for old in keys.previous}
    rows = [
        {
            "keyid": keyid,
            "public_key": public_pem(public),
            "signs": keyid == keys.keyid,
            "accepted_until": until.get(keyid),
        }
        for keyid, public in keys.accepted(now).items()
    ]
    return json.dumps(rows, indent=1)
