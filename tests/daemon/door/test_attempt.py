"""One calm hint: three frames agree, then at most one every two seconds."""

from __future__ import annotations

from edgeverify.daemon.door.attempt import Hints
from edgeverify.domain import Gate, Observation, Reason, Refusal


def _refused(number: int, hint: str) -> Observation:
    refusal = Refusal(reason=Reason.POOR_QUALITY, gate=Gate.TOO_FAR, hint=hint)
    return Observation(frame_sequence=number, at=number / 10, refusal=refusal)


def test_a_person_too_far_away_is_told_once_and_again_after_two_seconds() -> None:
    hints = Hints("claim")
    shown = [
        number for number in range(40) if hints.observe(_refused(number, "come closer")) is not None
    ]
    assert shown == [2, 22]


def test_flicker_between_two_gates_says_nothing() -> None:
    hints = Hints("claim")
    texts = ["come closer", "look at the camera"] * 10
    assert not [1 for n, text in enumerate(texts) if hints.observe(_refused(n, text))]


def test_a_hint_expires_before_the_next_could_come() -> None:
    hints = Hints("claim")
    prompts = [hints.observe(_refused(number, "more light")) for number in range(3)]
    assert prompts[2] is not None
    assert (prompts[2].text, prompts[2].expires_in_seconds) == ("more light", 2.0)
