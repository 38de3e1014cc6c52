"""What others try while somebody is asked to blink, turn and nod."""

from __future__ import annotations

import pytest

from edgeverify.domain import Liveness
from edgeverify.liveness.actions import Action
from edgeverify.liveness.challenge import Phase
from tests.liveness.actors import OPEN, SHUT, TURNED, TWO_FACES, Actor
from tests.liveness.challenged import BLINK_LEFT_NOD, asked, challenge, obeyed, watched


def test_a_second_face_ends_it() -> None:
    actor = Actor()
    state = asked(challenge(*BLINK_LEFT_NOD), actor).observe(actor.is_away(TWO_FACES))

    assert state.failure == "a second face came into view"


def test_emil_takes_over_from_anna_between_two_steps() -> None:
    actor = Actor()
    state = obeyed(challenge(*BLINK_LEFT_NOD), actor, Action.BLINK)
    state = watched(state, [actor.looks(score=0.1) for _ in range(3)])

    assert state.failure == "the face changed"


def test_emil_takes_over_while_nobody_looks() -> None:
    actor = Actor()
    state = obeyed(challenge(*BLINK_LEFT_NOD), actor, Action.BLINK)
    state = watched(state, [actor.is_away() for _ in range(9)])

    assert state.failure == "the face was lost"


def test_one_frame_without_a_face_is_forgiven() -> None:
    actor = Actor()
    state = obeyed(challenge(Action.BLINK, Action.NOD), actor, Action.BLINK)
    state = watched(state, [actor.is_away() for _ in range(3)])

    assert obeyed(state, actor, Action.NOD).verdict is Liveness.PASSED


def test_a_photo_pushed_in_front_of_the_face_jumps() -> None:
    actor = Actor()
    state = obeyed(challenge(*BLINK_LEFT_NOD), actor, Action.BLINK)
    actor.x += 250
    state = state.observe(actor.looks())

    assert state.failure == "the face jumped"


def test_and_so_does_one_held_closer() -> None:
    actor = Actor()
    state = obeyed(challenge(*BLINK_LEFT_NOD), actor, Action.BLINK)
    actor.size *= 1.8
    state = state.observe(actor.looks())

    assert state.failure == "the face jumped"


def test_having_passed_somebody_else_steps_in() -> None:
    """The watch ends with the decision, not with the last step."""
    actor = Actor()
    state = obeyed(challenge(Action.NOD), actor, Action.NOD)
    assert state.verdict is Liveness.PASSED

    assert watched(state, [actor.looks(score=0.1) for _ in range(3)]).failure == "the face changed"


def test_gustav_lowers_annas_photo_for_his_own_turn_and_raises_it_again() -> None:
    """He never looks ahead without the photo, and still: nobody who matched ever turned."""
    actor = Actor()
    state = asked(challenge(Action.TURN_LEFT), actor)
    state = watched(state, [actor.looks(yaw=y, score=0.1) for y in (12, 22, 25, 15)])
    state = watched(state, [actor.looks() for _ in range(10)])

    assert state.phase is Phase.ASKED
    assert watched(state, actor.performs(Action.TURN_LEFT)).verdict is Liveness.PASSED


def test_nor_does_his_nod_count() -> None:
    actor = Actor()
    state = asked(challenge(Action.NOD), actor)
    state = watched(state, [actor.looks(pitch=-p, score=0.1) for p in (9.5, 14, 14, 9.5)])
    state = watched(state, [actor.looks() for _ in range(10)])

    assert state.phase is Phase.ASKED


@pytest.mark.parametrize("how", ["mismatch", "refused", "gone"])
def test_nor_does_his_blink(how: str) -> None:
    actor = Actor()
    state = asked(challenge(Action.BLINK), actor)
    state = state.observe(actor.looks(eyes=SHUT))
    if how == "mismatch":
        state = state.observe(actor.looks(eyes=SHUT, score=0.1))
    elif how == "refused":
        state = state.observe(actor.looks(eyes=SHUT, refusal=TURNED))
    else:
        state = state.observe(actor.is_away())
    state = watched(state, [actor.looks() for _ in range(5)])

    assert state.phase is Phase.ASKED
    assert watched(state, actor.performs(Action.BLINK)).verdict is Liveness.PASSED


def test_eyes_that_blur_while_the_face_is_swung_about_do_not_blink() -> None:
    """Seen in `real.mov`: blur makes eyes narrow. A photo in the hand could be swung like that."""
    actor = Actor()
    state = asked(challenge(Action.BLINK), actor)
    for eyes in (OPEN, OPEN, SHUT, SHUT, OPEN, OPEN):
        actor.x += 20
        state = state.observe(actor.looks(eyes=eyes))

    assert state.phase is Phase.ASKED
    assert watched(state, actor.performs(Action.BLINK)).verdict is Liveness.PASSED
