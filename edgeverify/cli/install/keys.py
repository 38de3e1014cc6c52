"""`edgeverify keys`: the key that signs this door's decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeverify.cli.console import complain, plain_errors, say
from edgeverify.cli.options import AsJson, ConfigFile, StateFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edgeverify.config import LoadedConfig
    from edgeverify.key_rotation import AnnouncedKey
    from edgeverify.keys import SigningKeys
    from edgeverify.state import StateDirectory
    from edgeverify.status_socket import Json

ANNOUNCED_DAYS = 7.0
"""How long a key is announced before it signs, unless said otherwise."""
SHOWN_PREVIOUS = 4
"""Old keys that are listed; the file keeps more."""

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
    from edgeverify.key_rotation import accepted_keys, read_announced
    from edgeverify.keys import read_signing_keys

    now = datetime.now(timezone.utc)
    with reading(load_config(config), state) as place:
        keys = read_signing_keys(place.signing_keys)
        announced = read_announced(place.signing_keys)
        accepted = accepted_keys(place.signing_keys, now)
    if as_json:
        say(_json(keys, announced, accepted))
        return
    if not pem:
        _print(keys, announced, now)
    say(_pem(accepted))


@app.command()
@plain_errors
def rotate(
    config: ConfigFile,
    *,
    state: StateFolder = None,
    after_days: Annotated[
        float | None,
        typer.Option(
            help="Days until the announced key signs; 7, or those of the earlier announcement.",
            min=0,
            max=365,
            show_default=False,
        ),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Let the announced key, or a new one, sign at once.")
    ] = False,
) -> None:
    """Announce the next signing key; it signs after a week, or at once with --now.

    The door's status carries the announcement, signed by the key that signs now: locks that follow
    it accept both keys from then on. Give the others what `keys show --pem` prints before it
    begins. The old key counts for `keys.previous_key_days` more.

    Example: sudo edgeverify keys rotate --config /etc/edgeverify/front-door.yaml
    """
    from edgeverify.cli.state import changing
    from edgeverify.config import load_config
    from edgeverify.errors import ConfigError
    from edgeverify.state_lock import take_lock
    from edgeverify.status_socket import ask, is_running

    if now and after_days is not None:
        raise ConfigError("--now and --after-days exclude each other")
    loaded = load_config(config)
    with changing(loaded, state) as place:
        wanted = None if now else _days(place.signing_keys, after_days)
        replaced = _still_shown(place.signing_keys)
        if is_running(place.folder):
            answer = ask(place.folder, "keys-rotate", after_days=wanted)
        else:
            with take_lock(place):
                answer = _rotated(place.signing_keys, loaded, wanted)
                _seal(place, loaded)
    if replaced:
        complain(
            f"a lock that has been off since key {replaced} was announced can no longer learn it: "
            "give it `edgeverify keys show --pem`"
        )
    if "next" in answer:
        say(f"key {answer['next']} is announced, and signs from {_day(answer['begins_at'])} on")
        say(f"until then {answer['current']} signs")
        complain("locks that follow the door's status learn it; give the others both keys before:")
        complain("  sudo edgeverify keys show --pem --config ...")
        return
    until = _day(answer["until"])
    say(f"key {answer['new']} signs; the old key {answer['old']} counts until {until}")
    complain("now give locks that do not follow the door's status: `edgeverify keys show --pem`")


def _days(signing_keys: Path, wanted: float | None) -> float:
    """Return after how many days the next key begins: as said, as said before, or a week."""
    from datetime import datetime, timezone

    from edgeverify.key_rotation import read_announced

    if wanted is not None:
        return wanted
    waiting = read_announced(signing_keys)
    if waiting is None or waiting.private is None:
        return ANNOUNCED_DAYS
    left = waiting.begins_at - datetime.now(timezone.utc)
    return max(0.0, left.total_seconds() / 86400)


def _still_shown(signing_keys: Path) -> str:
    """Return the key of an earlier rotation whose announcement this one replaces, or empty."""
    from edgeverify.key_rotation import read_announced

    earlier = read_announced(signing_keys)
    return earlier.keyid if earlier is not None and earlier.private is None else ""


def _rotated(signing_keys: Path, loaded: LoadedConfig, wanted: float | None) -> dict[str, Json]:
    """Do beside a stopped door what a running one does itself; the caller holds the lock."""
    from datetime import datetime, timedelta, timezone

    from edgeverify.daemon.signing_key import KeyRing
    from edgeverify.keys import read_signing_keys

    now = datetime.now(timezone.utc)
    read_signing_keys(signing_keys)  # a ring would make them where there are none
    ring, settings = KeyRing(signing_keys, now=now), loaded.settings
    if wanted is not None:
        made = ring.announce(door=settings.door, begins_at=now + timedelta(days=wanted))
        began = made.begins_at.isoformat()
        return {"current": ring.current.keyid, "next": made.keyid, "begins_at": began}
    days = settings.keys.previous_key_days
    old, new = ring.rotate(door=settings.door, now=now, previous_days=days)
    until = new.previous[0].accepted_until
    return {"old": old.keyid, "new": new.keyid, "until": until.isoformat()}


def _seal(place: StateDirectory, loaded: LoadedConfig) -> None:
    """Let the door know at its next start that this door's own command wrote the files."""
    from contextlib import suppress
    from datetime import datetime, timezone

    from edgeverify.cli.state import stopped_journal
    from edgeverify.daemon.sealed_facts import PURPOSE, SealedFacts, StateFiles
    from edgeverify.errors import EdgeverifyError

    now = datetime.now(timezone.utc)
    with suppress(EdgeverifyError), stopped_journal(loaded, place, now) as (journal, secret):
        if secret:
            StateFiles(place, SealedFacts(journal, secret, PURPOSE)).keep()


def _day(text: Json) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(str(text)):%Y-%m-%d %H:%M} UTC"


def _print(keys: SigningKeys, announced: AnnouncedKey | None, now: datetime) -> None:
    say(f"{keys.keyid}  signs since {keys.made_at:%Y-%m-%d %H:%M} UTC")
    if announced is not None and announced.private is not None:
        say(f"{announced.keyid}  announced, signs from {announced.begins_at:%Y-%m-%d %H:%M} UTC on")
    for old in keys.previous[:SHOWN_PREVIOUS]:
        verb = "accepted until" if old.accepted_until > now else "no longer accepted since"
        say(f"{old.keyid}  {verb} {old.accepted_until:%Y-%m-%d %H:%M} UTC")
    say()


def _pem(accepted: Mapping[str, Ed25519PublicKey]) -> str:
    from edgeverify.keys import public_pem

    return "\n".join(public_pem(public).strip() for public in accepted.values())


def _json(
    keys: SigningKeys, announced: AnnouncedKey | None, accepted: Mapping[str, Ed25519PublicKey]
) -> str:
    import json

    from edgeverify.keys import public_pem

    until = {old.keyid: old.accepted_until.isoformat() for old in keys.previous}
    begins = {} if announced is None else {announced.keyid: announced.begins_at.isoformat()}
    rows = [
        {
            "keyid": keyid,
            "public_key": public_pem(public),
            "signs": keyid == keys.keyid,
            "accepted_until": until.get(keyid),
            "begins_at": None if keyid == keys.keyid else begins.get(keyid),
        }
        for keyid, public in accepted.items()
    ]
    return json.dumps(rows, indent=1)
