"""What people do at a door, and what the door decides. Named after the people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeverify.domain import Liveness, Outcome, Reason
from edgeverify.settings.decision import DecisionSettings
from tests.policy.people import (
    MATCH,
    MISMATCH,
    NO_FACE,
    TOO_DARK,
    TWO_FACES,
    Visit,
    compared,
    frame,
)


def test_anna_walks_up_and_is_let_in() -> None:
    visit = Visit().sees(NO_FACE, TOO_DARK, MATCH, MATCH, MATCH)

    assert visit.decision is not None
    assert visit.decision.outcome is Outcome.GRANT
    assert visit.decision.card == "0042"
    assert (visit.decision.matches, visit.decision.comparisons) == (3, 3)


def test_anna_blinks_in_two_frames_and_is_let_in() -> None:
    assert Visit().sees(MATCH, MISMATCH, MATCH, MISMATCH, MATCH).reason is Reason.MATCH


def test_anna_is_not_let_in_by_three_matches_spread_over_more_than_five_frames() -> None:
    visit = Visit().sees(MATCH, MISMATCH, MISMATCH, MATCH, MISMATCH, MATCH)

    assert visit.decision is None


def test_dark_frames_in_between_do_not_use_up_her_window() -> None:
    visit = Visit().sees(MATCH, TOO_DARK, NO_FACE, TOO_DARK, MATCH, TWO_FACES, NO_FACE, MATCH)

    assert visit.reason is Reason.MATCH


def test_bert_found_annas_card() -> None:
    visit = Visit().sees(*[MISMATCH] * 15)

    assert visit.reason is Reason.NON_MATCH
    assert visit.decision is not None
    assert visit.decision.comparisons == 15


def test_bert_resembles_anna_in_two_frames_of_fifteen() -> None:
    visit = Visit().sees(MATCH, MATCH, *[MISMATCH] * 13)

    assert visit.reason is Reason.NON_MATCH


def test_carla_presents_her_card_and_walks_on() -> None:
    assert Visit().sees(NO_FACE, NO_FACE).waits(5.0).reason is Reason.NO_FACE


def test_carla_comes_back_into_view_too_late() -> None:
    visit = Visit().sees(MATCH, MATCH).waits(4.9)

    assert visit.decision is not None
    assert visit.decision.outcome is Outcome.DENY


def test_nobody_turned_the_light_on() -> None:
    """The furthest stage is the reason, not the last: she was seen, and could not be compared."""
    assert Visit().sees(NO_FACE, TOO_DARK, NO_FACE).waits(5.0).reason is Reason.POOR_QUALITY


def test_dora_and_emil_stand_side_by_side() -> None:
    assert Visit().sees(NO_FACE, TWO_FACES, NO_FACE).waits(5.0).reason is Reason.MULTIPLE_FACES


def test_two_matches_and_nobody_after_them_is_no_mismatch() -> None:
    """Walking away is not trying to be somebody else: it must not count towards the lock-out."""
    assert Visit().sees(MATCH, MATCH, NO_FACE).waits(5.0).reason is Reason.NO_FACE


def test_the_camera_gave_two_frames_and_no_more() -> None:
    assert Visit().sees(MATCH, MATCH).waits(5.0).reason is Reason.CAMERA_UNAVAILABLE


def test_frames_from_before_the_claim_prove_nothing() -> None:
    visit = Visit()
    assert visit.transaction is not None
    transaction = visit.transaction
    for sequence, at in enumerate((99.0, 99.5, 99.9, 100.0)):
        transaction = transaction.observe(frame(sequence, at, MATCH), Liveness.PASSED)

    assert transaction == visit.transaction


def test_one_frame_delivered_three_times_is_one_frame() -> None:
    visit = Visit()
    assert visit.transaction is not None
    transaction = visit.transaction
    for at in (100.1, 100.1, 100.2):
        transaction = transaction.observe(frame(7, at, MATCH), Liveness.PASSED)

    assert transaction.comparisons == 1
    assert transaction.decide(100.3) is None


def test_frida_holds_up_annas_photo() -> None:
    visit = Visit().sees(MATCH, MATCH, liveness=Liveness.PENDING)
    visit.sees(MATCH, liveness=Liveness.PRESENTATION_ATTACK)

    assert visit.reason is Reason.PRESENTATION_ATTACK


def test_an_attack_stays_one_whatever_comes_after() -> None:
    visit = Visit()
    assert visit.transaction is not None
    attacked = visit.transaction.observe(frame(1, 100.1, MATCH), Liveness.PRESENTATION_ATTACK)
    for sequence in range(2, 8):
        at = 100 + sequence / 10
        attacked = attacked.observe(frame(sequence, at, MATCH), Liveness.PASSED)

    decision = attacked.decide(100.9)
    assert decision is not None
    assert decision.reason is Reason.PRESENTATION_ATTACK


@pytest.mark.parametrize(
    ("liveness", "reason"),
    [
        (Liveness.PENDING, Reason.LIVENESS_UNAVAILABLE),
        (Liveness.UNAVAILABLE, Reason.LIVENESS_UNAVAILABLE),
        (Liveness.CHALLENGE_FAILED, Reason.CHALLENGE_FAILED),
        (Liveness.PRESENTATION_ATTACK, Reason.PRESENTATION_ATTACK),
    ],
)
def test_a_matching_face_alone_opens_nothing(liveness: Liveness, reason: Reason) -> None:
    assert Visit().sees(*[MATCH] * 30, liveness=liveness).waits(5.0).reason is reason


def test_gustav_answers_the_challenge_after_the_ordinary_time_out() -> None:
    """Once verified he has the challenge's own time, and is compared until the end of it."""
    visit = Visit(liveness_seconds=15.0)
    visit.sees(*[MATCH] * 80, liveness=Liveness.PENDING)
    assert visit.decision is None

    assert visit.sees(MATCH, liveness=Liveness.PASSED).reason is Reason.MATCH


