"""A door that answers without eyes, for what commands say beside it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from random import Random

from click.testing import Result
from typer.testing import CliRunner

from edgeverify.cli.main import app
from edgeverify.domain import Asker, Outcome, Prompt
from edgeverify.events import (
    ClaimMessage,
    EventKind,
    encode_answer,
    encode_event,
    encode_prompt,
)
from edgeverify.journal import Entry, Journal
from edgeverify.keys import SigningKeys
from edgeverify.mqtt import ClientId, Credentials, MqttLink, OutboxDelivery
from edgeverify.mqtt.party import Arrival
from edgeverify.settings import MqttSettings
from edgeverify.state import StateDirectory
from tests.doors import DOOR, NOON, decided
from tests.waiting import patience


@dataclass
class Place:
    """A config, a state directory, and the command line."""

    config: Path
    state: StateDirectory
    keys: SigningKeys

    def run(self, *words: str) -> Result:
        options = ["--config", str(self.config), "--state", str(self.state.folder)]
        return CliRunner().invoke(app, [*words, *options])

    def claim(self, *words: str) -> Result:
        """Claim, and wait for the answer for as long as it takes here."""
        return self.run("claim", *words, "--timeout", str(patience(20)))


class BlindDoor:
    """Answers each claim: a prompt, then a grant for card 0012345 and a denial for others."""

    def __init__(
        self, place: Place, settings: MqttSettings, credentials: Credentials | None = None
    ) -> None:
        self.place = place
        self.joins = ""
        """The claim that an attempt under way began with."""
        self.journal = Journal.open(place.state.journal, now=NOON).journal
        login = credentials or Credentials()
        self.link = MqttLink(
            settings,
            DOOR,
            login,
            client_id=ClientId(DOOR, b"a master key"),
            on_claim=self._claim,
            random=Random(1),
        )
        self.outbox = OutboxDelivery(self.journal, self.link)
        self.link.start()
        self.outbox.start()
        assert self.link.wait_connected(patience(10))

    def close(self) -> None:
        self.outbox.stop()
        self.link.stop()
        self.journal.close()

    def claim(self, name: str) -> None:
        """Come to the door without a command."""
        self._answer(ClaimMessage(id=name, card="0012345", issued_at=NOON))

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Let somebody come to the door again and again, for the length of a block."""
        over = threading.Event()

        def come_again_and_again() -> None:
            number = 0
            while not over.wait(0.5):
                number += 1
                self.claim(f"claim-{number}-{uuid.uuid4().hex}")

        visitor = threading.Thread(target=come_again_and_again)
        visitor.start()
        try:
            yield
        finally:
            over.set()
            visitor.join()

    def _claim(self, arrival: Arrival) -> None:
        message = ClaimMessage.from_bytes(arrival.payload)
        threading.Thread(target=self._answer, args=(message, arrival.asker)).start()

    def _answer(self, message: ClaimMessage, asker: Asker | None = None) -> None:
        now = datetime.now(timezone.utc)
        prompt = Prompt(claim_id=message.id, kind="hint", text="closer", expires_in_seconds=2)
        self.link.publish.prompt(encode_prompt(prompt, DOOR, now), seconds=2)
        granted = message.card == "0012345"
        outcome = Outcome.GRANT if granted else Outcome.DENY
        entry: Entry = decided(message.id, outcome=outcome, card=message.card)
        name, self.joins = self.joins or message.id, self.joins and f"{self.joins}-again"
        entry = replace(entry, decision=replace(entry.decision, claim_id=name))
        signed = self.journal.record(entry, self.place.keys)
        event = encode_event(signed, EventKind.LIVE)
        self.link.publish.live(event, expires_at=entry.expires_at, now=now)
        if asker is not None:
            answer = encode_answer(signed.decision, message.id, self.place.keys)
            self.link.publish.answer(answer, asker, expires_at=entry.expires_at, now=now)
        self.outbox.wake()
