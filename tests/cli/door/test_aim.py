"""Placing a camera with `edgeverify aim`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edgeverify.camera.camera import CameraHealth, CameraState
from edgeverify.cli.door.aim import UsableSeconds, draw, save
from edgeverify.cli.main import app
from edgeverify.domain import Frame, Gate, Reason, Refusal
from edgeverify.verifier.placement import Look


def test_a_film_tells_what_is_wrong_and_leaves_a_picture(testdata: Path, tmp_path: Path) -> None:
    film = testdata / "videos/intel_iot/asl_gestures/yes.mkv"
    config = tmp_path / "door.yaml"
    config.write_text(
        f"camera:\n  source: {film}\n  pace: lockstep\nquality:\n  min_eye_distance_pixels: 15\n"
        "  min_sharpness: 0\n"
    )
    picture = tmp_path / "aim.png"
    result = CliRunner().invoke(
        app, ["aim", "-c", str(config), "--picture", str(picture), "--seconds", "0.3"]
    )
    assert result.exit_code == 0, result.output
    assert "frames were usable" in result.output
    assert "of the last 10 s" in result.output
    assert cv2.imread(str(picture)).shape == (480, 640, 3)
    assert picture.stat().st_mode & 0o777 == 0o600


def test_no_camera_is_a_sentence_and_exit_1(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["aim", "--camera", str(tmp_path / "none.mp4"), "--seconds", "1"]
    )
    assert result.exit_code == 1
    assert "no such video file" in result.output


def test_nonsense_for_a_camera_is_a_sentence() -> None:
    result = CliRunner().invoke(app, ["aim", "--camera", "ftp://camera/"])
    assert result.exit_code == 78
    assert "Traceback" not in result.output


@given(marks=st.lists(st.booleans(), min_size=1, max_size=60))
def test_usable_seconds_are_never_more_than_the_window(marks: list[bool]) -> None:
    usable = UsableSeconds(2.0)
    at = 0.0
    for at_index, mark in enumerate(marks):
        at = at_index * 0.1
        usable.add(at, is_usable=mark)
    assert 0.0 <= usable.seconds(at) <= 2.0 + 1e-6
    assert usable.seconds(at + 3.0) == 0.0


def test_a_gap_in_the_frames_counts_for_a_second_at_most() -> None:
    usable = UsableSeconds(60.0)
    usable.add(0.0, is_usable=True)
    usable.add(50.0, is_usable=True)
    assert usable.seconds(50.0) == 1.0


def test_a_refused_frame_is_drawn_with_its_hint_and_replaced_whole(tmp_path: Path) -> None:
    frame = Frame(rgb=np.full((240, 320, 3), 120, np.uint8), sequence=1, captured_at=0.0)
    hint = Refusal(reason=Reason.NO_FACE, gate=Gate.NO_FACE, hint="no face in view")
    health = CameraHealth(state=CameraState.OK, since=0.0)
    look = Look(frame=frame, health=health, refusal=hint)
    assert not look.is_usable
    path = tmp_path / "aim.png"
    save(draw(look), path)
    save(draw(look), path)
    red = cv2.imread(str(path))[:, :, 2].astype(int) - cv2.imread(str(path))[:, :, 1]
    assert red.max() > 150
    assert [file.name for file in tmp_path.iterdir()] == ["aim.png"]
    black = CameraHealth(state=CameraState.BLACK, since=0.0, detail="mean grey value 3 of 255")
    assert "black" in Look(frame=frame, health=black).advice
