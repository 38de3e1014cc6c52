"""What people do when they are asked to blink, turn and nod; and what others try."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from edgeverify.domain import Liveness, Observation
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.challenge import Challenge, Phase
from edgeverify.liveness.posture import Ahead
from edgeverify.settings.liveness import ChallengeSettings
from tests.liveness.actors import OPEN, SHUT, TURNED, TWO_FACES, Actor

SETTINGS = ChallengeSettings()
BLINK_LEFT_NOD = (Action.BLINK, Action.TURN_LEFT, Action.NOD)


def challenge(
    *actions: Action, retries: tuple[Draw, ...] = (), settings: ChallengeSettings = SETTINGS
) -> Challenge:
    blink = BlinkDetector(closing_ratio=settings.blink_ratio)
    for n in range(5):
        blink = blink.observe(99.0 + n / 10, OPEN)
    return Challenge(
        settings=settings,
        draws=(Draw(actions, tuple(0.5 for _ in actions)), *retries),
        zero=Ahead(yaw_degrees=0.0, pitch_degrees=0.0),
        since=100.0,
        blink=blink,
    )


def watched(state: Challenge, frames: Iterable[Observation]) -> Challenge:
    for frame in frames:
        state = state.observe(frame)
    return state


def asked(state: Challenge, actor: Actor) -> Challenge:
    """Look ahead until the door asks, and for a moment of reaction."""
    for _ in range(60):
        state = state.observe(actor.looks())
        if state.phase in {Phase.ASKED, Phase.FAILED}:
            break
    return watched(state, [actor.looks() for _ in range(4)])


def obeyed(state: Challenge, actor: Actor, *actions: Action) -> Challenge:
    for action in actions:
        state = watched(asked(state, actor), actor.performs(action))
    return state


def test_anna_does_what_she_is_asked_to() -> None:
    state = obeyed(challenge(*BLINK_LEFT_NOD), Actor(), *BLINK_LEFT_NOD)

    assert state.verdict is Liveness.PASSED, state.failure


@pytest.mark.parametrize("action", Action)
def test_every_action_can_be_done_in_ten_frames_a_second(action: Action) -> None:
    state = obeyed(challenge(action), Actor(rate=10.0), action)

    assert state.verdict is Liveness.PASSED, state.failure


def test_anna_is_asked_nothing_before_the_pause_is_over() -> None:
    actor = Actor()
    state = watched(challenge(Action.NOD), [actor.looks() for _ in range(7)])

    assert state.asked is None
    assert watched(state, [actor.looks() for _ in range(2)]).asked is Action.NOD


def test_bert_turns_right_when_asked_for_left() -> None:
    state = obeyed(challenge(Action.TURN_LEFT), Actor(), Action.TURN_RIGHT)

    assert state.verdict is Liveness.CHALLENGE_FAILED
    assert state.failure == "turn_right instead of turn_left"


@pytest.mark.parametrize("action", [Action.TURN_LEFT, Action.TURN_RIGHT, Action.NOD])
def test_a_movement_before_anything_was_asked_fails(action: Action) -> None:
    state = watched(challenge(*BLINK_LEFT_NOD), Actor().performs(action))

    assert state.verdict is Liveness.CHALLENGE_FAILED
    assert state.failure == f"{action.value} before anything was asked"


def test_a_blink_before_anything_was_asked_is_only_human() -> None:
    actor = Actor(rate=30.0)
    state = watched(challenge(Action.TURN_LEFT), actor.performs(Action.BLINK))

    assert obeyed(state, actor, Action.TURN_LEFT).verdict is Liveness.PASSED


def test_a_blink_that_began_before_it_was_asked_for_does_not_answer() -> None:
    actor = Actor()
    state = watched(challenge(Action.BLINK), [actor.looks() for _ in range(7)])
    state = watched(state, [actor.looks(eyes=SHUT) for _ in range(3)])
    assert state.asked is Action.BLINK
    state = watched(state, [actor.looks() for _ in range(5)])

    assert state.phase is Phase.ASKED
    assert watched(state, actor.performs(Action.BLINK)).verdict is Liveness.PASSED


def test_an_answer_within_the_blink_of_an_eye_was_known_before() -> None:
    actor = Actor(rate=30.0)
    state = challenge(Action.TURN_LEFT)
    while state.asked is None:
        state = state.observe(actor.looks(yaw=18))
    state = state.observe(actor.looks(yaw=22))

    assert state.failure == "turn_left before it could be answered"


def test_carla_does_nothing() -> None:
    actor = Actor()
    state = watched(asked(challenge(Action.NOD), actor), [actor.looks() for _ in range(70)])

    assert state.verdict is Liveness.CHALLENGE_FAILED
    assert state.failure == "step 1 took too long"


def test_carla_may_try_again_where_a_retry_is_allowed() -> None:
    actor = Actor()
    again = Draw((Action.BLINK,), (0.5,))
    state = asked(challenge(Action.NOD, retries=(again,)), actor)
    state = watched(state, [actor.looks() for _ in range(60)])

    assert state.verdict is Liveness.PENDING
    assert obeyed(state, actor, Action.BLINK).verdict is Liveness.PASSED


WITH_A_WAY_OUT = Draw((Action.BLINK, Action.NOD), (0.5, 0.5), (Action.TURN_LEFT, Action.NOD))


def test_greta_whose_blink_is_not_seen_behind_her_glasses_does_something_else() -> None:
    actor = Actor()
    state = asked(replace(challenge(Action.NOD), draws=(WITH_A_WAY_OUT,)), actor)
    assert state.asked is Action.BLINK
    state = watched(state, [actor.looks(eyes=0.97 * OPEN) for _ in range(60)])

    assert state.verdict is Liveness.PENDING
    assert state.draws[0].actions == (Action.TURN_LEFT, Action.NOD)
    done = obeyed(state, actor, Action.TURN_LEFT, Action.NOD)
    assert done.verdict is Liveness.PASSED, done.failure


def test_whoever_does_nothing_fails_on_the_other_action_too() -> None:
    actor = Actor()
    state = replace(challenge(Action.NOD), draws=(WITH_A_WAY_OUT,))
    state = watched(state, [actor.looks() for _ in range(150)])

    assert state.verdict is Liveness.CHALLENGE_FAILED
    assert state.failure == "step 1 took too long"


def test_eyes_that_never_rest_are_not_asked_to_blink() -> None:
    rng = np.random.default_rng(4)
    actor = Actor()
    unknown = BlinkDetector(closing_ratio=SETTINGS.blink_ratio)
    state = replace(challenge(Action.NOD), draws=(WITH_A_WAY_OUT,), blink=unknown)
    for _ in range(60):
        eyes = 0.12 * (1 + 0.1 * float(rng.standard_normal()))
        state = state.observe(actor.looks(eyes=eyes))
        if state.phase is Phase.ASKED:
            break

    assert state.asked is Action.TURN_LEFT


def test_dora_nods_down_and_stays_there() -> None:
    actor = Actor()
    state = watched(asked(challenge(Action.NOD), actor), [actor.looks(pitch=-15) for _ in range(9)])

    assert state.phase is Phase.ASKED


def test_after_a_turn_she_must_look_ahead_again() -> None:
    actor = Actor()
    state = asked(challenge(Action.TURN_LEFT), actor)
    state = watched(state, [actor.looks(yaw=y) for y in (10, 20, 25)])
    assert state.phase is Phase.RETURN

    state = watched(state, [actor.looks(yaw=25, refusal=TURNED) for _ in range(70)])

    assert state.failure == "step 1 took too long"


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


def test_one_blurred_frame_does_not_fail_anna() -> None:
    actor = Actor()
    state = asked(challenge(Action.NOD), actor)
    state = watched(state, [actor.looks(score=s) for s in (0.1, 0.1, 0.8, 0.1, 0.8)])

    assert watched(state, actor.performs(Action.NOD)).verdict is Liveness.PASSED


def test_a_camera_below_ten_frames_a_second_cannot_tell() -> None:
    actor = Actor(rate=8.0)
    state = watched(challenge(*BLINK_LEFT_NOD), [actor.looks() for _ in range(12)])

    assert state.verdict is Liveness.UNAVAILABLE


def test_a_camera_that_stops_for_a_second_cannot_either() -> None:
    actor = Actor()
    state = watched(challenge(*BLINK_LEFT_NOD), [actor.looks() for _ in range(3)])
    actor.at += 1.0

    assert state.observe(actor.looks()).verdict is Liveness.UNAVAILABLE


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
