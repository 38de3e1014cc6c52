"""A text that YAML ends at ` #`: named where the writer may have meant it to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.config.cut_short import cut_short

DOOR = """door: front-door
{line}
staff:
  - card: "1"
    name: Ada
    photos:
      - ada.jpg
"""


def _named(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "door.yaml"
    path.write_text(text, encoding="utf-8")
    found = cut_short(load_config(path))
    assert all("in quotes" in str(problem) for problem in found)
    return [str(problem).partition(": what follows")[0] for problem in found]


@pytest.mark.parametrize(
    ("written", "meant", "key"),
    [
        ("name: Ada", "name: Ada #2", "staff[0].name"),
        ("name: Ada", "name: Ada  #Küche", "staff[0].name"),
        ("- ada.jpg", "- ada.jpg #2", "staff[0].photos[0]"),
    ],
)
def test_a_number_after_a_hash_may_belong_to_the_text(
    tmp_path: Path, written: str, meant: str, key: str
) -> None:
    text = DOOR.format(line="").replace(written, meant)
    line = text[: text.index(meant)].count("\n") + 1
    assert _named(tmp_path, text) == [f"{tmp_path / 'door.yaml'}:{line}: {key}"]
    quoted = text.replace(meant, meant.replace("Ada #2", '"Ada #2"').replace(" #", " # "))
    assert _named(tmp_path, quoted) == []


def test_an_address_is_named_and_not_shown(tmp_path: Path) -> None:
    text = DOOR.format(line="camera: {}").replace(
        "camera: {}", "camera:\n  source: rtsp://door:secret #7@10.0.0.5/live"
    )
    (said,) = _named(tmp_path, text)
    assert said.endswith(":3: camera.source")
    assert "secret" not in said


def test_a_person_of_the_staff_file_is_found_there(tmp_path: Path) -> None:
    staff = tmp_path / "staff.yaml"
    staff.write_text('staff:\n  - card: "2"\n    name: Bob #2\n    photos: [b.jpg]\n')
    assert _named(tmp_path, DOOR.format(line="staff_file: staff.yaml")) == [
        f"{staff}:3: staff[1].name"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "liveness: off # while the lamp is repaired",
        "liveness: off #because",
        "mqtt: {port: 1883} #default",
        "decision: {threshold: 0.9} #strict",
        "camera:\n  rotate: 90 #turned",
        "camera:\n  source: rtsp://10.0.0.5/live#2",
        "camera:\n  source: 'rtsp://10.0.0.5/live' #two",
        "camera:\n  source: rtsp://10.0.0.5/live # see #2",
        "camera:\n  source: rtsp://10.0.0.5/live #---- the hall ----",
        "time_zone: Europe/Berlin #summer time too",
        "#staff_file: staff.yaml",
    ],
)
def test_an_ordinary_comment_is_no_news(tmp_path: Path, line: str) -> None:
    assert _named(tmp_path, DOOR.format(line=line)) == []
