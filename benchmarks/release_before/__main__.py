r"""This release beside the one before LiteRT, both installed, turn by turn in one run.

    git worktree add ../before a9754dd        # the last commit on MediaPipe's own runtime
    python3.11 -m venv ../before/.venv
    ../before/.venv/bin/pip install --require-hashes -r ../before/requirements/dev.lock
    ../before/.venv/bin/pip install --no-deps -e ../before
    python -m benchmarks.release_before --before ../before --model mobilefacenet.pt

Measures a counted frame of 1280x720 with one face, detection and mesh in it, process start to
READY, and what daemon and capture process hold; with the same network (MobileFaceNet), the same
threads, the same camera. The shared machine may be as busy as it likes: only ratios are compared.
`docs/performance/release-before.json` and a Markdown table on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike

from benchmarks.release_before.doors import Release, Start, configure, start
from edgeverify.evaluation.speed.scenes import scenes
from edgeverify.settings import DEFAULT_BUNDLE
from tests.brokers import mosquitto
from tests.soak.camera import Camera

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
BUNDLE = "mobilefacenet"
FRAMES_IN_A_ROW = 4
Laps = list[list[float]]


def main() -> None:
    """Fetch the network into both, run, print, write."""
    asked = _asked()
    before_load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = Release(
            name="now", python=Path(sys.executable), folder=CHECKOUT, data=folder / "data-now"
        )
        before = Release(
            name="before",
            python=asked.before.resolve() / ".venv/bin/python",
            folder=asked.before.resolve(),
            data=folder / "data-before",
        )
        for release in (before, now):
            _fetch(release, asked.model)
        frame = _frame(asked.photo, folder)
        frames = _frames(before, now, frame, threads=asked.threads, rounds=asked.rounds)
        starts = _starts(before, now, folder, asked.photo, asked.starts)
        default = _default(now, folder, asked.photo)
    figures = {**_frame_figures(frames), **_start_figures(starts)}
    report = {
        "before": _commit(before.folder),
        "threads": asked.threads,
        "frames": asked.rounds * FRAMES_IN_A_ROW,
        "starts": asked.starts,
        "load_before": before_load,
        "load_after": os.getloadavg()[0],
        "figures": figures,
        "daemon_with_the_default_network_mebibytes": default.daemon,
    }
    asked.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("| | before | now | ratio |\n| --- | --- | --- | --- |")
    for what, (old, new) in figures.items():
        print(f"| {what} | {old:.1f} | {new:.1f} | {new / old:.2f} |")
    print(f"| with {DEFAULT_BUNDLE}: daemon, nobody to enrol, MiB | | {default.daemon:.1f} | |")
    print(f"load {before_load:.1f} before, {os.getloadavg()[0]:.1f} after")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    photo = "faces_misc/ageitgey/examples/knn_examples/train/obama/obama.jpg"
    parser.add_argument("--before", type=Path, required=True, help="a checkout with its .venv")
    parser.add_argument("--model", type=Path, required=True, help="mobilefacenet.pt")
    parser.add_argument("--photo", type=Path, default=Path("../shared/testdata") / photo)
    parser.add_argument("--rounds", type=int, default=40, help="of four frames each")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/performance/release-before.json"))
    return parser.parse_args()


def _commit(folder: Path) -> str:
    asked = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _fetch(release: Release, model: Path) -> None:
    command = [str(release.python), "-m", "edgeverify", "models", "fetch", BUNDLE]
    subprocess.run(
        [*command, "--from", str(model.resolve())],
        env=release.environ,
        cwd=release.folder,
        check=True,
        capture_output=True,
    )


def _frame(photo: Path, folder: Path) -> Path:
    rgb = np.asarray(cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB), np.uint8)
    (scene,) = (each for each in scenes(rgb, [(1280, 720)]) if each.faces == "one")
    # What the camera films: the same, with a wall that is not of one colour.
    film = np.stack([scene.rgb] * 2)
    film[:, :, 900:1200] = (60, 50, 45)
    (folder / "films").mkdir()
    np.save(folder / "films" / "owner.npy", film)
    np.save(folder / "frame.npy", scene.rgb)
    return folder / "frame.npy"


@contextmanager
def _worker(release: Release, threads: int) -> Iterator[subprocess.Popen[str]]:
    worker = HERE / f"worker_{release.name}.py"
    process = subprocess.Popen(
        [str(release.python), "-W", "ignore", str(worker), BUNDLE, str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**release.environ, "OPENBLAS_NUM_THREADS": "1"},  # as `edgeverify run` has it
        cwd=release.folder,
    )
    try:
        _read(process)
        yield process
    finally:
        process.communicate()


def _read(process: subprocess.Popen[str]) -> Laps:
    if process.stdout is None:
        raise RuntimeError("the worker has no pipes")
    line = process.stdout.readline()
    if not line:
        raise SystemExit("a worker ended early; run it by hand to see why")
    laps: Laps = json.loads(line)
    return laps


def _frames(
    before: Release, now: Release, frame: Path, *, threads: int, rounds: int
) -> dict[str, Laps]:
    found: dict[str, Laps] = {"before": [], "now": []}
    with _worker(before, threads) as old, _worker(now, threads) as new:
        for turn in range(rounds):
            pair = [("before", old), ("now", new)]
            for name, process in pair if turn % 2 else pair[::-1]:
                if process.stdin is None:
                    raise RuntimeError("the worker has no pipes")
                process.stdin.write(f"{FRAMES_IN_A_ROW} {frame}\n")
                process.stdin.flush()
                found[name] += _read(process)
    return found


def _starts(
    before: Release, now: Release, folder: Path, photo: Path, count: int
) -> dict[str, list[tuple[Start, Start]]]:
    """Start each so often, first with a person to enrol, then with one who is known."""
    found: dict[str, list[tuple[Start, Start]]] = {"before": [], "now": []}
    camera = Camera(folder / "films")
    with mosquitto(folder / "broker") as broker:
        camera.start()
        configure(folder, bundle=BUNDLE, camera=camera.port, broker=broker.port, photo=photo)
        try:
            for turn in range(count):
                for release in (before, now):
                    state = folder / f"state-{release.name}-{turn}"
                    first, again = (start(release, folder, state) for _ in range(2))
                    found[release.name].append((first, again))
        finally:
            camera.unplug()
    return found


def _default(now: Release, folder: Path, photo: Path) -> Start:
    """Start this release with its default network, which the one before did not have."""
    fetch = [str(now.python), "-m", "edgeverify", "models", "fetch", DEFAULT_BUNDLE]
    subprocess.run(fetch, env=now.environ, cwd=now.folder, check=True, capture_output=True)
    camera = Camera(folder / "films")
    with mosquitto(folder / "broker") as broker:
        camera.start()
        where = {"camera": camera.port, "broker": broker.port}
        configure(folder, bundle=DEFAULT_BUNDLE, photo=photo, **where)
        try:
            _, again = (start(now, folder, folder / "state-default") for _ in range(2))
        finally:
            camera.unplug()
    return again


def _frame_figures(laps: dict[str, Laps]) -> dict[str, tuple[float, float]]:
    names = ("detection and mesh, ms", "counted frame, ms", "counted frame, ms of CPU")
    old, new = np.array(laps["before"]), np.array(laps["now"])
    figures = {}
    for index, what in enumerate(names):
        figures[what] = _median(old[:, index]), _median(new[:, index])
        # Least disturbed by whatever else the machine does.
        figures[f"{what}, fastest"] = float(old[:, index].min()), float(new[:, index].min())
    return figures


def _start_figures(starts: dict[str, list[tuple[Start, Start]]]) -> dict[str, tuple[float, float]]:
    def median(which: int, what: str) -> tuple[float, float]:
        old, new = (
            _median([getattr(each[which], what) for each in found]) for found in starts.values()
        )
        return old, new

    return {
        "start to READY, one person to enrol, s": median(0, "seconds"),
        "the same, s of CPU": median(0, "cpu"),
        "start to READY, the person known, s": median(1, "seconds"),
        "the same again, s of CPU": median(1, "cpu"),
        "daemon after enrolling, MiB": median(0, "daemon"),
        "daemon, nobody to enrol, MiB": median(1, "daemon"),
        "capture process, MiB": median(1, "capture"),
    }


def _median(values: ArrayLike) -> float:
    return float(np.median(values))


if __name__ == "__main__":
    main()
