"""Two limits with nothing between them are refused: with them nobody could ever enter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.told import told

CROSSING: list[tuple[str, str]] = [
    (
        "pad: {min_face_pixels: 400}",
        (
            "pad: min_face_pixels (400) is not below max_face_pixels (400): no face could ever be "
            "judged"
        ),
    ),
    (
        "camera: {overexposed_above: 9.5}",
        (
            "camera: black_below (12) is not below overexposed_above (9.5): no picture could ever "
            "be good"
        ),
    ),
    (
        "quality: {max_brightness: 25}",
        "quality: min_brightness (25) is not below max_brightness (25): nobody could ever enter",
    ),
]


@pytest.mark.parametrize(("text", "message"), CROSSING, ids=[text for text, _ in CROSSING])
def test_limits_with_nothing_between_them_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, text) == [f"{file}:1: {message}"]
