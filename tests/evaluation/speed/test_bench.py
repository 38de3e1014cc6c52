"""The bench counts what it saw and stops when its time is up; it asserts no speed."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from edgeverify.domain import RgbImage
from edgeverify.errors import CameraError
from edgeverify.evaluation.pictures.bench import bench_picture
from edgeverify.evaluation.speed.bench import Budget, ReferenceCost, Report, Run, page, timed
from edgeverify.evaluation.speed.scenes import Scene, video_scene
from tests.evaluation.faces import run


def scene(frames: int = 1) -> Scene:
    pictures = tuple(np.full((4, 6, 3), number, np.uint8) for number in range(frames))
    return Scene(faces="one", frames=pictures)


def test_every_stage_and_the_whole_frame_are_timed() -> None:
    lengths = itertools.cycle([1.0, 3.0])
    seen: list[int] = []

    def once(rgb: RgbImage) -> tuple[tuple[str, float], ...]:
        seen.append(int(rgb[0, 0, 0]))
        return (("detect", next(lengths)), ("embed", 5.0))

    timing = timed(once, scene(frames=2), "counted", Budget(frames=4, seconds=60))
    assert seen == [0, 0, 0, 1, 0, 1]  # two to warm up, then the frames in turn
    assert (timing.size, timing.faces, timing.mode, timing.frames) == ("6x4", "one", "counted", 4)
    detect, embed, total = timing.stages
    assert (detect.stage, detect.p50, detect.fastest) == ("detect", 2.0, 1.0)
    assert (embed.stage, embed.p95) == ("embed", 5.0)
    assert timing.total is total
    assert timing.frames_per_second > 0


def test_when_time_is_up_three_frames_are_still_counted() -> None:
    timing = timed(lambda _rgb: (), scene(), "counted", Budget(frames=1000, seconds=0.0))
    assert timing.frames == 3


def test_a_video_is_looked_at_from_beginning_to_end(testdata: Path) -> None:
    clip = testdata / "videos/intel_iot/asl_gestures/yes.mkv"
    taken = video_scene(clip, frames=5)
    assert taken.faces == "yes.mkv"
    assert 1 < len(taken.frames) <= 5
    assert taken.size == "640x480"
    assert np.abs(taken.frames[0].astype(int) - taken.frames[-1].astype(int)).mean() > 0.5


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video")
    with pytest.raises(CameraError, match=r"notes.mp4: is not a video that can be read"):
        video_scene(tmp_path / "notes.mp4")


@pytest.mark.parametrize("size", ["1280", "1280x", "x720", "0x0", "-1x5", "bigxsmall"])
def test_a_size_that_is_none_is_one_plain_line(size: str) -> None:
    said = run("bench", f"--size={size}")
    assert said.code == 2
    assert "write it as 1280x720" in said.err


def _report() -> Report:
    timing = timed(lambda _rgb: (("detect", 2.0),), scene(), "counted", Budget(frames=3))
    scenes = tuple(
        timing.model_copy(update={"faces": faces, "mode": mode, "size": "1280x720"})
        for faces, mode in (("none", "counted"), ("one", "counted"), ("one", "tracked"))
    )
    run = Run(back_end="made-up", threads=2, vision_threads=1, start_seconds=1.25, scenes=scenes)
    return Report(
        machine="a machine",
        cores=2,
        load_before=0.5,
        load_after=1.0,
        bundle="tiny",
        resident_mebibytes=100.0,
        runs=(run,),
        left_out=("tensorrt: no GPU",),
        references=(ReferenceCost(references=100_000, milliseconds=1.5),),
    )


def test_the_page_has_every_scene_with_its_percentiles_and_what_was_left_out() -> None:
    written = page(_report(), "edgeverify bench --out docs")
    assert "    edgeverify bench --out docs" in written
    assert "| frame | faces | mode | frames | p50 | p95 | p99 |" in written
    assert written.count("| 1280x720 | one |") == 2
    assert "| 100,000 |" in written
    assert "Left out: tensorrt: no GPU" in written


def test_the_picture_is_a_png() -> None:
    assert bench_picture(_report()).startswith(b"\x89PNG")


def test_a_folder_that_is_not_there_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    said = run("bench", "--out", str(tmp_path / "nowhere"))
    assert said.code == 2
    assert "there is no such folder" in said.err
