"""What was chosen for a broker: kept beside it, so that a second run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from edgeverify.errors import BrokerSetupError

FILE = "setup.json"
DEFAULT_PORT = 8883


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for now; None or empty: as it was, else the default."""

    doors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    port: int | None = None
    address: str | None = None
    existing: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What holds: doors, the names and addresses the broker is called by, where it listens.

    `existing` is the mosquitto.conf of the broker that takes the doors in, empty for one of their
    own.
    """

    doors: tuple[str, ...]
    hosts: tuple[str, ...]
    port: int
    address: str
    existing: str

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()


def read_chosen(text: bytes, where: Path) -> Chosen:
    """Read what `to_bytes` wrote. Raises BrokerSetupError."""
    try:
        record = json.loads(text)
        return Chosen(
            doors=tuple(record["doors"]),
            hosts=tuple(record["hosts"]),
            port=int(record["port"]),
            address=str(record["address"]),
            existing=str(record["existing"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BrokerSetupError(
            f"{where} is damaged: {error!r}", advice="Take it from a backup."
        ) from None


def first(wanted: Wanted) -> Chosen:
    """Return what holds for a new broker. Raises BrokerSetupError where something is missing."""
    if not wanted.doors:
        raise BrokerSetupError("no door is named", advice="Name each: --door front-door.")
    if not wanted.hosts:
        raise BrokerSetupError(
            "no --host says what the broker is called",
            advice="Give every name and address that devices reach it by: --host broker.lan "
            "--host 192.168.1.10. The first one goes into their configs.",
        )
    return Chosen(
        doors=tuple(dict.fromkeys(wanted.doors)),
        hosts=tuple(dict.fromkeys(wanted.hosts)),
        port=wanted.port or DEFAULT_PORT,
        address=wanted.address or "",
        existing=str(wanted.existing or ""),
    )


def again(known: Chosen, wanted: Wanted, folder: Path, *, renew: bool) -> Chosen:
    """Return what holds after a second run: doors are added, anything else must be as it was.

    With `renew` the names and addresses may change, as the certificate is made again.
    """
    hosts = tuple(dict.fromkeys(wanted.hosts)) or known.hosts
    if hosts != known.hosts and not renew:
        raise _differs(folder, "for " + ", ".join(known.hosts), "--renew makes a new certificate.")
    if wanted.port not in {None, known.port}:
        raise _differs(folder, f"on port {known.port}", "Set up another folder for another port.")
    if wanted.address not in {None, known.address}:
        place = known.address or "every address"
        raise _differs(folder, f"on {place}", "Set up another folder for another address.")
    if wanted.existing is not None and str(wanted.existing) != known.existing:
        whose = known.existing or "a broker of its own"
        raise _differs(folder, f"for {whose}", "Set up another folder for another broker.")
    doors: Sequence[str] = (*known.doors, *wanted.doors)
    return replace(known, doors=tuple(dict.fromkeys(doors)), hosts=hosts)


def _differs(folder: Path, how: str, advice: str) -> BrokerSetupError:
    return BrokerSetupError(f"{folder} was set up {how}, and is not overwritten", advice=advice)
