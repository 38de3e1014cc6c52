"""Every page that shows the headline figures shows those that the release ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figure_tables import FMR, ROWS, table
from benchmarks.headline import PAGES, ROOT, shown, with_table
from edgeverify.models.catalogue import shipped_operating_points
from edgeverify.models.figures import shipped_figures
from edgeverify.models.listing import listed


@pytest.mark.parametrize("page", list(PAGES))
def test_a_page_shows_what_was_measured(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert shown(page, text) == text


def test_every_model_for_an_embedding_is_shown_with_every_figure() -> None:
    head, _, *rows = table().splitlines()
    names = [name for name in shipped_figures().models if f"`{name}`" in head]
    assert set(names) == set(shipped_figures().models) >= {"sface", "strong"}
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(ROWS[1:])
    assert all(row.count("|") == len(names) + 2 for row in rows)


def test_the_figures_are_of_the_shipped_thresholds() -> None:
    """Whoever makes thresholds anew and does not measure at them is told here."""
    for name, found in shipped_figures().models.items():
        points = shipped_operating_points(name)
        assert points is not None
        point = points.sets[0].at_most(FMR, "single")
        assert point is not None
        assert point.check is not None
        assert (found.door.threshold, found.door.pairs) == (point.threshold, point.check.mated)
        assert found.door.fnmr == pytest.approx(point.check.fnmr)


def test_models_list_says_the_same_figures() -> None:
    sface = next(one for one in listed(Path("nowhere")) if one.name == "sface")
    lines = dict(sface.lines())
    found = shipped_figures().models["sface"]
    assert f"FNMR {100 * found.own.fnmr:.2f} %" in lines["figures"]
    one = found.one_camera[1]
    said = f"{one.false_accepts} of {one.impostor_attempts} impostors let in"
    assert said in lines["figures"]


def test_a_page_without_its_place_is_told() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        with_table("no table here", table())
