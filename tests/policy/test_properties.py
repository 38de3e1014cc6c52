"""What no sequence of frames can do, whatever it is made of."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeverify.domain import Comparison, Decision, Liveness, Observation, Outcome, Reason, Refusal
from edgeverify.policy import Transaction
from edgeverify.settings.decision import DecisionSettings
from tests.policy.people import NO_FACE, TOO_DARK, TWO_FACES, Visit, compared, frame

SCORES = st.one_of(st.floats(-1, 1), st.sampled_from([float("nan"), float("-inf")]))
REFUSALS = st.sampled_from([NO_FACE, TOO_DARK, TWO_FACES])
ANYTHING = st.one_of(REFUSALS, SCORES.map(compared))
MISSES = st.one_of(REFUSALS, st.floats(-1, 0.499).map(compared))
FAULTS = st.sets(st.sampled_from([r for r in Reason if r is not Reason.MATCH]), max_size=2)
UNPROVEN = st.sampled_from(
    [each for each in Liveness if each not in {Liveness.PASSED, Liveness.NOT_REQUIRED}]
)


@st.composite
def rules(draw: st.DrawFn) -> DecisionSettings:
    window = draw(st.integers(1, 8))
    required = draw(st.integers(1, window))
    return DecisionSettings(
        window_frames=window,
        required_matches=required,
        max_comparisons=draw(st.integers(required, 20)),
        fusion=draw(st.sampled_from(["votes", "mean"])),
    )


def all_decisions(
    rule: DecisionSettings, steps: list[tuple[Refusal | Comparison, Liveness, float]]
) -> list[Decision]:
    transaction = Visit(settings=rule, liveness_seconds=20.0).transaction
    assert transaction is not None
    decisions = []
    now = 100.0
    for sequence, (seen, liveness, pause) in enumerate(steps):
        now += pause
        transaction = transaction.observe(frame(sequence, now, seen), liveness)
        decision = transaction.decide(now)
        if decision is not None:
            decisions.append(decision)
    return decisions


PAUSES = st.floats(-0.2, 1.5)


@given(rules(), st.lists(st.tuples(MISSES, st.sampled_from(Liveness), PAUSES), max_size=40))
def test_no_sequence_of_refusals_and_mismatches_ever_grants(
    rule: DecisionSettings, steps: list[tuple[Refusal | Comparison, Liveness, float]]
) -> None:
    assert all(each.outcome is Outcome.DENY for each in all_decisions(rule, steps))


@given(rules(), st.lists(st.tuples(ANYTHING, UNPROVEN, PAUSES), max_size=40))
def test_no_sequence_without_passed_liveness_ever_grants_whatever_the_scores(
    rule: DecisionSettings, steps: list[tuple[Refusal | Comparison, Liveness, float]]
) -> None:
    assert all(each.outcome is Outcome.DENY for each in all_decisions(rule, steps))


@given(rules(), st.lists(st.tuples(ANYTHING, st.sampled_from(Liveness), PAUSES), max_size=40))
def test_a_grant_always_rests_on_enough_matches_in_time(
    rule: DecisionSettings, steps: list[tuple[Refusal | Comparison, Liveness, float]]
) -> None:
    for decision in all_decisions(rule, steps):
        if decision.outcome is Outcome.GRANT:
            assert decision.card == "0042"
            if rule.fusion == "votes":
                assert decision.matches >= rule.required_matches
            else:
                assert decision.comparisons >= rule.window_frames


@given(
    st.lists(st.tuples(ANYTHING, st.just(Liveness.PASSED), st.just(0.1)), max_size=20),
    FAULTS,
    st.floats(-10, 1000),
)
def test_no_fault_and_no_late_moment_ever_grants(
    steps: list[tuple[Refusal | Comparison, Liveness, float]], faults: set[Reason], late: float
) -> None:
    transaction = Visit().transaction
    assert transaction is not None
    now = 100.0
    for sequence, (seen, liveness, pause) in enumerate(steps):
        now += pause
        transaction = transaction.observe(frame(sequence, now, seen), liveness)

    decision = transaction.decide(now + late, faults)

    if decision is not None and decision.outcome is Outcome.GRANT:
        assert not faults
        assert now + late <= transaction.deadline


@given(st.permutations(range(12)))
@settings(max_examples=50)
def test_shuffled_frames_never_prove_more_than_ordered_ones(order: list[int]) -> None:
    """A frame delivered late is ignored, so shuffling can only lose frames."""
    transaction = Visit().transaction
    assert transaction is not None
    shuffled: Transaction = transaction
    for index in order:
        observation: Observation = frame(index, 100.1 + index / 10, compared(0.8))
        shuffled = shuffled.observe(observation, Liveness.PENDING)

    rising = [i for n, i in enumerate(order) if all(i > j for j in order[:n])]
    assert shuffled.comparisons == len(rising)
