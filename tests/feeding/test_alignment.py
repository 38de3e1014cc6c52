"""One aligner: a face ends in the same place of its chip however it stood in the frame."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.errors import BundleError
from edgeverify.feeding.alignment import align_mesh, align_points, chip_transform, fit_similarity
from edgeverify.feeding.templates import TEMPLATES, PointTemplate, template_named

FACE_TEMPLATES = [name for name in TEMPLATES if name != "whole-picture"]
POINT_TEMPLATES = [name for name, t in TEMPLATES.items() if isinstance(t, PointTemplate)]


def moved(points: np.ndarray, scale: float, degrees: float, x: float, y: float) -> np.ndarray:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (points @ turn.T * scale + [x, y]).astype(np.float32)


@given(
    scale=st.floats(0.3, 5),
    degrees=st.floats(-180, 180),
    x=st.floats(-200, 200),
    y=st.floats(-200, 200),
    name=st.sampled_from(POINT_TEMPLATES),
)
def test_a_face_of_the_templates_own_shape_lands_exactly_on_its_places(
    scale: float, degrees: float, x: float, y: float, name: str
) -> None:
    template = template_named(name)
    assert isinstance(template, PointTemplate)
    places = np.array(template.places) * template.size
    points = moved(places, scale, degrees, x, y)
    matrix = chip_transform(points, template, template.size, frame=(640, 480))
    landed = points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(landed - places).max() < 1e-2


def test_the_fit_is_a_similarity_and_minimises_the_squares() -> None:
    random = np.random.default_rng(3)
    source, target = random.normal(size=(2, 7, 2))
    matrix = fit_similarity(source, target)
    assert matrix[0, 0] == pytest.approx(matrix[1, 1])
    assert matrix[0, 1] == pytest.approx(-matrix[1, 0])

    def loss(candidate: np.ndarray) -> float:
        return float(((source @ candidate[:, :2].T + candidate[:, 2] - target) ** 2).sum())

    best = loss(matrix)
    for _ in range(50):
        change = random.normal(scale=1e-3, size=4)
        a, b, x, y = change
        other = matrix + np.array([[a, -b, x], [b, a, y]])
        assert loss(other) >= best


def test_dlibs_chip_is_where_dlib_would_cut_it() -> None:
    """Its five mean places, brought inside a padding of 0.25 (dlib's get_face_chip_details)."""
    template = template_named("dlib-150")
    assert isinstance(template, PointTemplate)
    assert template.places[0] == pytest.approx((0.247050, 0.309152), abs=1e-6)
    assert template.places[4] == pytest.approx((0.493408, 0.585198), abs=1e-6)


def test_the_level_box_is_level_square_and_padded() -> None:
    mesh = np.zeros((468, 3), dtype=np.float32)
    random = np.random.default_rng(5)
    mesh[:, :2] = random.uniform((-40, -60), (40, 60), size=(468, 2))
    mesh[33, :2], mesh[263, :2] = (-25, -10), (25, -10)
    mesh[0, :2], mesh[1, :2] = (-40, -60), (40, 60)
    turned = np.column_stack([moved(mesh[:, :2], 1.0, 20, 300, 200), mesh[:, 2]]).astype(np.float32)
    template = template_named("mesh-box-224")
    matrix = chip_transform(template.pick(turned), template, 224, frame=(640, 480))
    landed = turned[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    assert landed[33, 1] == pytest.approx(landed[263, 1], abs=1e-2)
    assert landed[33, 0] < landed[263, 0]
    # The longer side is 120; with a tenth of it on either side, 144 pixels fill the chip.
    assert landed.min(axis=0) == pytest.approx([112 - 40 * 224 / 144, 224 / 12], abs=0.05)
    assert landed.max(axis=0) == pytest.approx([112 + 40 * 224 / 144, 224 * 11 / 12], abs=0.05)


def test_a_large_face_is_averaged_down_instead_of_sampled() -> None:
    """Stripes one pixel wide: averaging gives grey, sampling gives stripes of another width."""
    frame = np.zeros((900, 900, 3), dtype=np.uint8)
    frame[:, ::2] = 255
    template = template_named("arcface-112")
    assert isinstance(template, PointTemplate)
    points = (np.array(template.places) * 700 + 100).astype(np.float32)
    averaged = align_points(frame, points, template_named("arcface-112"), 112, "area").rgb
    sampled = align_points(frame, points, template_named("arcface-112"), 112, "linear").rgb
    assert averaged.std() < 12 < sampled.std()


def test_both_ways_cut_the_same_place() -> None:
    y, x = np.mgrid[0:800, 0:800]
    frame = np.stack([x // 4, y // 4, (x + y) // 8], axis=-1).astype(np.uint8)
    template = template_named("dlib-150")
    assert isinstance(template, PointTemplate)
    points = moved(np.array(template.places) * 600, 1.0, 8, 150, 60)
    averaged = align_points(frame, points, template_named("dlib-150"), 150, "area").rgb.astype(int)
    sampled = align_points(frame, points, template_named("dlib-150"), 150, "linear").rgb.astype(int)
    assert np.abs(averaged - sampled).max() <= 2


def test_beyond_the_frame_it_is_black() -> None:
    frame = np.full((60, 60, 3), 200, dtype=np.uint8)
    template = template_named("arcface-112")
    assert isinstance(template, PointTemplate)
    points = (np.array(template.places) * 300 - 120).astype(np.float32)
    for resize in ("area", "linear"):
        chip = align_points(frame, points, template_named("arcface-112"), 112, resize).rgb
        assert chip[0, 0].max() == 0
        assert chip.max() == 200


@pytest.mark.parametrize("name", FACE_TEMPLATES)
@pytest.mark.parametrize("resize", ["area", "linear"])
def test_a_face_far_outside_the_frame_gives_a_black_chip_and_no_exception(
    name: str, resize: str
) -> None:
    frame = np.full((100, 100, 3), 255, dtype=np.uint8)
    mesh = np.random.default_rng(1).uniform(5000, 9000, size=(468, 3)).astype(np.float32)
    size = template_named(name).size
    chip = align_mesh(frame, mesh, template_named(name), size, resize)  # type: ignore[arg-type]
    assert chip.rgb.shape == (size, size, 3)
    assert chip.rgb.max() == 0


@pytest.mark.parametrize("name", FACE_TEMPLATES)
def test_points_that_fall_together_are_an_error(name: str) -> None:
    mesh = np.full((468, 3), 50, dtype=np.float32)
    with pytest.raises(ValueError, match="fall together"):
        align_mesh(np.zeros((100, 100, 3), dtype=np.uint8), mesh, template_named(name), 112)


def test_nan_is_an_error() -> None:
    points = np.full((5, 2), np.nan, dtype=np.float32)
    with pytest.raises(ValueError, match="finite"):
        align_points(np.zeros((9, 9, 3), dtype=np.uint8), points, template_named("dlib-150"), 150)


def test_an_unknown_template_names_those_that_exist() -> None:
    with pytest.raises(BundleError, match="unknown alignment template") as caught:
        template_named("arcface-96")
    assert "dlib-150, arcface-112, face01-224" in caught.value.advice
