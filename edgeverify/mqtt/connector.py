"""Making a connection: which protocol to try, and what to say when none came about."""

from __future__ import annotations

from collections.abc import Callable

from paho.mqtt.enums import MQTTProtocolVersion

from edgeverify.domain import Degradation, FaultName
from edgeverify.mqtt import failures
from edgeverify.mqtt.connection import Connection
from edgeverify.mqtt.party import Party

NEWER, OLDER = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311


class Connector:
    """MQTT 5 first, 3.1.1 where the broker has nothing else; remembers a broker that speaks 5."""

    def __init__(self, party: Party, *, now: Callable[[], float]) -> None:
        self._party = party
        self._now = now
        self._attempt: Connection | None = None
        self._is_interrupted = False
        self._speaks_v5 = False
        self.is_nobody_there = False
        """The last attempt found nobody who listens: it cost the broker nothing."""

    def interrupt(self) -> None:
        """Let a running `connect` return, and every later one at once; from any thread."""
        self._is_interrupted = True
        attempt = self._attempt
        if attempt is not None:
            attempt.interrupt()

    def connect(self) -> Connection | Degradation:
        """Return a connection that is up, or why there is none."""
        tried = self._protocols()
        if isinstance(tried, Degradation):
            return tried
        problem = Degradation(name=FaultName.BROKER_UNREACHABLE, detail="the door is stopping")
        for protocol in tried:
            connection = self._new(protocol)
            found = self._open(connection)
            if found is None:
                self._speaks_v5 = self._speaks_v5 or connection.is_v5
                return connection
            problem = found
            speaks_older = connection.may_speak_older
            connection.abort()
            if not speaks_older or self._is_interrupted:
                break
        return problem

    def _protocols(self) -> tuple[MQTTProtocolVersion, ...] | Degradation:
        """Return what to try, in order, or why the broker cannot be reached at all.

        `auto` asks an unknown broker with a plain CONNECT first: one that reads a newer CONNECT as
        an older one (amqtt) stumbles over properties or a will, and then says nothing for ever.
        """
        wanted = self._party.settings.protocol
        if wanted != "auto":
            return (NEWER if wanted == "5" else OLDER,)
        if self._speaks_v5:
            return (NEWER, OLDER)
        probe = self._new(NEWER, is_probe=True)
        problem = self._open(probe)
        speaks_older = probe.may_speak_older
        if problem is None:
            probe.disconnect()
            return (NEWER, OLDER)
        probe.abort()
        return (OLDER,) if speaks_older else problem

    def _new(self, protocol: MQTTProtocolVersion, *, is_probe: bool = False) -> Connection:
        return Connection(self._party, protocol=protocol, now=self._now, is_probe=is_probe)

    def _open(self, connection: Connection) -> Degradation | None:
        self._attempt = connection
        if self._is_interrupted:
            connection.interrupt()
        try:
            problem = connection.open()
        except OSError as error:  # its thread needs two files more, beside the connection's own
            problem = failures.of_exception(error, self._party.where)
        self.is_nobody_there = problem is not None and not connection.was_taken
        self._attempt = None
        return problem
