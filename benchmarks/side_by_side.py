r"""This pipeline and what people use today, on the same frames, turn by turn in one run.

    python -m venv rival && rival/bin/pip install "setuptools<81" face_recognition   # compiles dlib
    python benchmarks/side_by_side.py --rival rival/bin/python --testdata ../shared/testdata \
        --out docs/performance

Every round shows each frame to each contestant once, so that all meet the same load; the ratio is
of medians. Contestants: the whole loop (detect, mesh, quality, align, embed face and mirror,
compare) with threads for MediaPipe and for the network; the same following a face instead of
detecting it; face_recognition (HOG upsampled once, encode) from its own environment; OpenCV's
Haar cascade, which only detects. `deepface`, YuNet and SFace are left out: their weights come from
places that a closed network does not reach.
`--pairs N` also compares accuracy on N mated and N non-mated LFW pairs of folds 3 and 4.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import BaseModel

from edgeverify.comparison import compare_all
from edgeverify.domain import Face, Frame, OperatingPoint, RgbImage
from edgeverify.evaluation.bench import ReferenceCost, random_references, time_references
from edgeverify.evaluation.bench_scenes import SIZES, Scene, scenes, video_scene
from edgeverify.evaluation.pairs import read_pairs
from edgeverify.evaluation.rates import accuracy, best_accuracy_threshold
from edgeverify.models.build import resolve_bundle
from edgeverify.models.folders import models_directory
from edgeverify.pipeline import Pipeline, open_pipeline
from edgeverify.runtime.bundle import load_bundle
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.vision.dominance import FaceSelection

Lap = Callable[[RgbImage], tuple[float, float] | None]
"""Looks at one frame: milliseconds by the clock and of CPU over all threads; None for nothing."""

Laps = dict[tuple[int, str], list[tuple[float, float]]]
"""By scene and contestant."""

DOOR = "edgeverify, network 2 threads, MediaPipe 1"
RIVAL = "face_recognition"
HAAR = "OpenCV Haar cascade (detection alone)"
SLOW = {RIVAL, HAAR, "edgeverify, network 2 threads, MediaPipe 2"}
"""Seen in the first rounds only; the second thread is slow where the machine is busy."""


class Result(BaseModel):
    """One contestant on one scene, milliseconds; ratios are face_recognition's over its own.

    CPU time hardly depends on what else the machine does; the clock's does.
    """

    scene: str
    size: str
    contestant: str
    frames: int
    p50: float
    p95: float
    fastest: float
    cpu: float
    ratio: float | None = None
    cpu_ratio: float | None = None


class Accuracy(BaseModel):
    """At each contestant's own best threshold on these pairs; no face counts as an error."""

    contestant: str
    pairs: int
    accuracy: float
    images_without_a_face: int


class Report(BaseModel):
    """One run."""

    machine: str
    cores: int
    load_before: float
    load_after: float
    rounds: int
    bundle: str
    results: list[Result]
    references: list[ReferenceCost]
    accuracy: list[Accuracy]
    left_out: list[str]


class Rival:
    """face_recognition in its own process."""

    def __init__(self, python: Path, folder: Path) -> None:
        worker = Path(__file__).with_name("rival_worker.py")
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", str(worker)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = folder
        self._names: dict[int, Path] = {}
        self._kept: list[RgbImage] = []

    def ask(self, what: str, rgb: RgbImage) -> list[float] | None:
        """Ask about a frame, which is kept for the next time when it is timed."""
        path = self._names.get(id(rgb))
        if path is None:
            path = self._folder / f"{len(self._names) if what == 'time' else 'once'}.npy"
            np.save(path, rgb)
            if what == "time":
                self._names[id(rgb)] = path
                self._kept.append(rgb)
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the rival has no pipes")
        stdin.write(f"{what} {path}\n")
        stdin.flush()
        answer: list[float] | None = json.loads(stdout.readline())
        return answer

    def lap(self, rgb: RgbImage) -> tuple[float, float] | None:
        """Time one frame."""
        answer = self.ask("time", rgb)
        return None if answer is None else (answer[0] + answer[1], answer[2])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


@contextmanager
def pipelines(model: str) -> Iterator[dict[str, Pipeline]]:
    """Open the pipeline with 1 and 2 threads in either place; yields them by name."""
    bundle = load_bundle(resolve_bundle(model, models_directory(os.environ)))
    opened = {}
    for network, vision in ((2, 1), (1, 1), (2, 2)):
        session = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", threads=network))
        opened[f"edgeverify, network {network} threads, MediaPipe {vision}"] = open_pipeline(
            bundle,
            session.session,
            quality=QualitySettings(),
            vision=VisionSettings(),
            point=OperatingPoint(threshold=1.0, max_fmr=None, evidence="benchmark"),
            threads=vision,
        )
    cv2.setNumThreads(1)
    try:
        yield opened
    finally:
        for pipeline in opened.values():
            pipeline.close()


