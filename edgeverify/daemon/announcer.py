"""What the door says over MQTT while somebody stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from edgeverify import __version__
from edgeverify.domain import Claim, Language, Prompt
from edgeverify.events import (
    DecisionPayload,
    EventKind,
    SignedDecision,
    Signer,
    encode_answer,
    encode_event,
    encode_prompt,
)
from edgeverify.home_assistant import Hub
from edgeverify.languages import KINDS, say
from edgeverify.mqtt import Announcement, LivePublication, LiveResult, MqttLink, OutboxDelivery
from edgeverify.settings import Settings


class Announcer:
    """Live decisions and prompts, handed over or dropped, never queued."""

    def __init__(
        self, link: MqttLink, outbox: OutboxDelivery, *, door: str, wall: Callable[[], datetime]
    ) -> None:
        self._link = link
        self._outbox = outbox
        self._door = door
        self._wall = wall
        self.last: LivePublication | None = None
        """The newest live decision, so that a benchmark can wait for its PUBACK."""

    def publish_live(self, signed: SignedDecision) -> bool:
        """Hand a decision over that is already in the journal; False when it was dropped."""
        result, self.last = self._link.publish.live(
            encode_event(signed, EventKind.LIVE),
            expires_at=signed.decision.expires_at,
            now=self._wall(),
        )
        self._outbox.wake()
        return result is LiveResult.HANDED_OVER

    def publish_answers(
        self,
        decision: DecisionPayload,
        claims: Iterable[Claim],
        signer: Signer,
        language: Language = "en",
    ) -> None:
        """Tell each claim's sender what was decided, under the id that they know."""
        for claim in claims:
            if claim.asker is not None:
                answer = encode_answer(decision, claim.id, signer, language=language)
                expires_at = decision.expires_at
                now = self._wall()
                self._link.publish.answer(answer, claim.asker, expires_at=expires_at, now=now)

    def publish_prompt(self, prompt: Prompt) -> None:
        """Show a hint or a challenge step to whoever listens now."""
        words = say(prompt.code, prompt.language) if prompt.code in KINDS else ""
        message = encode_prompt(prompt, self._door, self._wall(), words=words)
        self._link.publish.prompt(message, seconds=prompt.expires_in_seconds)


def announcement_to_hub(settings: Settings) -> Announcement | None:
    """Return what Home Assistant is told, where it is to be told anything."""
    wanted = settings.home_assistant
    if not wanted.discovery:
        return None
    hub = Hub(settings.door, __version__, wanted.prefix)
    return Announcement(topic=hub.topic, message=hub.message(), birth_topic=hub.birth_topic)
