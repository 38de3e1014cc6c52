"""The thresholds that a release ships, chosen again from the evidence that is kept beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from benchmarks.shipped_points.__main__ import ROOT
from benchmarks.shipped_points.asking import MODELS
from benchmarks.shipped_points.evidence import KeptEvidence, KeptFile
from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints
from edgeverify.evaluation.images.calibration import choose, threshold_for, upper_bound
from edgeverify.models.catalogue import shipped_operating_points

DATE = "2026-01-01"
FINEST = 1e-3
"""Scores are kept from the threshold of this rate on."""


@pytest.fixture(scope="module", params=MODELS)
def kept(request: pytest.FixtureRequest) -> KeptFile:
    return KeptFile.read(ROOT, request.param)


@pytest.fixture
def shipped(kept: KeptFile) -> OperatingPoints:
    file = shipped_operating_points(kept.model)
    assert file is not None
    found = file.of_space(kept.embedding_space)
    assert found is not None, "the evidence is of another embedding space than the points"
    return found


def _of(shipped: OperatingPoints, fusion: str, photos: int = 1) -> list[MeasuredPoint]:
    return [
        point
        for point in shipped.points
        if (point.fusion, point.photos, point.origin) == (fusion, photos, "elsewhere")
        and point.fmr <= FINEST
    ]


def _digits(points: Iterable[MeasuredPoint]) -> list[object]:
    """Ten digits of each figure: releases of scipy differ in the eleventh of a bound."""
    text = json.dumps([point.model_dump(mode="json") for point in points])
    return json.loads(text, parse_float=lambda word: f"{float(word):.10g}")  # type: ignore[no-any-return]


def test_the_door_s_thresholds_are_those_that_the_evidence_chooses(
    kept: KeptFile, shipped: OperatingPoints
) -> None:
    """Rate over everybody with its bound, and within each group, or what that can carry."""
    points = _of(shipped, "single")
    assert {1e-3, 1e-4, 1e-5} <= {point.fmr for point in points}
    chosen_on, checked_on = (side.evidence() for side in kept.single)
    again = choose(chosen_on, checked_on, date=DATE, rates=[point.fmr for point in points])
    expected = [point.model_copy(update={"date": DATE}) for point in points]
    assert _digits(again) == _digits(expected)


def test_no_rate_is_shipped_that_its_evidence_cannot_support(
    kept: KeptFile, shipped: OperatingPoints
) -> None:
    kinds = {("single", photos): pair for photos, pair in kept.several.items()}
    kinds |= {("single", 1): kept.single, ("mean5", 1): kept.mean}
    seen = 0
    for (fusion, photos), (chosen_on, checked_on) in kinds.items():
        for point in _of(shipped, fusion, photos):
            _is_supported(point, chosen_on)
            assert point.check is not None
            assert point.check.false_matches == checked_on.non_mated.at_least(point.threshold)
            assert point.check.non_mated == checked_on.non_mated.count
            assert point.check.people == checked_on.people
            seen += 1
    assert seen == sum(len(_of(shipped, fusion, photos)) for fusion, photos in kinds) > 20


def _is_supported(point: MeasuredPoint, evidence: KeptEvidence) -> None:
    assert point.supported
    count = evidence.non_mated.count
    assert point.dataset == evidence.dataset
    assert (point.non_mated, point.mated) == (count, evidence.mated.count)
    errors = evidence.non_mated.at_least(point.threshold)
    assert point.false_matches == errors
    assert point.fmr_upper_95 == pytest.approx(upper_bound(errors, count))
    assert upper_bound(errors, count) <= point.fmr
    assert evidence.pairs_of_people >= 2.99 / point.fmr
    missed = evidence.mated.count - evidence.mated.at_least(point.threshold)
    assert point.fnmr == pytest.approx(missed / evidence.mated.count)


def test_a_rate_that_the_people_cannot_carry_is_refused(kept: KeptFile) -> None:
    """However many pictures: a tenth of the smallest rate has too few pairs of people for it."""
    chosen_on = kept.single[0].evidence()
    assert threshold_for(chosen_on, 1e-5) is not None
    assert threshold_for(chosen_on, 1e-6) is None
    assert threshold_for(replace(chosen_on, pairs_of_people=29_000), 1e-4) is None


def test_a_threshold_that_lets_one_more_through_would_not_hold(
    kept: KeptFile, shipped: OperatingPoints
) -> None:
    """The kept scores are fine enough to tell: none of the thresholds is stricter than needed."""
    chosen_on = kept.single[0].evidence()
    for point in _of(shipped, "single"):
        looser = point.threshold - 1e-4
        errors = chosen_on.false_matches(looser)
        is_bound = upper_bound(errors, len(chosen_on.non_mated)) > point.fmr
        within = point.fmr * chosen_on.group_factor
        in_group = any(
            (group.non_mated >= looser).mean() > group.carried(within) for group in chosen_on.groups
        )
        is_floor = any(
            other.threshold == point.threshold and other.fmr > point.fmr
            for other in shipped.points
            if (other.fusion, other.photos, other.origin) == ("single", 1, "elsewhere")
        )
        assert is_bound or in_group or is_floor, point.fmr