def read_rgb(path: Path) -> RgbImage:
    """Read a picture."""
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Run it; milliseconds by the clock, and of CPU."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def counted(pipeline: Pipeline) -> Lap:
    """Time a frame that counts, with its comparison."""
    reference = random_references(1, pipeline)

    def work(rgb: RgbImage) -> None:
        seen = pipeline.probe(rgb, FaceSelection.LARGEST)
        if seen.embedding is not None:
            compare_all(seen.embedding, reference, threshold=1.0)

    return lambda rgb: measured(lambda: work(rgb))


def tracked(pipeline: Pipeline) -> Lap:
    """Time a frame before those that count: the face is followed."""
    known: dict[int, Face | None] = {}

    def lap(rgb: RgbImage) -> tuple[float, float] | None:
        if id(rgb) not in known:
            known[id(rgb)] = pipeline.probe(rgb, FaceSelection.LARGEST).face
        face = known[id(rgb)]
        if face is None:
            return None
        frame = Frame(rgb=rgb, sequence=0, captured_at=0.0)
        return measured(lambda: pipeline.follow(frame, face))

    return lap


def haar() -> Lap:
    """Time OpenCV's own cascade with its usual settings; detection alone."""
    name = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(str(name))

    def work(rgb: RgbImage) -> None:
        cascade.detectMultiScale(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), 1.1, 5)

    return lambda rgb: measured(lambda: work(rgb))


