"""The judgement over a whole transaction, in every mode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.domain import HeadPose, Liveness
from edgeverify.liveness import (
    LivenessPlan,
    PadState,
    plan_liveness,
    seconds_needed,
    without_colour,
)
from edgeverify.liveness.passive import looks_ahead
from edgeverify.settings.liveness import ChallengeSettings, LivenessMode, PadSettings
from tests.liveness.actors import TURNED, Actor
from tests.liveness.judged import BOTH, CHALLENGE, OFF, PASSIVE, after, judge, obeying


@pytest.mark.parametrize(
    ("mode", "pad", "needed", "then"),
    [
        ("auto", PadState.WORKING, PASSIVE, "runs"),
        ("auto", PadState.ABSENT, CHALLENGE, "runs"),
        ("auto", PadState.BROKEN, PASSIVE, "denies"),
        ("passive", PadState.WORKING, PASSIVE, "runs"),
        ("passive", PadState.ABSENT, PASSIVE, "denies"),
        ("challenge", PadState.BROKEN, CHALLENGE, "runs"),
        ("both", PadState.WORKING, BOTH, "runs"),
        ("both", PadState.ABSENT, BOTH, "denies"),
        ("off", PadState.WORKING, OFF, "runs"),
    ],
)
def test_what_each_mode_asks_for(
    mode: LivenessMode, pad: PadState, needed: LivenessPlan, then: str
) -> None:
    plan = plan_liveness(mode, pad)

    assert (plan.passive, plan.challenge) == (needed.passive, needed.challenge)
    assert plan.can_run == (then == "runs")
    assert plan.is_off == (mode == "off")


@pytest.mark.parametrize(
    ("mode", "pad", "needed", "then"),
    [
        ("auto", PadState.WORKING, CHALLENGE, "runs"),
        ("auto", PadState.ABSENT, CHALLENGE, "runs"),
        ("auto", PadState.BROKEN, PASSIVE, "denies"),
        ("passive", PadState.WORKING, PASSIVE, "runs"),
        ("challenge", PadState.WORKING, CHALLENGE, "runs"),
        ("both", PadState.WORKING, BOTH, "runs"),
        ("off", PadState.WORKING, OFF, "runs"),
    ],
)
def test_without_colour_a_challenge_takes_the_place_of_what_was_measured_on_colour(
    mode: LivenessMode, pad: PadState, needed: LivenessPlan, then: str
) -> None:
    plan = without_colour(plan_liveness(mode, pad), mode)

    assert (plan.passive, plan.challenge) == (needed.passive, needed.challenge)
    assert plan.can_run == (then == "runs")


def test_a_part_that_cannot_run_denies() -> None:
    broken = judge(LivenessPlan(passive=True, challenge=False, can_run=False))

    assert broken.observe(Actor().looks()) is Liveness.UNAVAILABLE


def test_switched_off_asks_nothing_and_reads_no_cue() -> None:
    off = judge(OFF)
    still_photo = [Actor().looks(live=0.0, similarity=1.0) for _ in range(10)]

    assert after(off, still_photo) is Liveness.NOT_REQUIRED


def test_three_live_frames_pass() -> None:
    actor, mine = Actor(), judge(PASSIVE)

    assert after(mine, [actor.looks(), actor.looks()]) is Liveness.PENDING
    assert mine.observe(actor.looks()) is Liveness.PASSED


def test_a_print_is_an_attack_after_five_frames() -> None:
    actor = Actor()

    verdict = after(judge(PASSIVE), [actor.looks(live=0.01) for _ in range(5)])

    assert verdict is Liveness.PRESENTATION_ATTACK


def test_only_frames_that_match_are_judged() -> None:
    actor, mine = Actor(), judge(PASSIVE)
    after(mine, [actor.looks(score=0.1, live=0.99) for _ in range(10)])

    assert mine.report().pad_frames == 0


def test_frames_from_before_the_claim_prove_nothing() -> None:
    actor, mine = Actor(at=90.0), judge(PASSIVE)

    assert after(mine, [actor.looks() for _ in range(10)]) is Liveness.PENDING


def test_a_face_too_small_to_judge_gets_a_hint_and_never_passes() -> None:
    actor, mine = Actor(), judge(PASSIVE)
    verdict = after(mine, [actor.looks(live=None) for _ in range(20)])

    prompts = mine.prompts()
    assert verdict is Liveness.PENDING
    assert [prompt.kind for prompt in prompts] == ["hint"]
    assert "80 to 400 pixels" in prompts[0].text


def test_a_still_picture_is_an_attack_however_live_it_looks() -> None:
    actor = Actor()

    verdict = after(judge(PASSIVE), [actor.looks(similarity=0.9999) for _ in range(8)])

    assert verdict is Liveness.PRESENTATION_ATTACK


def test_a_still_picture_has_not_passed_before_that_is_known() -> None:
    actor, mine = Actor(), judge(PASSIVE)

    assert after(mine, [actor.looks(similarity=0.9999) for _ in range(4)]) is Liveness.PENDING


def test_a_still_photo_never_passes_though_the_camera_makes_noise() -> None:
    actor, mine = Actor(), judge(PASSIVE)

    assert after(mine, [actor.looks(similarity=0.9994) for _ in range(40)]) is Liveness.PENDING
    later = after(mine, [actor.looks(similarity=0.9994) for _ in range(10)])
    assert later is Liveness.PRESENTATION_ATTACK


def test_a_face_that_does_not_match_is_no_change_of_the_one_that_does() -> None:
    actor, mine = Actor(), judge(PASSIVE)
    after(mine, [actor.looks(score=0.1, similarity=0.2) for _ in range(5)])
    after(mine, [actor.looks(similarity=0.9999) for _ in range(4)])

    assert mine.report().lowest_similarity > 0.999
    assert mine.report().verdict is Liveness.PENDING


@pytest.mark.parametrize("seed", range(12))
def test_anna_does_what_the_prompts_say(seed: int) -> None:
    mine = judge(CHALLENGE, seed=seed)

    assert obeying(mine, Actor()) is Liveness.PASSED, mine.report()
    assert len(mine.report().challenge_actions) == 3


def test_the_prompts_say_one_thing_at_a_time() -> None:
    actor, mine = Actor(), judge(CHALLENGE, seed=3)
    said = []
    for _ in range(30):
        mine.observe(actor.looks())
        said += mine.prompts()

    assert [prompt.kind for prompt in said[:1]] == ["look_ahead"]
    assert len(said) == 2, "look ahead, then the first step, each said once"
    assert all(prompt.claim_id == "c-1" for prompt in said)
    assert said[1].expires_in_seconds == ChallengeSettings().step_seconds


def test_nobody_is_asked_anything_before_the_face_was_verified() -> None:
    actor, mine = Actor(), judge(CHALLENGE)
    after(mine, [actor.looks(score=0.1) for _ in range(60)])

    assert mine.prompts() == ()


def test_both_needs_both() -> None:
    assert obeying(judge(BOTH), Actor()) is Liveness.PASSED
    actor = Actor()
    assert (
        after(judge(BOTH), [actor.looks(live=0.1) for _ in range(5)])
        is Liveness.PRESENTATION_ATTACK
    )
    actor, mine = Actor(), judge(BOTH)
    assert after(mine, [actor.looks() for _ in range(30)]) is Liveness.PENDING
    failed = after(mine, [actor.looks() for _ in range(80)])
    assert failed is Liveness.CHALLENGE_FAILED
    assert "took too long" in mine.report().challenge_failure


def test_a_door_that_hangs_high_learns_how_people_look_into_it() -> None:
    actor, mine = Actor(), judge(CHALLENGE)
    after(mine, [actor.looks(pitch=-18, yaw=12) for _ in range(30)])

    assert mine.report().verdict is Liveness.PENDING
    assert mine.report().challenge_failure == ""


def test_somebody_who_looks_aside_is_asked_to_look_ahead_and_waited_for() -> None:
    actor, mine = Actor(), judge(PASSIVE)
    after(mine, [actor.looks(yaw=22, live=None) for _ in range(30)])

    assert [prompt.kind for prompt in mine.prompts()] == ["look_ahead"]
    assert mine.report().verdict is Liveness.PENDING
    assert after(mine, [actor.looks() for _ in range(4)]) is Liveness.PASSED


@pytest.mark.parametrize("side", [{"yaw": 16}, {"yaw": -16}, {"pitch": -26}, {"roll": 13}])
def test_what_the_networks_say_of_a_turned_head_counts_for_nothing(side: dict[str, float]) -> None:
    turns = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | side
    angles = {f"{name}_degrees": degrees for name, degrees in turns.items()}

    assert not looks_ahead(HeadPose(**angles), PadSettings())
    assert looks_ahead(HeadPose(yaw_degrees=14, pitch_degrees=24, roll_degrees=11), PadSettings())
    assert not looks_ahead(
        HeadPose(yaw_degrees=float("nan"), pitch_degrees=0, roll_degrees=0), PadSettings()
    )


def test_a_denial_stays() -> None:
    actor, mine = Actor(), judge(PASSIVE)
    after(mine, [actor.looks(live=0.0) for _ in range(5)])

    assert after(mine, [actor.looks() for _ in range(50)]) is Liveness.PRESENTATION_ATTACK


def test_the_time_a_proof_of_life_may_take() -> None:
    settings = ChallengeSettings(steps=3, step_seconds=4.0, max_delay_seconds=1.0)

    pad = PadSettings(wait_seconds=3.0)
    once_more = ChallengeSettings(retries=1)

    assert seconds_needed(OFF, settings, pad) == 0
    assert seconds_needed(PASSIVE, settings, pad) == 3
    assert seconds_needed(CHALLENGE, settings, pad) == 34
    assert seconds_needed(CHALLENGE, once_more, pad) > seconds_needed(BOTH, settings, pad)


def test_a_challenge_fails_by_itself_before_the_deadline_comes() -> None:
    """Else dawdling would end in `liveness_unavailable`, which charges nobody."""
    for seed in range(6):
        actor, mine = Actor(), judge(CHALLENGE, seed=seed, retries=1)
        after(mine, [actor.looks() for _ in range(3)])
        verified_at = actor.at
        limit = seconds_needed(CHALLENGE, ChallengeSettings(retries=1), PadSettings())
        while mine.observe(actor.looks()) is Liveness.PENDING:
            pass
        assert mine.report().verdict is Liveness.CHALLENGE_FAILED
        assert actor.at - verified_at < limit


FRAMES = st.tuples(
    st.floats(-40, 40),
    st.floats(-30, 30),
    st.floats(0.05, 0.4),
    st.sampled_from([None, TURNED]),
)


@given(st.lists(FRAMES, max_size=120), st.integers(0, 1000))
def test_random_movement_without_matches_never_passes(
    frames: list[tuple[float, float, float, None]], seed: int
) -> None:
    actor, mine = Actor(), judge(CHALLENGE, seed=seed)
    seen = [
        actor.looks(yaw=yaw, pitch=pitch, eyes=eyes, refusal=refusal, score=0.1)
        for yaw, pitch, eyes, refusal in frames
    ]

    assert after(mine, seen) is not Liveness.PASSED


@given(st.lists(st.floats(0, 0.499), max_size=60))
def test_no_sequence_of_low_probabilities_ever_passes(values: list[float]) -> None:
    actor, mine = Actor(), judge(PASSIVE)

    assert after(mine, [actor.looks(live=v) for v in values]) is not Liveness.PASSED
