"""Over all settings and all weathers: heat may end a transaction, and change nothing else in it.

The daemon's own `Conditions` and the pure policy are run twice over the same frames, once at
every temperature that hypothesis thinks of and once in the cool.
"""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from edgeverify.camera.camera import CameraHealth, CameraState
from edgeverify.claims import MQTT, SOURCES, chosen
from edgeverify.daemon.door.conditions import Conditions
from edgeverify.daemon.door.people import People
from edgeverify.daemon.door.situation import Situation
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import (
    Claim,
    Comparison,
    Decision,
    Gate,
    Liveness,
    Observation,
    OperatingPoint,
    Outcome,
    Reason,
    Refusal,
)
from edgeverify.liveness import PadState, plan_liveness
from edgeverify.lockout import CLEAN
from edgeverify.policy import Moment, Subject, Transaction, begin
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import DecisionSettings, Settings, ThermalSettings
from edgeverify.thermal import Governor, Level, Reading, idle_plan

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=timezone.utc)
TOO_DARK = Refusal(reason=Reason.POOR_QUALITY, gate=Gate.TOO_DARK, hint="more light")


class SetClock:
    def wall(self) -> datetime:
        return NOON

    def floor(self) -> datetime | None:
        return NOON

    def is_trusted(self) -> bool:
        return True


@st.composite
def thermal(draw: st.DrawFn) -> ThermalSettings:
    soft, hot, critical = sorted(
        draw(st.lists(st.floats(30, 120), min_size=3, max_size=3, unique=True))
    )
    return ThermalSettings(
        soft_celsius=soft,
        hot_celsius=hot,
        critical_celsius=critical,
        hysteresis_celsius=draw(st.floats(1, 30)),
        min_dwell_seconds=draw(st.floats(1, 3600)),
    )


@st.composite
def rules(draw: st.DrawFn) -> DecisionSettings:
    window = draw(st.integers(1, 10))
    required = draw(st.integers(1, window))
    return DecisionSettings(
        window_frames=window,
        required_matches=required,
        max_comparisons=draw(st.integers(required, 30)),
        timeout_seconds=draw(st.floats(0.5, 20)),
    )


scores = st.one_of(st.none(), st.floats(-1, 1))
livenesses = st.sampled_from([Liveness.PASSED, Liveness.PENDING, Liveness.NOT_REQUIRED])


def situation_of(settings: Settings) -> Situation:
    nobody = LoadedReferences(usable={}, unusable={}, photo_digests={})
    point = OperatingPoint(threshold=0.5, max_fmr=1e-4, evidence="a test")
    return Situation(
        settings=settings,
        sources=chosen(SOURCES, settings.claims),
        people=People.of(settings.door, (), nobody),
        plan=plan_liveness(settings.liveness, PadState.ABSENT),
        point=point,
        walk_up_point=None,
        pad_threshold=0.5,
        digest="",
    )


def transaction_of(settings: DecisionSettings) -> Transaction:
    begun = begin(
        Claim(id="c", card="1", issued_at=NOON, received_at=0.0, source=MQTT),
        Subject(cards=frozenset({"1"})),
        settings,
        lockout=CLEAN,
        now=Moment(monotonic=0.0, wall=NOON),
        max_age_seconds=10.0,
        liveness_seconds=0.0,
    )
    assert isinstance(begun, Transaction)
    return begun


def observed(sequence: int, at: float, score: float | None) -> Observation:
    if score is None:
        return Observation(frame_sequence=sequence, at=at, refusal=TOO_DARK)
    compared = Comparison(card="1", score=score, threshold=0.5)
    return Observation(frame_sequence=sequence, at=at, comparison=compared)


def play(
    settings: Settings,
    frames: list[tuple[float | None, Liveness]],
    pause: float,
    celsius: list[float | None],
) -> tuple[Decision | None, list[Level]]:
    """One transaction, a frame every `pause` seconds, the governor looking at every one."""
    governor = Governor(settings=settings.thermal)
    situation = situation_of(settings)
    levels: list[Level] = []
    conditions = Conditions(
        camera=lambda: CameraHealth(state=CameraState.OK, since=0.0),
        monotonic=lambda: 0.0,
        clock=SetClock(),
        heat=lambda: levels[-1],
        faults=FaultBoard(),
    )
    transaction = transaction_of(settings.decision)
    for index, (score, liveness) in enumerate(frames):
        now = (index + 1) * pause
        value = celsius[index % len(celsius)]
        governor = governor.step((Reading(sensor="cpu", celsius=value),), now)
        levels.append(governor.level)
        transaction = transaction.observe(observed(index, now, score), liveness)
        decision = transaction.decide(now, conditions.faults(situation, 1 / pause))
        if decision is not None:
            return decision, levels
    return None, levels


@given(
    thermal(),
    rules(),
    st.lists(st.tuples(scores, livenesses), min_size=1, max_size=40),
    st.sampled_from([1 / 30, 1 / 15, 1 / 10, 1 / 8, 1 / 5]),
    st.lists(st.one_of(st.none(), st.floats(-40, 150)), min_size=1, max_size=40),
)
def test_a_hot_door_decides_as_a_cool_one_or_says_overheated(
    heat: ThermalSettings,
    decision: DecisionSettings,
    frames: list[tuple[float | None, Liveness]],
    pause: float,
    celsius: list[float | None],
) -> None:
    settings = Settings(thermal=heat, decision=decision)
    hot, _ = play(settings, frames, pause, celsius)
    cool, levels = play(settings, frames, pause, [20.0])
    assert set(levels) == {Level.FULL}
    if hot is not None and hot.reason is Reason.OVERHEATED:
        assert hot.outcome is Outcome.DENY
    else:
        assert hot == cool


def test_the_rig_can_tell_heat_from_cool() -> None:
    """A control: the same frames, once suspended and once not."""
    matches: list[tuple[float | None, Liveness]] = [(0.9, Liveness.PASSED)] * 5
    hot, _ = play(Settings(), matches, 1 / 15, [120.0])
    cool, _ = play(Settings(), matches, 1 / 15, [20.0])
    assert hot is not None
    assert cool is not None
    assert (hot.reason, cool.reason) == (Reason.OVERHEATED, Reason.MATCH)


def test_a_warm_door_that_sees_fewer_than_ten_frames_a_second_does_not_decide() -> None:
    matches: list[tuple[float | None, Liveness]] = [(0.9, Liveness.PASSED)] * 20
    slow, levels = play(Settings(), matches, 1 / 8, [75.0])
    assert slow is not None
    assert levels[-1] is Level.HALF
    assert slow.reason is Reason.OVERHEATED


@given(thermal(), st.sampled_from(list(Level)), st.floats(1, 120))
def test_a_level_gives_no_other_settings(heat: ThermalSettings, level: Level, rate: float) -> None:
    """The settings that decide are the same object before and after; a plan holds only a rate."""
    settings = Settings(thermal=heat)
    before = settings.model_dump()
    idle_plan(level, rate)
    assert settings.model_dump() == before
