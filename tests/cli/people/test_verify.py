"""`edgeverify verify PROBE REFERENCE`: two images, one verdict, three exit codes."""

from __future__ import annotations

import json

import pytest

from edgeverify.cli.people.verify import as_percent
from tests.cli.conftest import Desk, Said


def verify(desk: Desk, probe: str, reference: str, *more: str) -> Said:
    hand = () if "--threshold" in more else ("--threshold", "0.45")
    return desk.run(
        "verify",
        desk.folder / probe,
        desk.folder / reference,
        "--bundle",
        desk.bundle,
        *hand,
        *more,
    )


def test_two_photos_of_one_man_match(desk: Desk) -> None:
    said = verify(desk, "obama2.jpg", "obama.jpg")
    assert said.code == 0
    assert said.out.startswith("match\nscore      0.")
    assert "threshold  0.4500 at no stated FMR: written by hand" in said.out


def test_two_men_do_not_match(desk: Desk) -> None:
    said = verify(desk, "biden.jpg", "obama.jpg", "--json")
    assert said.code == 1
    result = json.loads(said.out)
    assert result["verdict"] == "non_match"
    assert result["score"] < result["threshold"] == 0.45
    assert "percent" not in result


def test_the_percentage_stands_beside_the_score(desk: Desk) -> None:
    result = json.loads(verify(desk, "obama2.jpg", "obama.jpg", "--json", "--percent").out)
    assert result["percent"] == pytest.approx(as_percent(result["score"]), abs=0.01)
    assert result["percent_threshold"] == pytest.approx(as_percent(0.45), abs=0.01)
    assert "not a probability" in result["percent_scale"]
    assert -1 <= result["score"] <= 1


def test_two_men_at_three_quarters_of_the_scale_do_not_read_as_probably_one(desk: Desk) -> None:
    said = verify(desk, "biden.jpg", "obama.jpg", "--percent")
    assert said.code == 1
    assert said.out.startswith("non-match\n")
    assert f"of 100, where a match begins at {as_percent(0.45):.1f}\n" in said.out
    assert "not a probability" in said.out
    assert "%" not in said.out


@pytest.mark.parametrize(
    ("probe", "reason"),
    [
        ("two.jpg", "two.jpg: it shows several faces"),
        ("gone.jpg", "gone.jpg: there is no such file"),
        ("door.yaml", "door.yaml: is not a picture that can be read"),
    ],
)
def test_what_cannot_be_compared_says_why(desk: Desk, probe: str, reason: str) -> None:
    desk.write()
    said = verify(desk, probe, "obama.jpg", "--json")
    assert said.code == 2
    assert json.loads(said.out)["verdict"] == "not_compared"
    assert reason in said.err


def test_a_photo_whose_links_lead_round_is_named(desk: Desk) -> None:
    desk.write()
    (desk.folder / "round.jpg").symlink_to("round.jpg")
    said = verify(desk, "round.jpg", "obama.jpg")
    assert said.code == 2
    assert "round.jpg: cannot be" in said.err
    assert "link" in said.err


def test_a_model_that_was_never_measured_gives_no_verdict(desk: Desk) -> None:
    said = desk.run(
        "verify", desk.folder / "obama.jpg", desk.folder / "biden.jpg", "--bundle", desk.bundle
    )
    assert said.code == 2
    assert "has no operating points" in said.err


def test_a_rate_that_makes_no_sense_is_one_plain_line(desk: Desk) -> None:
    said = verify(desk, "obama.jpg", "obama.jpg", "--max-fmr", "7")
    assert said.code == 2
    assert "could not compare: --max-fmr must be above 0, at most 0.1, not 7.0" in said.err
    said = verify(desk, "obama.jpg", "obama.jpg", "--threshold", "nan")
    assert "could not compare: --threshold must be a finite number" in said.err


def test_model_and_threshold_may_come_from_a_door(desk: Desk) -> None:
    desk.write()
    said = desk.run(
        "verify", desk.folder / "obama2.jpg", desk.folder / "obama.jpg", "-c", desk.config
    )
    assert said.code == 0


def test_the_scale_reads_90_at_its_operating_point() -> None:
    assert as_percent(0.4) == pytest.approx(90, abs=0.2)
    assert as_percent(1.0) == pytest.approx(99.96)
    assert as_percent(-1.0) == 0


def test_without_operating_points_the_score_is_told_and_nothing_is_decided(desk: Desk) -> None:
    photos = (desk.folder / "obama2.jpg", desk.folder / "obama.jpg")
    said = desk.run("verify", *photos, "--bundle", desk.bundle)
    assert said.code == 2, "neither a match nor a non-match"
    assert said.out.startswith("no-threshold\nscore      0.")
    assert "threshold  none: the bundle" in said.out
    assert "edgeverify calibrate" in said.err
    assert "give one by hand with `--threshold`" in said.err
    assert "decision." not in said.err, "there is no config to write that into"
    result = json.loads(desk.run("verify", *photos, "--bundle", desk.bundle, "--json").out)
    assert (result["verdict"], result["threshold"]) == ("no_threshold", None)
    assert -1 <= result["score"] <= 1
