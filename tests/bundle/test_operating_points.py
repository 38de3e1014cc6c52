"""A threshold always comes with the false match rate it was measured at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeverify.bundle.group_rate import GroupRate
from edgeverify.bundle.measured_point import CheckedPoint, MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.bundle.threshold_choice import choose_operating_point
from edgeverify.domain import Embedding, Reference
from edgeverify.errors import ConfigError
from edgeverify.settings import DecisionSettings
from tests.runtime.tiny import point

POINTS = OperatingPoints(
    embedding_space="ab" * 32,
    points=(
        point(1e-3, 0.4),
        point(1e-4, 0.5),
        point(1e-5, 0.6),
        point(1e-6, 0.7, supported=False),
    ),
)


def choose(points: OperatingPoints | None = POINTS, references: int = 1, **settings: object):  # noqa: ANN201
    return choose_operating_point(
        points,
        DecisionSettings.model_validate(settings),
        bundle_name="tiny",
        references=references,
    )


def test_the_default_rate_selects_its_threshold_and_says_on_what_it_rests() -> None:
    chosen = choose()
    assert (chosen.threshold, chosen.max_fmr) == (0.5, 1e-4)
    assert "3 of 1,000,000 non-mated comparisons on a test" in chosen.evidence


def test_a_rate_between_two_points_takes_the_stricter_one() -> None:
    assert choose(max_fmr=5e-4).threshold == 0.5


def test_a_threshold_written_by_hand_wins_and_is_called_so() -> None:
    chosen = choose(points=None, threshold=0.33)
    assert (chosen.threshold, chosen.max_fmr) == (0.33, None)
    assert chosen.evidence == "written by hand"


def test_without_any_evidence_the_door_does_not_start() -> None:
    with pytest.raises(ConfigError, match="no operating points measured on single comparisons"):
        choose(points=None)


def test_a_point_without_enough_comparisons_behind_it_is_no_evidence() -> None:
    with pytest.raises(ConfigError, match=r"stricter than the evidence .* down to 1e-05"):
        choose(max_fmr=1e-6)


def test_walk_up_splits_the_rate_over_the_references() -> None:
    chosen = choose(references=10)
    assert chosen.threshold == 0.6
    assert chosen.max_fmr == pytest.approx(1e-5)


def test_walk_up_with_too_many_people_names_the_largest_number_that_works() -> None:
    with pytest.raises(ConfigError, match="at most 10 references here"):
        choose(references=11)
    with pytest.raises(ConfigError, match="at most 100 references here"):
        choose(references=1000, max_fmr=1e-3)


def test_means_of_scores_need_points_measured_on_means() -> None:
    with pytest.raises(ConfigError, match=r"means of five scores \(fusion: mean\)"):
        choose(fusion="mean")
    mean = point(1e-4, 0.45).model_copy(update={"fusion": "mean5"})
    points = POINTS.model_copy(update={"points": (*POINTS.points, mean)})
    assert choose(points, fusion="mean").threshold == 0.45
    with pytest.raises(ConfigError, match="measured on means of 5 scores"):
        choose(points, fusion="mean", window_frames=7)
    assert choose(points).threshold == 0.5


def test_the_files_hash_covers_every_number() -> None:
    file = OperatingPointsFile.of((POINTS,))
    assert file.is_intact
    looser = POINTS.model_copy(update={"points": (point(1e-4, 0.1),)})
    assert not file.model_copy(update={"sets": (looser,)}).is_intact
    assert OperatingPointsFile.model_validate_json(file.model_dump_json()) == file


def _several(*points: MeasuredPoint, **settings: object) -> tuple[tuple[int, float], ...]:
    every = POINTS.model_copy(update={"points": (*POINTS.points, *points)})
    return choose(every, **settings).for_photos


def test_references_of_several_photos_get_the_threshold_of_their_own_for_the_same_rate() -> None:
    two = point(1e-4, 0.55).model_copy(update={"photos": 2})
    three = point(1e-4, 0.54).model_copy(update={"photos": 3})
    # Never less for more photos, whatever chance measured.
    assert _several(two, three) == ((2, 0.55), (3, 0.55))
    assert _several() == ()
    assert choose(POINTS.model_copy(update={"points": (*POINTS.points, two)})).threshold == 0.5


def test_where_several_photos_carry_no_such_rate_the_step_of_others_is_added() -> None:
    looser = point(1e-3, 0.43).model_copy(update={"photos": 2})
    wider = point(1e-4, 0.58).model_copy(update={"photos": 2})
    ((photos, threshold),) = _several(looser, wider, max_fmr=1e-5)
    assert photos == 2
    assert threshold == pytest.approx(0.6 + 0.08)


def test_means_of_five_hold_several_photos_to_the_threshold_of_single_frames() -> None:
    two = point(1e-4, 0.55).model_copy(update={"photos": 2})
    mean = point(1e-4, 0.52).model_copy(update={"fusion": "mean5"})
    assert _several(two, mean, fusion="mean") == ((2, 0.55),)


def test_a_file_without_several_photos_keeps_its_hash() -> None:
    assert '"photos"' not in OperatingPointsFile.of((POINTS,)).model_dump_json()
    two = point(1e-4, 0.55).model_copy(update={"photos": 2})
    file = OperatingPointsFile.of((POINTS.model_copy(update={"points": (two,)}),))
    again = OperatingPointsFile.model_validate_json(file.model_dump_json())
    assert again.is_intact
    assert again.sets[0].photo_counts == (2,)


def _camera(fmr: float, threshold: float, *, supported: bool = False) -> MeasuredPoint:
    return point(fmr, threshold, supported=supported).model_copy(update={"origin": "camera"})


def _shot(photos: int = 2, shots: int = 1) -> Reference:
    embedding = Embedding(values=np.ones(4, np.float32), embedding_space="ab" * 32)
    return Reference(
        card="1", name="Ann", embedding=embedding, photo_count=photos, camera_photo_count=shots
    )


def test_a_picture_of_the_doors_own_camera_is_held_to_the_threshold_measured_before_one() -> None:
    points = POINTS.model_copy(update={"points": (*POINTS.points, _camera(1e-4, 0.58))})
    chosen = choose(points)
    assert (chosen.threshold, chosen.for_camera) == (0.5, 0.58)
    assert chosen.threshold_of(_shot()) == 0.58
    assert chosen.threshold_of(_shot(shots=0)) == 0.5
    assert "NOT supported: too few people" in chosen.camera_evidence
    # Several photos are nearer to everybody, before one camera as elsewhere.
    two = point(1e-4, 0.53).model_copy(update={"photos": 2})
    both = points.model_copy(update={"points": (*points.points, two)})
    assert choose(both).threshold_of(_shot()) == pytest.approx(0.61)


def test_without_a_measurement_before_one_camera_the_strictest_threshold_counts() -> None:
    chosen = choose()
    assert chosen.for_camera == 0.6
    assert chosen.camera_evidence == "not measured before one camera: the strictest threshold"
    assert choose(threshold=0.33).threshold_of(_shot()) == 0.33


def test_a_small_card_is_held_to_the_threshold_of_a_tenth_of_the_rate() -> None:
    chosen = choose()
    small = replace(_shot(photos=1, shots=0), is_small=True)
    assert chosen.threshold_of(small) == chosen.for_small == 0.6
    assert chosen.threshold_of(replace(small, is_small=False)) == 0.5
    # Where no rate so low is supported, the strictest threshold that is.
    assert choose(max_fmr=1e-5).threshold_of(small) == 0.6
    assert choose(threshold=0.33).threshold_of(small) == 0.33


def test_a_point_before_one_camera_selects_no_threshold_for_pictures_from_elsewhere() -> None:
    points = POINTS.model_copy(
        update={"points": (*POINTS.points, _camera(2e-4, 0.1, supported=True))}
    )
    assert choose(points, max_fmr=5e-4).threshold == 0.5
    assert '"origin":"camera"' in OperatingPointsFile.of((points,)).model_dump_json()


def _grouped(fmr: float, threshold: float, false_matches: int, *, supported: bool) -> MeasuredPoint:
    group = GroupRate(
        name="neighbours",
        dataset="a test",
        people=90,
        false_matches=false_matches,
        non_mated=10_000,
        fmr_upper_95=min(1.0, 2 * false_matches / 10_000),
        supported=supported,
    )
    return point(fmr, threshold).model_copy(update={"groups": (group,), "group_factor": 10.0})


def test_the_rate_must_hold_within_the_worst_group_within_the_factor() -> None:
    points = POINTS.model_copy(
        update={
            "points": (
                _grouped(1e-4, 0.5, 8, supported=True),
                _grouped(1e-5, 0.6, 1, supported=True),
            )
        }
    )
    assert choose(points).threshold == 0.5
    assert "neighbours (a test, 90 people): FMR 0.0008" in choose(points).worst_group
    # 8e-4 is more than five times the rate: the stricter threshold is taken.
    assert choose(points, group_factor=5).threshold == 0.6
    with pytest.raises(ConfigError, match=r"group_factor 9.99 cannot be held at .*neighbours"):
        choose(points, max_fmr=1e-5, group_factor=9.99)
    assert choose(points, max_fmr=1e-5).threshold == 0.6


def test_a_group_too_small_to_say_anything_moves_nothing() -> None:
    points = POINTS.model_copy(update={"points": (_grouped(1e-4, 0.5, 900, supported=False),)})
    assert choose(points).threshold == 0.5
    assert "too few people to promise them a rate" in choose(points).worst_group


def _checked(fmr: float, threshold: float, seen: int, group: GroupRate) -> MeasuredPoint:
    check = CheckedPoint(
        dataset="others",
        false_matches=seen,
        non_mated=1_000_000,
        fmr_upper_95=1e-3,
        mated=0,
        people=820,
    )
    said = {"check": check, "groups": (group,), "group_factor": 10.0, "false_matches": 40}
    return point(fmr, threshold).model_copy(update=said)


def test_what_is_said_of_the_evidence_is_said_of_the_rate_that_the_door_asks_for() -> None:
    """The next stricter point may serve it, whose own rate and factor nobody has written."""
    alike = GroupRate(
        name="alike",
        dataset="a test",
        people=841,
        false_matches=12,
        non_mated=13_194,
        fmr_upper_95=1.5e-3,
        supported=False,
    )
    points = POINTS.model_copy(update={"points": (_checked(5e-5, 0.47, 60, alike),)})
    for factor, held in ((1, "NOT held to: 0.0001"), (2, "NOT held to: 2 times 0.0001")):
        chosen = choose(points, group_factor=factor)
        more = f"more than {held.removeprefix('NOT held to: ')}, and they are too few"
        assert held in chosen.worst_group
        assert more in chosen.caution
        assert "above the rate" not in chosen.evidence, "6e-05 is below the 0.0001 asked for"
    allowed = choose(points, group_factor=50)
    assert "(allowed: 50 times 0.0001)" in allowed.worst_group
    assert "more than" not in allowed.caution
    strict = choose(points, max_fmr=5e-5, group_factor=50)
    assert "above the rate (6e-05)" in strict.evidence
    assert "let 6e-05 through, above 5e-05" in strict.caution
