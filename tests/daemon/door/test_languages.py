"""A person is asked and answered in their own language, everybody else in the door's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from edgeverify.daemon.announcer import Announcer
from edgeverify.demo.scenes import OTHER_CARD, OWNER_CARD, UNKNOWN_CARD, Film
from edgeverify.domain import Asked, Prompt
from tests.daemon.conftest import STAFF
from tests.daemon.stage import MIDNIGHT, DoorOnStage

Stage = Callable[..., DoorOnStage]
ADA_IN_JAPANESE = (STAFF[0].model_copy(update={"language": "ja"}), STAFF[1])


@pytest.mark.parametrize(
    ("card", "language"), [(OWNER_CARD, "ja"), (OTHER_CARD, "de"), (UNKNOWN_CARD, "de")]
)
def test_each_hears_their_own_language_or_the_doors(stage: Stage, card: str, language: str) -> None:
    door = stage(Film.EMPTY_ROOM, language="de", staff=ADA_IN_JAPANESE)
    door.claim(card)
    assert door.play()
    assert {answer.language for answer in door.recorder.answers} == {language}
    asked = {(prompt.code, prompt.language) for prompt in door.recorder.prompts}
    assert asked == (set() if card == UNKNOWN_CARD else {("stand_in_front", language)})


class Wire:
    """Takes the message that goes to the broker; what else a link has is not used here."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.publish = self

    def prompt(self, prompt: bytes, *, seconds: float) -> None:
        assert seconds > 0
        self.sent.append(json.loads(prompt))


def _told(prompts: Iterable[Prompt]) -> list[dict[str, str]]:
    wire = Wire()
    announcer = Announcer(
        wire,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        door="front-door",
        wall=lambda: MIDNIGHT,
    )
    for prompt in prompts:
        announcer.publish_prompt(prompt)
    return wire.sent


def test_the_wire_has_the_code_for_machines_the_english_and_the_words() -> None:
    asked = Prompt(
        claim_id="c-1",
        kind="hint",
        text=Asked.MOVE_CLOSER.value,
        code=Asked.MOVE_CLOSER.code,
        language="de",
        expires_in_seconds=2,
    )
    (told,) = _told([asked])
    assert (told["kind"], told["code"], told["text"]) == ("hint", "move_closer", "move closer")
    assert (told["language"], told["words"]) == ("de", "Bitte näher kommen")


def test_a_prompt_without_a_code_has_its_english_text_alone() -> None:
    plain = Prompt(claim_id="c-1", kind="hint", text="wave", expires_in_seconds=2, language="tr")
    (told,) = _told([plain])
    assert told["text"] == "wave"
    assert {"code", "language", "words"}.isdisjoint(told)