def run_rounds(
    looked_at: Sequence[Scene], contestants: dict[str, Lap], rounds: int, rival_rounds: int
) -> Laps:
    """Show every scene to everybody, round by round; to the slow in the first rounds only."""
    laps: Laps = defaultdict(list)
    for turn in range(rounds + 1):
        for (number, scene), (name, lap) in itertools.product(
            enumerate(looked_at), contestants.items()
        ):
            if name in SLOW and turn > rival_rounds:
                continue
            taken = lap(scene.frames[turn % len(scene.frames)])
            if taken is not None and turn > 0:  # the first round warms up
                laps[number, name].append(taken)
        print(f"round {turn} of {rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
    return laps


def results_of(looked_at: Sequence[Scene], laps: Laps) -> list[Result]:
    """Make rows with their ratio to face_recognition on the same scene."""
    rows = []
    for (number, name), values in laps.items():
        clock, cpu = np.array(values).T
        rival = np.array(laps.get((number, RIVAL), []))
        is_compared = bool(len(rival)) and name not in {RIVAL, HAAR}
        ratios = np.median(rival, axis=0) / np.median(values, axis=0) if is_compared else None
        rows.append(
            Result(
                scene=looked_at[number].faces,
                size=looked_at[number].size,
                contestant=name,
                frames=len(values),
                p50=round(float(np.percentile(clock, 50)), 2),
                p95=round(float(np.percentile(clock, 95)), 2),
                fastest=round(float(clock.min()), 2),
                cpu=round(float(np.median(cpu)), 2),
                ratio=None if ratios is None else round(float(ratios[0]), 1),
                cpu_ratio=None if ratios is None else round(float(ratios[1]), 1),
            )
        )
    return sorted(rows, key=lambda row: (row.scene, row.size, row.p50))


def compare_accuracy(
    testdata: Path, count: int, pipeline: Pipeline, rival: Rival | None
) -> list[Accuracy]:
    """Score the first `count` mated and non-mated pairs of either reporting fold."""
    pairs = read_pairs(testdata / "annotations" / "lfw_pairs_share.txt")
    folder = testdata / "lfw" / "lfw-deepfunneled"
    chosen = [
        pair
        for mated in (True, False)
        for pair in [p for p in pairs if p.fold >= 2 and p.is_mated == mated][:: 600 // count]
    ]
    keys = sorted({key.path(folder) for pair in chosen for key in (pair.probe, pair.reference)})
    reports = []
    names = (pipeline.embedder.manifest.name, *([RIVAL] if rival else []))
    for name in names:
        values: dict[Path, NDArray[np.float64] | None] = {}
        for path in keys:
            rgb = read_rgb(path)
            if rival is not None and name == RIVAL:
                answer = rival.ask("encode", rgb)
                values[path] = None if answer is None else np.array(answer)
            else:
                seen = pipeline.probe(rgb, FaceSelection.CENTRAL).embedding
                values[path] = None if seen is None else seen.values.astype(np.float64)
        scores = []
        for pair in chosen:
            left, right = values[pair.probe.path(folder)], values[pair.reference.path(folder)]
            distance = np.inf if left is None or right is None else np.linalg.norm(left - right)
            scores.append(-float(distance))
        mated = np.array([s for s, p in zip(scores, chosen, strict=True) if p.is_mated])
        others = np.array([s for s, p in zip(scores, chosen, strict=True) if not p.is_mated])
        # A non-mated pair without a face is an error too: it scores higher than any.
        others = np.where(np.isfinite(others), others, 10.0)
        threshold = best_accuracy_threshold(mated, others)
        reports.append(
            Accuracy(
                contestant=name,
                pairs=len(chosen),
                accuracy=round(accuracy(mated, others, threshold), 5),
                images_without_a_face=sum(value is None for value in values.values()),
            )
        )
        print(reports[-1], flush=True)
    return reports


def plot(path: Path, report: Report) -> None:
    """Draw median times on one face a frame size, and the cost of more references."""
    figure = Figure(figsize=(13, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    rows = [row for row in report.results if row.scene == "one"]
    sizes = sorted({row.size for row in rows}, key=lambda size: int(size.split("x")[0]))
    names = sorted({row.contestant for row in rows}, key=lambda name: name)
    for number, name in enumerate(names):
        values = [
            next((r.p50 for r in rows if (r.size, r.contestant) == (s, name)), 0) for s in sizes
        ]
        places = [
            index + (number - len(names) / 2) * 0.8 / len(names) for index in range(len(sizes))
        ]
        bars = left.bar(places, values, width=0.8 / len(names), label=name, align="edge")
        left.bar_label(bars, fmt="%.0f", fontsize=7)
    left.set_yscale("log")
    left.set_xticks(range(len(sizes)), sizes)
    left.set_ylabel("milliseconds a frame, median (log)")
    left.set_title(
        f"one face; load {report.load_before:.1f} to {report.load_after:.1f}", fontsize=10
    )
    left.legend(fontsize=7)
    right.loglog(
        [cost.references for cost in report.references],
        [cost.milliseconds for cost in report.references],
        "o-",
    )
    right.set_xlabel("references compared with (a cost, not a claim that it is safe)")
    right.set_ylabel("milliseconds, median")
    right.set_title("one probe against many", fontsize=10)
    right.grid(visible=True, which="both", alpha=0.3)
    figure.suptitle(f"{report.bundle}, {report.machine}, {report.cores} cores")
    figure.savefig(str(path), dpi=100)


def main() -> None:
    """Run, print a Markdown table, write JSON and PNG."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rival", type=Path, help="Python with face_recognition")
    parser.add_argument("--model", default="dlib-resnet")
    parser.add_argument("--testdata", type=Path, default=Path("../shared/testdata"))
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--rival-rounds", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--no-videos", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/performance"))
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    photo = arguments.testdata / "faces_misc/ageitgey/examples/knn_examples/train/obama/obama.jpg"
    looked_at = [scene for scene in scenes(read_rgb(photo), SIZES) if scene.faces != "none"]
    if not arguments.no_videos:
        videos = arguments.testdata / "videos"
        looked_at.append(video_scene(videos / "facenet-pytorch" / "video.mp4", frames=10))
        looked_at.append(
            video_scene(videos / "intel_iot" / "one-by-one-person-detection.mp4", frames=10)
        )
    with tempfile.TemporaryDirectory() as folder, pipelines(arguments.model) as opened:
        rival = Rival(arguments.rival, Path(folder)) if arguments.rival else None
        contestants: dict[str, Lap] = {name: counted(each) for name, each in opened.items()}
        contestants["edgeverify, followed (does not count)"] = tracked(opened[DOOR])
        contestants[HAAR] = haar()
        if rival is not None:
            contestants[RIVAL] = rival.lap
        laps = run_rounds(looked_at, contestants, arguments.rounds, arguments.rival_rounds)
        report = Report(
            machine=f"{platform.machine()} {platform.system()}",
            cores=len(os.sched_getaffinity(0)),
            load_before=before,
            load_after=os.getloadavg()[0],
            rounds=arguments.rounds,
            bundle=arguments.model,
            results=results_of(looked_at, laps),
            references=list(time_references(opened[DOOR])),
            accuracy=compare_accuracy(arguments.testdata, arguments.pairs, opened[DOOR], rival)
            if arguments.pairs
            else [],
            left_out=["deepface, YuNet, SFace: weights not within reach"]
            + ([] if rival else ["face_recognition: no --rival given"]),
        )
        if rival is not None:
            rival.close()
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "side-by-side.json").write_text(report.model_dump_json(indent=1) + "\n")
    plot(arguments.out / "side-by-side.png", report)
    print("| scene | size | contestant | frames | p50 ms | p95 | fastest | CPU | ratio | of CPU |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in report.results:
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        print(
            f"| {row.scene} | {row.size} | {row.contestant} | {row.frames} | {row.p50:.1f} | "
            f"{row.p95:.1f} | {row.fastest:.1f} | {row.cpu:.1f} | {ratio} | {row.cpu_ratio or ''} |"
        )
    print(f"load {report.load_before:.1f} before, {report.load_after:.1f} after")


if __name__ == "__main__":
    main()
