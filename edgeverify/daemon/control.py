"""What the local socket can ask of the running daemon."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from edgeverify.daemon.health import Health
from edgeverify.daemon.reload.reload_thread import Tickets
from edgeverify.daemon.service import BELIEVED_FACT, BOOT_FACT, Service
from edgeverify.logs import fields
from edgeverify.status_socket import Handler, Json

LOG = logging.getLogger("edgeverify.service")


def requests(service: Service, health: Health, tickets: Tickets) -> Mapping[str, Handler]:
    """Return the handlers by request; each runs in the socket's thread."""
    return {
        "status": lambda _: health.status().record(),
        "reload": lambda _: {"ticket": tickets.ask()},
        "reload-outcome": lambda arguments: _reload_outcome(tickets, arguments),
        "unlock": lambda arguments: _unlock(service, arguments),
        "clock-accept": lambda arguments: _accept_clock(service, arguments),
        "keys-rotate": lambda _: _rotate_keys(service),
    }


def _reload_outcome(tickets: Tickets, arguments: Mapping[str, Json]) -> dict[str, Json]:
    ticket = arguments.get("ticket")
    outcome = tickets.outcome(ticket) if isinstance(ticket, int) else None
    if outcome is None:
        return {"is_done": False}
    return {"is_done": True, "problem": outcome.problem, "advice": outcome.advice}


def _unlock(service: Service, arguments: Mapping[str, Json]) -> dict[str, Json]:
    card, user = str(arguments.get("card", "")), str(arguments.get("user", ""))
    known = service.records.unlock(card, at=service.time.wall(), by_user=user)
    LOG.warning("lock-out lifted", extra=fields(known=known, by=user))
    return {"known": known}


def _accept_clock(service: Service, arguments: Mapping[str, Json]) -> dict[str, Json]:
    user = str(arguments.get("user", ""))
    service.journal.accept_clock(at=service.time.wall(), by_user=user)
    accepted = service.time.accept()
    believed, boot = service.time.to_remember(), service.clock.boot_to_remember
    if believed is not None and boot is not None:
        service.journal.keep_fact(BELIEVED_FACT, believed)
        service.journal.keep_fact(BOOT_FACT, boot)
    LOG.warning("the clock was accepted", extra=fields(by=user))
    return {"at": accepted.isoformat()}


def _rotate_keys(service: Service) -> dict[str, Json]:
    days = service.board.current.settings.keys.previous_key_days
    old, new = service.keys.rotate(now=service.time.wall(), previous_days=days)
    LOG.warning("signing key rotated", extra=fields(old=old.keyid, new=new.keyid))
    until = new.previous[0].accepted_until
    return {"old": old.keyid, "new": new.keyid, "until": until.isoformat()}
