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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "claims: {sources: [wiegand], wiegand: {data1_line: 23}}",
            "claims.wiegand: data0_line and data1_line are both 23",
        ),
        (
            (
                "claims: {sources: [serial], exit_sources: [osdp], serial: {port: /dev/ttyUSB0}, "
                "osdp: {port: /dev/ttyUSB0, key_file: k}}"
            ),
            "claims: serial.port and osdp.port are the same; each reader has its own",
        ),
    ],
)
def test_two_that_share_one_wire_are_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "door.yaml"
    assert told(file, text) == [f"{file}:1: {message}"]
