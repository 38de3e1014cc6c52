"""Claims from MQTT on their way in: judged on the network thread, acted on by the door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from edgeverify.claims import ClaimGate, Verdict
from edgeverify.daemon.door.inbox import Inbox
from edgeverify.logs import fields
from edgeverify.metrics import Metrics
from edgeverify.mqtt.connection import Arrival

LOG = logging.getLogger("edgeverify.claims")


class ClaimDesk:
    """Takes what arrives on the claim topic; returns at once."""

    def __init__(
        self,
        gate: ClaimGate,
        inbox: Inbox,
        metrics: Metrics,
        *,
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
        is_open: Callable[[], bool],
        ask_broker: Callable[[], None],
    ) -> None:
        """`monotonic` is the clock that stamps the frames.

        `is_open` tells whether the config has `mqtt` among its claim sources.

        `ask_broker` asks for a sign of life, so that a connection that has died half is known
        before the decision is made.
        """
        self._gate = gate
        self._inbox = inbox
        self._metrics = metrics
        self._wall = wall
        self._monotonic = monotonic
        self._is_open = is_open
        self._ask_broker = ask_broker

    def receive(self, arrival: Arrival) -> None:
        """Judge one message; an accepted or expired one is handed on, any other only counted."""
        if not self._is_open():
            self._metrics.claim_refused("not_a_source")
            return
        answer = self._gate.judge(
            arrival.payload,
            is_retained=arrival.is_retained,
            now=self._wall(),
            monotonic=self._monotonic(),
        )
        if answer.verdict is Verdict.REFUSED or answer.claim is None:
            self._metrics.claim_refused("refused")
            LOG.warning("a claim was refused: %s", answer.problem)
            return
        LOG.debug("claim", extra=fields(id=answer.claim.id, verdict=answer.verdict.value))
        if not self._inbox.put(answer.claim):
            self._metrics.claim_refused("flooded")
            LOG.warning("claims come faster than they can be decided: the oldest was dropped")
        self._ask_broker()
