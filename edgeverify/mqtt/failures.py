"""Why a connection ended, in a name for the status and a sentence for people."""

from __future__ import annotations

import logging
import socket
import ssl

from paho.mqtt.reasoncodes import ReasonCode

from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt.bounded_client import TooLong

log = logging.getLogger(__name__)

MEBIBYTE = 1024 * 1024

UNSUPPORTED_PROTOCOL = {"Unsupported protocol version"}
_REFUSED: dict[str, FaultName] = {
    "Bad user name or password": FaultName.BROKER_REFUSED_CREDENTIALS,
    "Not authorized": FaultName.BROKER_REFUSED_CREDENTIALS,
    "Banned": FaultName.BROKER_REFUSED_CREDENTIALS,
    "Session taken over": FaultName.BROKER_SESSION_TAKEN_OVER,
}


def of_exception(error: Exception, where: str) -> Degradation:
    """Name what stopped a connection from being made; `where` is host and port."""
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = f"the certificate of {where} is not trusted: {error.verify_message}"
        return Degradation(name=FaultName.BROKER_CERTIFICATE, detail=detail)
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        return Degradation(name=FaultName.BROKER_TLS, detail=f"TLS with {where} failed: {reason}")
    if isinstance(error, socket.gaierror):
        detail = f"the broker's name cannot be resolved: {where}"
        return Degradation(name=FaultName.BROKER_UNREACHABLE, detail=detail)
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Degradation(name=FaultName.BROKER_UNREACHABLE, detail=f"{where}: {words}")


def of_reason(reason: ReasonCode, where: str) -> Degradation:
    """Name a refusal or a disconnection that the broker itself gave."""
    words = reason.getName()
    name = _REFUSED.get(words, FaultName.BROKER_REFUSED)
    return Degradation(name=name, detail=f"{where} says: {words}")


def of_words(words: str, where: str) -> Degradation:
    """Name a refusal of which only the sentence is known."""
    if " does not let " in words:  # a right that is missing (client/feed.py), not a wrong login
        return Degradation(name=FaultName.BROKER_REFUSES_CLAIMS, detail=words)
    for said, name in _REFUSED.items():
        if said.lower() in words.lower():
            return Degradation(name=name, detail=f"{where} says: {said}")
    if "does not answer" in words or "connection was closed" in words:
        return Degradation(name=FaultName.BROKER_SILENT, detail=words)
    return Degradation(name=FaultName.BROKER_REFUSED, detail=words)


def is_unsupported_protocol(reason: ReasonCode) -> bool:
    """Return whether the broker speaks another version of MQTT."""
    return bool(reason.getName() in UNSUPPORTED_PROTOCOL)


class Complaints:
    """What a broker refuses although it keeps the connection: its access list, mostly.

    Of one connection: the first is its problem, each topic is logged once.
    """

    def __init__(self, where: str) -> None:
        """`where` is host and port."""
        self._where = where
        self._logged: set[str] = set()
        self._standing: dict[str, Degradation] = {}

    @property
    def first(self) -> Degradation | None:
        """What has stood longest; None where nothing is refused any more."""
        return next(iter(tuple(self._standing.values())), None)

    def message(self, topic: str, words: str) -> None:
        """Take in that a message on `topic` was refused, in the broker's words."""
        detail = f"{self._where} does not take what this door says on {topic}: {words}"
        self._name(topic, Degradation(name=FaultName.BROKER_REFUSES_MESSAGES, detail=detail))

    def taken(self, topic: str) -> None:
        """Take in that a message on `topic` was taken: whatever was missing is there again."""
        if self._standing.pop(topic, None) is not None:
            log.info("%s takes what this door says on %s again", self._where, topic)
            self._logged.discard(topic)

    def claims(self, topic: str, words: str) -> None:
        """Take in that claims on `topic` may not be heard."""
        detail = f"{self._where} does not let this door hear {topic}: {words}"
        self._name(topic, Degradation(name=FaultName.BROKER_REFUSES_CLAIMS, detail=detail))

    def too_long(self, skipped: TooLong) -> None:
        """Take in that a message came that is longer than anybody reads; it was not kept."""
        size = f"{skipped.length / MEBIBYTE:.0f} MiB" if skipped.length >= MEBIBYTE else ""
        size = size or f"{skipped.length / 1024:.0f} KiB"
        if not skipped.is_retained:  # it is past
            log.warning("a message of %s on %s was skipped", size, skipped.topic)
            return
        detail = (
            f"{self._where} keeps a message of {size} on {skipped.topic} and sends it on every "
            "connection; it is not read"
        )
        name = FaultName.BROKER_MESSAGE_TOO_LONG
        self._name(_kept(skipped.topic), Degradation(name=name, detail=detail))

    def heard(self, topic: str, *, is_cleared: bool) -> None:
        """Take in that a message arrived; `is_cleared`: what was retained there is so no more."""
        if is_cleared and self._standing.pop(_kept(topic), None) is not None:
            log.info("%s keeps no message any more that is too long on %s", self._where, topic)
            self._logged.discard(_kept(topic))

    def _name(self, topic: str, complaint: Degradation) -> None:
        if topic not in self._logged:
            self._logged.add(topic)
            log.warning("%s: %s", complaint.name.value, complaint.detail)
        self._standing.setdefault(topic, complaint)


def _kept(topic: str) -> str:
    """Return the key of a message that is kept on `topic`; the topic itself is a refusal's."""
    return f"kept on {topic}"
