"""Rules of alignment that are not five points: the face's box, and the picture as it is."""

from __future__ import annotations

import numpy as np
import pytest

from edgeverify.feeding.alignment import align_mesh, align_points
from edgeverify.feeding.template_kinds import BoxTemplate, PointTemplate, WholePictureTemplate
from edgeverify.feeding.templates import template_named


def mesh_in(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mesh = np.zeros((468, 3), dtype=np.float32)
    mesh[:, 0] = (left + right) / 2
    mesh[:, 1] = (top + bottom) / 2
    mesh[0, :2], mesh[1, :2] = (left, top), (right, bottom)
    return mesh


def marked(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """A white box on black, 400x300."""
    frame = np.zeros((300, 400, 3), dtype=np.uint8)
    frame[top:bottom, left:right] = 255
    return frame


def test_a_box_without_margin_fills_the_chip_when_it_is_stretched() -> None:
    template = BoxTemplate(name="tight", size=100, margins=(0, 0, 0, 0), aspect="stretch")
    chip = align_mesh(marked(100, 50, 160, 170), mesh_in(100, 50, 160, 170), template, 100).rgb
    assert chip[2:-2, 2:-2].min() > 250


def test_a_kept_aspect_shows_what_lies_beside_a_tall_box() -> None:
    template = BoxTemplate(name="tight", size=120, margins=(0, 0, 0, 0), aspect="keep")
    chip = align_mesh(marked(100, 50, 160, 170), mesh_in(100, 50, 160, 170), template, 120).rgb
    assert chip[60, 60].min() > 250
    assert chip[:, :28].max() == 0
    assert chip[:, 92:].max() == 0
    assert chip[2:-2, 60].min() > 250


def test_margins_are_left_top_right_bottom_as_shares_of_the_box() -> None:
    template = BoxTemplate(name="grown", size=200, margins=(0.5, 0.0, 0.0, 0.5), aspect="stretch")
    chip = align_mesh(marked(100, 50, 200, 150), mesh_in(100, 50, 200, 150), template, 200).rgb
    white = np.argwhere(chip[:, :, 0] > 200)
    assert white.min(axis=0) == pytest.approx([0, 67], abs=1.5)
    assert white.max(axis=0) == pytest.approx([132, 199], abs=1.5)


@pytest.mark.parametrize(("aspect", "left_black"), [("stretch", False), ("keep", True)])
def test_a_whole_picture_needs_no_face(aspect: str, *, left_black: bool) -> None:
    """`keep` shows the middle square, `stretch` everything."""
    frame = marked(50, 0, 350, 300)
    template = WholePictureTemplate(name="all", size=100, aspect=aspect)  # type: ignore[arg-type]
    chip = align_points(frame, np.zeros((0, 2), np.float32), template, 100).rgb
    assert (chip[50, 5].max() == 0) is not left_black
    assert chip[50, 50].min() > 250


def test_a_picture_of_the_chips_own_size_is_the_chip() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    chip = align_points(picture, np.zeros((0, 2), np.float32), template_named("whole-picture"), 112)
    assert np.array_equal(chip.rgb, picture)


def test_intels_points_are_shares_of_the_side() -> None:
    template = template_named("intel-128")
    assert isinstance(template, PointTemplate)
    assert template.places[2] == pytest.approx((0.50026, 0.64051))


@pytest.mark.parametrize(
    "wrong",
    [
        {"groups": ((468,), (1,)), "places": ((0, 0), (1, 1))},
        {"groups": ((0,), (1,)), "places": ((0.5, 0.5), (0.5, 0.5))},
        {"groups": ((0,),), "places": ((0.5, 0.5),)},
        {"groups": ((0,), (1,)), "places": ((0, 0), (1, 1), (0, 1))},
        {"groups": ((0,), (1,)), "places": ((0, 0), (float("nan"), 1))},
    ],
)
def test_points_that_cannot_place_a_face_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        PointTemplate(name="wrong", size=112, **wrong)  # type: ignore[arg-type]
