"""Pictures of real people, by kind, as (name, RGB)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from edgeverify.domain import RgbImage

Pictures = Iterator[tuple[str, RgbImage]]
_PHOTOS = {".jpg", ".jpeg", ".png"}
_ANGLES = (-90, -45, -20, 20, 45, 180)
_CUTS = ((0.35, 0.0), (0.0, 0.4), (-0.35, 0.0), (0.0, -0.4))


def kinds(testdata: Path, share: int) -> dict[str, Callable[[], Pictures]]:
    """All kinds; of each every `share`-th picture."""
    lfw, nuaa = testdata / "lfw/lfw-deepfunneled", testdata / "nuaa/db"
    videos, attacks = testdata / "videos", testdata / "attacks"
    street = videos / "facenet-pytorch/video.mp4"
    stage = videos / "ageitgey/short_hamilton_clip.mp4"
    clips = [*videos.glob("grid_lipnet/*.mpg"), *videos.glob("intel_iot/asl_gestures/*.mkv")]
    return {
        "LFW": lambda: _photos(lfw, share),
        "NUAA, live": lambda: _photos(nuaa / "ClientRaw", share),
        "NUAA, prints": lambda: _photos(nuaa / "ImposterRaw", share),
        "Yale": lambda: _grey(testdata / "yale/yalefaces", share),
        "ID cards": lambda: _photos(testdata / "idcards", max(1, share // 4)),
        "press photos": lambda: _photos(testdata / "faces_misc", max(1, share // 4)),
        "clips of one": lambda: _frames(sorted(clips), 6 * share),
        "replays": lambda: _frames(sorted(attacks.glob("zubair_replay/*.m*")), 8 * share),
        "stage, two": lambda: _frames([stage], 4 * share),
        "street, many": lambda: _frames([street], 4 * share),
        "empty room": lambda: _frames(
            [videos / "intel_iot/one-by-one-person-detection.mp4"], 40 * share
        ),
        "LFW, turned": lambda: _turned(_photos(lfw, 6 * share)),
        "LFW, cut at the border": lambda: _cut(_photos(lfw, 6 * share)),
    }


def _photos(folder: Path, every: int) -> Pictures:
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _PHOTOS)
    for path in paths[::every]:
        picture = cv2.imread(str(path))
        if picture is not None:
            yield str(path.relative_to(folder)), _rgb(picture)


def _grey(folder: Path, every: int) -> Pictures:
    for path in sorted(folder.glob("subject*"))[::every]:
        with Image.open(path) as image:
            yield path.name, np.asarray(image.convert("RGB"), dtype=np.uint8)


def _frames(paths: list[Path], every: int) -> Pictures:
    for path in paths:
        video = cv2.VideoCapture(str(path))
        number = 0
        while video.grab():
            if number % every == 0:
                yield f"{path.name} {number}", _rgb(video.retrieve()[1])
            number += 1
        video.release()


def _turned(pictures: Pictures) -> Pictures:
    for number, (name, rgb) in enumerate(pictures):
        angle = _ANGLES[number % len(_ANGLES)]
        height, width = rgb.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        yield f"{name} by {angle}", np.asarray(cv2.warpAffine(rgb, turn, (width, height)), np.uint8)


def _cut(pictures: Pictures) -> Pictures:
    """Cut the picture so that its middle, where the face is, lies at a border."""
    for number, (name, rgb) in enumerate(pictures):
        right, down = _CUTS[number % len(_CUTS)]
        height, width = rgb.shape[:2]
        x0, x1 = int(max(0, right) * width), int(width * (1 + min(0, right)))
        y0, y1 = int(max(0, down) * height), int(height * (1 + min(0, down)))
        yield f"{name} cut", rgb[y0:y1, x0:x1]


def _rgb(picture: object) -> RgbImage:
    return np.asarray(cv2.cvtColor(np.asarray(picture), cv2.COLOR_BGR2RGB), dtype=np.uint8)
