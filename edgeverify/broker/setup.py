"""Setting a broker up, in one go; a second run adds what is missing and overwrites nothing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FILE, PUBLIC_FILE
from edgeverify.broker import chosen as choices
from edgeverify.broker.access import EARLIER_RIGHTS, RIGHTS, Login, Role, logins_of
from edgeverify.broker.certificates import Issued, ends_at, new_authority, new_server
from edgeverify.broker.chosen import Chosen, Wanted, read_chosen
from edgeverify.broker.conf import Existing, Listener, check_existing, listener_part, whole
from edgeverify.broker.files import BROKER_USER, Owner, Owners, Place, can_enter, owner_of, read
from edgeverify.broker.logins import Hashed, encode_logins, fits, hashed, read_hashes
from edgeverify.errors import BrokerSetupError

PASSWORD_BYTES = 24
USUAL_FOLDER = "/etc/mosquitto/edgeverify"
ENDS_SOON = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the work needs beside what is wanted; `now` is aware."""

    plugin: Path
    owners: Owners
    now: datetime
    days: int = 5 * 365
    renew: bool = False
    new_password: str = ""
    random_bytes: Callable[[int], bytes] = secrets.token_bytes


@dataclass(slots=True, kw_only=True)
class Made:
    """What holds now, what was written, and what its owner should know."""

    chosen: Chosen
    conf: Path
    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def set_up(folder: Path, wanted: Wanted, how: How) -> Made:
    """Make, or complete, a broker in `folder`. Raises BrokerSetupError; nothing is overwritten."""
    known = _known(folder)
    chosen = (
        choices.first(wanted)
        if known is None
        else choices.again(known, wanted, folder, renew=how.renew)
    )
    if how.new_password and how.new_password not in {
        login.name for login in logins_of(chosen.doors)
    }:
        names = ", ".join(login.name for login in logins_of(chosen.doors))
        raise BrokerSetupError(f"there is no login {how.new_password!r}", advice=f"It has {names}.")
    existing = check_existing(Path(chosen.existing), chosen.port) if chosen.existing else None
    made = Made(chosen=chosen, conf=existing.file if existing else folder / "mosquitto.conf")
    place = Place(folder, made.files)
    runs_as = _runs_as(folder, how.owners, existing, made)
    place.make_folder(folder)
    if chosen != known:  # first: a folder that a full disk left holds this, or nothing at all
        place.renew(folder / choices.FILE, chosen.to_bytes(), PUBLIC_FILE)
    place.make_folder(folder / "logins")
    _certificates(place, chosen, how, runs_as, made)
    _logins(place, chosen, how, runs_as)
    _conf(place, chosen, how, runs_as, existing, made)
    return made


def _known(folder: Path) -> Chosen | None:
    if (folder / choices.FILE).exists():
        return read_chosen(read(folder / choices.FILE), folder / choices.FILE)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BrokerSetupError(
            f"{folder} holds something else, and is not overwritten",
            advice="Name a folder that is empty or not there yet.",
        )
    return None


def _runs_as(folder: Path, owners: Owners, existing: Existing | None, made: Made) -> Owner | None:
    """Return whom the broker's private files are for; None: whoever sets it up."""
    if not owners.is_root or (existing is not None and existing.user == "root"):
        return None
    owner = owners.broker if existing is None else owner_of(existing.user)
    if owner is not None and can_enter(owner, folder):
        return owner
    who = f"The user {existing.user if existing else BROKER_USER}"
    if existing is not None:
        raise BrokerSetupError(
            f"{who} may not enter {folder}, or is not there", advice=f"Take {USUAL_FOLDER}."
        )
    made.notes.append(
        f"{who} may not enter {folder}, or is not there, so this broker runs as root: good for a "
        f"trial. For a house take a folder that it may enter, such as {USUAL_FOLDER}."
    )
    return None


