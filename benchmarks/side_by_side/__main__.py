r"""This pipeline and what people use today, on the same frames, turn by turn in one run.

    python -m venv rival && rival/bin/pip install "setuptools<81" face_recognition   # compiles dlib
    python -m benchmarks.side_by_side --rival rival/bin/python --testdata ../shared/testdata \
        --out docs/performance

Every round shows each scene to each contestant, a few frames in a row, so that all meet the same
load; the ratio is of medians. Contestants: the whole loop of a counted frame (detect, mesh,
quality, align, embed face and mirror, compare) with each model, as the door runs it; the same on
one thread; a tracked frame, whose face is followed and not detected, which never counts;
face_recognition (HOG upsampled once, encode) from its own environment; OpenCV's Haar cascade,
which only detects. `deepface` and YuNet are left out: their weights come from places that a closed
network does not reach.
`--pairs N` also compares accuracy on N mated and N non-mated LFW pairs of folds 3 and 4.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path

from benchmarks.side_by_side.contestants import (
    HAAR,
    TRACKED,
    Lap,
    counted,
    haar,
    pipelines,
    tracked,
)
from benchmarks.side_by_side.pairs import compare_accuracy, read_rgb
from benchmarks.side_by_side.picture import plot
from benchmarks.side_by_side.report import Report
from benchmarks.side_by_side.rival import Rival
from benchmarks.side_by_side.rounds import RIVAL, results_of, run_rounds
from edgeverify.evaluation.speed.scenes import SIZES, Scene, scenes, video_scene

LEFT_OUT = "deepface, YuNet: weights not within reach"


def main() -> None:
    """Run, print a Markdown table, write JSON and PNG."""
    asked = _asked()
    before = os.getloadavg()[0]
    looked_at = _scenes(asked.testdata, videos=not asked.no_videos)
    models = asked.model or ["dlib-resnet"]
    with tempfile.TemporaryDirectory() as folder, pipelines(models) as opened:
        rival = Rival(asked.rival, Path(folder)) if asked.rival else None
        contestants: dict[str, Lap] = {name: counted(each) for name, each in opened.items()}
        contestants[TRACKED] = tracked(next(iter(opened.values())))
        contestants[HAAR] = haar()
        if rival is not None:
            contestants[RIVAL] = rival.lap
        laps = run_rounds(looked_at, contestants, asked.rounds, asked.rival_rounds)
        accuracy = []
        if asked.pairs:
            accuracy = compare_accuracy(
                asked.testdata, asked.pairs, list(opened.values())[: len(models)], rival
            )
        report = Report(
            machine=f"{platform.machine()} {platform.system()}",
            cores=len(os.sched_getaffinity(0)),
            load_before=before,
            load_after=os.getloadavg()[0],
            rounds=asked.rounds,
            bundles=models,
            results=results_of(looked_at, laps),
            accuracy=accuracy,
            left_out=[LEFT_OUT, *([] if rival else ["face_recognition: no --rival given"])],
        )
        if rival is not None:
            rival.close()
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "side-by-side.json").write_text(report.model_dump_json(indent=1) + "\n")
    plot(asked.out / "side-by-side.png", report)
    _print(report)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rival", type=Path, help="Python with face_recognition")
    parser.add_argument("--model", action="append", help="bundle; may be given several times")
    parser.add_argument("--testdata", type=Path, default=Path("../shared/testdata"))
    parser.add_argument("--rounds", type=int, default=15, help="of four counted frames each")
    parser.add_argument("--rival-rounds", type=int, default=10, help="of one counted frame each")
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--no-videos", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/performance"))
    return parser.parse_args()


def _scenes(testdata: Path, *, videos: bool) -> list[Scene]:
    photo = testdata / "faces_misc/ageitgey/examples/knn_examples/train/obama/obama.jpg"
    found = [scene for scene in scenes(read_rgb(photo), SIZES) if scene.faces != "none"]
    if videos:
        folder = testdata / "videos"
        names = ("facenet-pytorch/video.mp4", "intel_iot/one-by-one-person-detection.mp4")
        found += [video_scene(folder / name, frames=10) for name in names]
    return found


def _print(report: Report) -> None:
    print("| scene | size | contestant | frames | p50 ms | p95 | fastest | CPU | ratio | of CPU |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in report.results:
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        print(
            f"| {row.scene} | {row.size} | {row.contestant} | {row.frames} | {row.p50:.1f} | "
            f"{row.p95:.1f} | {row.fastest:.1f} | {row.cpu:.1f} | {ratio} | {row.cpu_ratio or ''} |"
        )
    for each in report.accuracy:
        print(
            f"{each.contestant}: {each.accuracy:.2%} of {each.pairs} pairs, "
            f"{each.images_without_a_face} images without a face"
        )
    print(f"load {report.load_before:.1f} before, {report.load_after:.1f} after")
    for line in report.left_out:
        print(f"left out: {line}")


if __name__ == "__main__":
    main()