def test_the_challenges_time_is_not_for_those_who_were_never_verified() -> None:
    visit = Visit(liveness_seconds=15.0).sees(MATCH, MATCH, TOO_DARK).waits(4.8)

    assert visit.reason is Reason.POOR_QUALITY


def test_harald_takes_over_after_gustav_passed_the_challenge() -> None:
    """The window must still prove the card when liveness has passed."""
    visit = Visit(liveness_seconds=15.0).sees(*[MATCH] * 20, liveness=Liveness.PENDING)
    visit.sees(*[MISMATCH] * 5, liveness=Liveness.PENDING)
    visit.sees(MISMATCH, MISMATCH, MISMATCH, liveness=Liveness.PASSED)

    assert visit.decision is None


def test_a_late_resemblance_during_no_challenge_is_no_further_chance() -> None:
    settings = DecisionSettings(max_comparisons=6)
    visit = Visit(settings=settings).sees(*[MISMATCH] * 6)

    assert visit.reason is Reason.NON_MATCH


def test_anna_presents_her_card_while_bert_is_being_looked_at() -> None:
    visit = Visit().sees(MISMATCH)
    assert visit.transaction is not None

    decision = visit.transaction.deny(Reason.SUPERSEDED)

    assert (decision.reason, decision.card) == (Reason.SUPERSEDED, "0042")


def test_a_comparison_with_a_card_that_nobody_claimed_ends_it() -> None:
    visit = Visit().sees(compared(0.9, card="9999"))

    assert visit.reason is Reason.INTERNAL_ERROR


@pytest.mark.parametrize(
    "fault",
    [
        Reason.CAMERA_UNAVAILABLE,
        Reason.MODEL_UNAVAILABLE,
        Reason.JOURNAL_UNAVAILABLE,
        Reason.OVERHEATED,
        Reason.CLOCK_UNSYNCED,
        Reason.LIVENESS_UNAVAILABLE,
        Reason.REFERENCE_UNUSABLE,
        Reason.INTERNAL_ERROR,
    ],
)
def test_no_fault_ever_lets_somebody_in(fault: Reason) -> None:
    visit = Visit().sees(MATCH, MATCH)
    assert visit.transaction is not None
    proven = visit.transaction.observe(frame(9, 100.4, MATCH), Liveness.PASSED)

    granted = proven.decide(100.4)
    assert granted is not None
    assert granted.outcome is Outcome.GRANT, "the control: without a fault it is a grant"
    denied = proven.decide(100.4, {fault})
    assert denied is not None
    assert (denied.outcome, denied.reason) == (Outcome.DENY, fault)


def test_of_several_faults_one_is_named_always_the_same() -> None:
    visit = Visit()
    assert visit.transaction is not None

    decision = visit.transaction.decide(100.0, {Reason.OVERHEATED, Reason.CAMERA_UNAVAILABLE})

    assert decision is not None
    assert decision.reason is Reason.CAMERA_UNAVAILABLE


def test_a_broken_clock_decides_nothing_good() -> None:
    visit = Visit().sees(MATCH, MATCH)
    assert visit.transaction is not None
    proven = visit.transaction.observe(frame(9, 100.4, MATCH), Liveness.PASSED)

    decision = proven.decide(float("nan"))

    assert decision is not None
    assert decision.outcome is Outcome.DENY


def test_a_score_that_is_not_a_number_matches_nobody() -> None:
    not_a_number = replace(MATCH, score=float("nan"))

    assert Visit().sees(*[not_a_number] * 15).reason is Reason.NON_MATCH
