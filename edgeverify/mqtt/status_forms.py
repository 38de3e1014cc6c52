"""The retained status, long and short: a broker that cannot take the one gets the other."""

from __future__ import annotations

import logging

from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt.live import TOO_LARGE, LivePublication

LOG = logging.getLogger(__name__)

MAX_FORM_BYTES = 16 * 1024
DEATHS = 2
"""Connections that ended, one after the other, while this form was unanswered."""
USUAL_BYTES = 2048
"""Few brokers take less: connections that end at it mostly end for another cause."""
DEATHS_AT_USUAL = 6
"""Of a form of no more than that. The shortest form stays: a broker that flaps must not silence the
door."""


class StatusForms:
    """Which form is told; used by the threads that tell it and by the link's own."""

    def __init__(self, *forms: bytes) -> None:
        """`forms` are the same status, the longest first."""
        self.forms = forms
        self._chosen = 0
        self._deaths = 0
        self._told: LivePublication | None = None
        self._ever = False
        self.problem: Degradation | None = None
        """What the broker does not take, once that is known."""

    def replace(self, *forms: bytes) -> None:
        """Tell this from now on; a form that the broker did not take stays out."""
        self.forms = forms

    @property
    def current(self) -> bytes | None:
        """Return what is to be told; None where not even the shortest form is taken."""
        return self.forms[self._chosen] if self._chosen < len(self.forms) else None

    def told(self, publication: LivePublication) -> bool:
        """Take in what became of the current form; False where another one is to be told."""
        if publication.problem.startswith(TOO_LARGE):
            self._shorten(publication.problem)
            return False
        if self.has_ever_arrived and self.has_arrived:
            self._deaths = 0
        self._told = publication
        return True

    @property
    def has_arrived(self) -> bool:
        """True once the broker has acknowledged the form that was told last."""
        return self._told is not None and self._told.is_acknowledged

    @property
    def has_ever_arrived(self) -> bool:
        """True once the broker has acknowledged any status of this run."""
        self._ever = self._ever or self.has_arrived
        return self._ever

    def connection_ended(self) -> None:
        """Take in that a connection is over; a form that ends connections is told no more."""
        if self._told is None or self.has_arrived:
            self._deaths = 0
            return
        self._deaths += 1
        current = self.current
        if current is None or self._deaths < self._deaths_believed(current):
            return
        self._shorten(f"each connection ends at {len(current)} bytes")

    def _deaths_believed(self, form: bytes) -> float:
        if len(form) > USUAL_BYTES:
            return DEATHS
        return DEATHS_AT_USUAL if self._chosen + 1 < len(self.forms) else float("inf")

    def _shorten(self, cause: str) -> None:
        self._deaths = 0
        self._chosen += 1
        detail = f"this door's status is {TOO_LARGE}: {cause.removeprefix(TOO_LARGE).strip(': ')}; "
        detail += "a shorter one is published" if self.current else "none is published"
        LOG.error("%s: %s", FaultName.BROKER_REFUSES_MESSAGES, detail)
        self.problem = Degradation(name=FaultName.BROKER_REFUSES_MESSAGES, detail=detail)
