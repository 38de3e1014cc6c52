"""The logins as Mosquitto's dynamic security plugin reads them: one JSON of hashes and rights.

The plugin, not `acl_file`: Mosquitto's access list answers every subscription with "granted" and
then sends nothing, so that nobody learns that a right is missing; the plugin refuses by name.
Format: `mosquitto_ctrl dynsec init` of Mosquitto 2.0 writes the same keys. Passwords are hashed by
PBKDF2 with HMAC-SHA-512 (RFC 8018).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from edgeverify.broker.access import RIGHTS, Login, Rights, Role
from edgeverify.errors import BrokerSetupError

ITERATIONS = 101
"""What Mosquitto's own tool writes; our passwords are random, 192 bits, and not to be guessed."""
SALT_BYTES = 12


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password as it is kept; base64 of the hash and of the salt."""

    password: str
    salt: str
    iterations: int


def hashed(password: str, random_bytes: Callable[[int], bytes]) -> Hashed:
    """Hash a password for the plugin, with a new salt."""
    salt = random_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return Hashed(b64encode(digest).decode(), b64encode(salt).decode(), ITERATIONS)


def fits(password: str, kept: Hashed) -> bool:
    """Return whether a password is the one that was hashed."""
    from base64 import b64decode  # noqa: PLC0415 - beside its only use

    salt = b64decode(kept.salt)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, kept.iterations)
    return b64encode(digest).decode() == kept.password


def encode_logins(
    logins: Iterable[Login],
    kept: Mapping[str, Hashed],
    rights: Mapping[Role, Rights] = RIGHTS,
) -> bytes:
    """Write the plugin's file; `kept` holds each login's hash by its name.

    Whatever no role allows is forbidden. There is no administrator: rights change in this file.
    """
    logins = tuple(logins)
    record = {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [_client(login, kept[login.name]) for login in logins],
        "groups": [],
        "roles": [_role(login, rights) for login in logins],
    }
    return (json.dumps(record, indent=2) + "\n").encode()


def read_hashes(text: bytes, where: str) -> dict[str, Hashed]:
    """Return each login's hash by name from a file of `encode_logins`. Raises BrokerSetupError."""
    try:
        return {
            str(client["username"]): Hashed(
                str(client["password"]), str(client["salt"]), int(client["iterations"])
            )
            for client in json.loads(text)["clients"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise BrokerSetupError(
            f"{where} is not what `edgeverify broker setup` wrote: {error!r}",
            advice="Take another folder, or move this file away: every login gets a new password.",
        ) from None


def _client(login: Login, kept: Hashed) -> dict[str, object]:
    return {
        "username": login.name,
        "roles": [{"rolename": login.name}],
        "password": kept.password,
        "salt": kept.salt,
        "iterations": kept.iterations,
    }


def _role(login: Login, rights: Mapping[Role, Rights]) -> dict[str, object]:
    allowed = [("publishClientSend", topic) for topic in login.says(rights)]
    for topic in login.hears(rights):
        allowed += [("subscribePattern", topic), ("publishClientReceive", topic)]
    return {
        "rolename": login.name,
        "acls": [
            {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
            for kind, topic in allowed
        ],
    }
