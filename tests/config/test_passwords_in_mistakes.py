"""A mistake may hold a password: what is said of it, and logged, shows no address."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config.problems import Problem
from tests.config.told import told

ADDRESS = "rtsp://admin:hunter2@cam.lan/1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"camera: {ADDRESS}", 'camera: must be a section with keys below it, not the text "rtsp'),
        (f'camera: {{"{ADDRESS}": x}}', "camera.rtsp://...: unknown key; allowed here: black_be"),
        (f"{ADDRESS}: x", "rtsp://...: unknown key; allowed here: audit"),
        (f'{{"{ADDRESS}": x, "{ADDRESS}": y}}', "rtsp://...: appears twice"),
        (f"camera: {{width: '{ADDRESS}'}}", 'must be a whole number, not the text "rtsp://..."'),
        (f"camera: {{transport: '{ADDRESS}'}}", 'auto, tcp or udp, not the text "rtsp://..."'),
        (f"claims: {{sources: '{ADDRESS}'}}", 'put it in brackets: ["rtsp://..."]'),
        (f"time_zone: '{ADDRESS}'", "unknown time zone 'rtsp://...'"),
        (f"rules: {{holidays: ['{ADDRESS}']}}", "rtsp://..."),
    ],
)
def test_an_address_in_the_wrong_place_is_not_repeated(
    tmp_path: Path, text: str, says: str
) -> None:
    said = "\n".join(told(tmp_path / "door.yaml", text))
    assert says in said
    assert "hunter2" not in said
    assert "cam.lan" not in said


def test_advice_that_names_schemes_is_said_whole() -> None:
    said = "cannot read ftp://. Use an rtsp:// or http(s):// address, or http:// (or https://)."
    assert str(Problem(Path("door.yaml"), 1, ("camera", "source"), said)).endswith(said)
