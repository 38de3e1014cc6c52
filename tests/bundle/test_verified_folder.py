"""A threshold is refused that cannot have been seen with the counts beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeverify.bundle.loading import load_bundle
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.bundle.verified_folder import implausible
from edgeverify.errors import BundleError
from edgeverify.models.catalogue import load_catalogue, shipped_operating_points
from tests.runtime.tiny import point, write_tiny

Edit = Callable[[dict[str, object]], object]


def _edited(edit: Edit) -> OperatingPoints:
    """Change each point of a real measurement for the rate of 1e-4, of one photo."""
    shipped = shipped_operating_points("sface")
    assert shipped is not None
    points = json.loads(shipped.model_dump_json())["sets"][0]
    for one in points["points"]:
        if one["fmr"] == 1e-4 and one["fusion"] == "single" and "photos" not in one:
            edit(one)
    return OperatingPoints.model_validate(points)


def test_all_that_this_release_ships_is_plausible() -> None:
    looked_at = 0
    for entry in load_catalogue().models:
        shipped = shipped_operating_points(entry.name)
        scale = "probability" if entry.name == "minifasnet" else "cosine"
        for points in () if shipped is None else shipped.sets:
            assert implausible(points, scale) == "", entry.name
            looked_at += 1
    assert looked_at >= 4


@pytest.mark.parametrize("threshold", [-1.0, -0.2, 0.0, 0.3, 0.45])
def test_a_lower_threshold_would_have_been_reached_by_more(threshold: float) -> None:
    edited = _edited(lambda point: point.update(threshold=threshold))
    assert implausible(edited, "cosine")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda point: point.update(threshold=-1.0), "lets everybody in"),
        (lambda point: point.update(false_matches=2_000_000_000), "more false matches than"),
        (lambda point: point.update(fmr_upper_95=0.0), "an upper bound below the rate"),
        (lambda point: point.update(fmr_upper_95=0.5), "its counts do not carry that rate"),
        (lambda point: point.update(fmr=1e-9), "its counts do not carry that rate"),
    ],
)
def test_what_cannot_be_is_said(edit: Edit, said: str) -> None:
    assert said in implausible(_edited(edit), "cosine")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tiny(tmp_path / "tiny", (point(1e-4, 0.5),))
    return tmp_path / "tiny"


def test_an_edited_threshold_with_its_hash_made_anew_is_refused(folder: Path) -> None:
    path = folder / "operating-points.json"
    points = OperatingPointsFile.model_validate_json(path.read_text())
    edited = points.sets[0].model_copy(
        update={
            "points": tuple(p.model_copy(update={"threshold": -1.0}) for p in points.sets[0].points)
        }
    )
    path.write_text(OperatingPointsFile.of((edited,)).model_dump_json())
    with pytest.raises(BundleError, match="was altered, or is not a measurement"):
        load_bundle(folder)