def _certificates(
    place: Place, chosen: Chosen, how: How, runs_as: Owner | None, made: Made
) -> None:
    folder = place.folder
    if not (folder / "ca.key").exists() and not (folder / "ca.crt").exists():
        authority = new_authority(chosen.hosts[0], how.now)
        place.secret(folder / "ca.key", authority.key)
        place.public(folder / "ca.crt", authority.certificate)
    certificate = folder / "server.crt"
    if how.renew or not certificate.exists():
        if not (folder / "ca.key").exists():
            raise BrokerSetupError(
                f"{folder / 'ca.key'} is not there to sign a certificate with",
                advice="Bring it back from where you keep it, for this command.",
            )
        authority = Issued(read(folder / "ca.crt"), read(folder / "ca.key"))
        server = new_server(authority, chosen.hosts, how.now, how.days)
        place.renew(folder / "server.key", server.key, PRIVATE_FILE, runs_as)
        place.renew(certificate, server.certificate, PUBLIC_FILE)
    ends = ends_at(read(certificate))
    if ends - how.now < ENDS_SOON:
        made.notes.append(f"The certificate ends on {ends:%Y-%m-%d}: --renew makes a new one.")


def _logins(place: Place, chosen: Chosen, how: How, runs_as: Owner | None) -> None:
    path = place.folder / "logins.json"
    before = read(path) if path.exists() else b""
    known = read_hashes(before, str(path)) if before else {}
    there = [login for login in logins_of(chosen.doors) if login.name in known]
    given = [
        json.loads(encode_logins([one for one in there if one.role in each], known, each))
        for each in (RIGHTS, *EARLIER_RIGHTS)
    ]
    if before and json.loads(before) not in given:
        raise BrokerSetupError(
            f"{path} was changed by hand, and is not overwritten",
            advice="Undo the change, or take another folder.",
        )
    kept: dict[str, Hashed] = {}
    for login in logins_of(chosen.doors):
        kept[login.name] = _password(place, login, known.get(login.name), how)
        _config(place, login, chosen)
    after = encode_logins(logins_of(chosen.doors), kept)
    if after != before:
        place.renew(path, after, PRIVATE_FILE, runs_as)


def _password(place: Place, login: Login, known: Hashed | None, how: How) -> Hashed:
    """Return the login's hash; its password is made once, in a file of its owner alone."""
    owner = how.owners.door if login.role is Role.DOOR else None
    folder = place.folder / "logins" / login.name
    path = folder / "password"
    is_new = how.new_password == login.name
    if is_new or (known is None and not path.exists()):
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        place.make_folder(folder, owner=owner, mode=0o700)
        place.renew(path, password.encode() + b"\n", PRIVATE_FILE, owner)
        return hashed(password, how.random_bytes)
    if known is not None and not path.exists():
        return known  # carried to its device
    password = read(path).decode(errors="replace").strip()
    if known is not None and not fits(password, known):
        raise BrokerSetupError(
            f"{path} is not the password that the broker knows",
            advice=f"Make a new one: --new-password {login.name}.",
        )
    return known or hashed(password, how.random_bytes)


def _config(place: Place, login: Login, chosen: Chosen) -> None:
    """Write beside a password what `edgeverify claim` and `events` need with this login."""
    folder = place.folder / "logins" / login.name
    if not folder.exists():
        return  # carried to its device
    place.public(folder / "ca.crt", read(place.folder / "ca.crt"))
    for door in (login.door,) if login.door else chosen.doors:
        text = f"""# For `edgeverify claim` and `events` at {door}, with the login {login.name}.
door: {door}
{mqtt_section(login, chosen, "")}"""
        place.public(folder / f"{door}.yaml", text.encode())


def mqtt_section(login: Login, chosen: Chosen, folder: str) -> str:
    """Return the config's `mqtt:` for a login whose files lie in `folder` (ends in /, or empty)."""
    return f"""mqtt:
  host: {chosen.hosts[0]}
  port: {chosen.port}
  username: {login.name}
  password_file: {folder}password
  tls:
    enabled: true
    ca_file: {folder}ca.crt
"""


def _conf(
    place: Place,
    chosen: Chosen,
    how: How,
    runs_as: Owner | None,
    existing: Existing | None,
    made: Made,
) -> None:
    listener = Listener(port=chosen.port, address=chosen.address)
    if existing is not None:
        text = listener_part(place.folder, listener, how.plugin)
    else:
        place.make_folder(place.folder / "data", owner=runs_as, mode=0o700)
        user = runs_as.name if runs_as else "root" if how.owners.is_root else ""
        text = whole(place.folder, listener, how.plugin, user=user)
    if not made.conf.exists():
        place.public(made.conf, text.encode())
        made.notes += existing.notes if existing else ()
    elif read(made.conf).decode(errors="replace") != text:
        made.notes.append(f"{made.conf} differs from what this release would write; it was kept.")
