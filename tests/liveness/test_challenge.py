"""What people do when they are asked to blink, turn and nod; and what others try."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeverify.domain import Liveness
from edgeverify.liveness.actions import Action, Draw
from edgeverify.liveness.blink import BlinkDetector
from edgeverify.liveness.challenge import Phase
from tests.liveness.actors import OPEN, SHUT, TURNED, Actor
from tests.liveness.challenged import BLINK_LEFT_NOD, SETTINGS, asked, challenge, obeyed, watched


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
