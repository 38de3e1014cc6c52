"""What a broker refuses although it keeps the connection: its access list, mostly."""

from __future__ import annotations

import logging

from edgeverify.domain import Degradation, FaultName

log = logging.getLogger(__name__)


class Complaints:
    """Of one connection: the first is its problem, each topic is logged once."""

    def __init__(self, where: str) -> None:
        """`where` is host and port."""
        self._where = where
        self._logged: set[str] = set()
        self.first: Degradation | None = None

    def message(self, topic: str, words: str) -> None:
        """Take in that a message on `topic` was refused, in the broker's words."""
        detail = f"{self._where} does not take what this door says on {topic}: {words}"
        self._name(topic, Degradation(name=FaultName.BROKER_REFUSES_MESSAGES, detail=detail))

    def claims(self, topic: str, words: str) -> None:
        """Take in that claims on `topic` may not be heard."""
        detail = f"{self._where} does not let this door hear {topic}: {words}"
        self._name(topic, Degradation(name=FaultName.BROKER_REFUSES_CLAIMS, detail=detail))

    def _name(self, topic: str, complaint: Degradation) -> None:
        if topic not in self._logged:
            self._logged.add(topic)
            log.warning("%s: %s", complaint.name.value, complaint.detail)
        self.first = self.first or complaint
