"""What each choice between frame and chip costs or wins on LFW: rows for docs/accuracy.md.

    python benchmarks/lfw_alignment.py --onnx ../shared/models/MobileFaceNet.onnx \
        --feeding mobilefacenet --lfw ../shared/testdata

Prints, for the tuning folds (1, 2) and the reporting folds (3, 4), accuracy at the threshold
chosen on the *other* two folds, and FNMR at FMR 1e-3 and 1e-4, whose thresholds come from all
non-mated image pairs of the folds' people. A picture without a face is an error in accuracy and
a non-match in FNMR. No gates.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rich.progress import track

from edgeverify.domain import FaceBox, Points, RgbImage
from edgeverify.runtime.manifest import Feeding
from edgeverify.runtime.preprocessing import feed
from edgeverify.runtime.similarity import fit_similarity
from edgeverify.runtime.templates import template_named
from edgeverify.settings import VisionSettings
from edgeverify.vision.detector import FaceDetector
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.mesh import FaceMesher

Array = NDArray[np.float32]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
FEEDINGS = {
    "mobilefacenet": (
        Feeding(
            size=112,
            channels="rgb",
            scale=1 / 255,
            mean=IMAGENET[0],
            std=IMAGENET[1],
            resize="area",
        ),
        "arcface-112",
    ),
    "dlib": (
        Feeding(
            size=150,
            channels="rgb",
            scale=1 / 256,
            mean=(122.782 / 256, 117.001 / 256, 104.298 / 256),
            std=(1.0, 1.0, 1.0),
            resize="area",
        ),
        "dlib-150",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How a face is found: which of several, how often the mesh is run, on how wide a square."""

    selection: FaceSelection = FaceSelection.CENTRAL
    passes: int = 2
    margin: float = 1.5
    second_look: bool = True


@dataclass(frozen=True, kw_only=True)
class Chip:
    """How one chip is cut: mesh points and their places (shares of the side), interpolation."""

    groups: tuple[tuple[int, ...], ...]
    places: tuple[tuple[float, float], ...]
    interpolation: Literal["linear", "cubic", "area", "lanczos"] = "area"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table."""

    name: str
    chips: tuple[Chip, ...]
    finding: Finding = Finding()
    mirror: bool = True


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One line of the pairs file."""

    fold: int
    first: str
    second: str
    is_mated: bool


def read_pairs(path: Path) -> list[Pair]:
    """Read LFW's format: a header `folds pairs`, then mated and non-mated lines fold by fold."""
    lines = path.read_text().splitlines()
    folds, count = (int(word) for word in lines[0].split())
    pairs = []
    for index, line in enumerate(lines[1 : 1 + folds * count * 2]):
        words = line.split()
        first = f"{words[0]}/{words[0]}_{int(words[1]):04d}.jpg"
        other = words[0] if len(words) == 3 else words[2]
        second = f"{other}/{other}_{int(words[-1]):04d}.jpg"
        pairs.append(
            Pair(
                fold=index // (2 * count) + 1,
                first=first,
                second=second,
                is_mated=len(words) == 3,
            )
        )
    return pairs


def read_image(path: Path) -> RgbImage:
    """Read a picture as RGB."""
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def find_meshes(images: Sequence[Path], finding: Finding, cache: Path) -> list[Points | None]:
    """Find the mesh of each picture, or None; kept in `cache` by what it was found with."""
    key = hashlib.sha256(f"{finding} {[str(path) for path in images]}".encode()).hexdigest()[:16]
    file = cache / f"meshes-{key}.npy"
    if file.exists():
        stored = np.load(file)
        return [None if np.isnan(mesh[0, 0]) else mesh for mesh in stored]
    detector = FaceDetector(VisionSettings(), second_look=finding.second_look)
    mesher = FaceMesher(passes=finding.passes, margin=finding.margin)
    found: list[Points | None] = []
    for path in track(images, description=f"meshes ({finding.selection.value})"):
        rgb = read_image(path)
        height, width = rgb.shape[:2]
        box = select(detector.detect(rgb), finding.selection, ratio=1.5, width=width, height=height)
        face = mesher.mesh(rgb, box) if isinstance(box, FaceBox) else None
        found.append(None if face is None else face.mesh)
    cache.mkdir(parents=True, exist_ok=True)
    empty = np.full((468, 3), np.nan, np.float32)
    np.save(file, np.stack([empty if mesh is None else mesh for mesh in found]))
    detector.close()
    mesher.close()
    return found


def cut(rgb: RgbImage, mesh: Points, chip: Chip, size: int) -> RgbImage:
    """Cut one chip, `size` pixels square."""
    points = np.stack([mesh[list(group), :2].mean(axis=0) for group in chip.groups])
    matrix = fit_similarity(points, np.asarray(chip.places) * size)
    if chip.interpolation == "area":
        from edgeverify.runtime.alignment import _warp  # noqa: PLC0415

        return _warp(rgb, matrix, size, "area")
    flags = {
        "linear": cv2.INTER_LINEAR,
        "cubic": cv2.INTER_CUBIC,
        "lanczos": cv2.INTER_LANCZOS4,
    }[chip.interpolation]
    return np.asarray(cv2.warpAffine(rgb, matrix, (size, size), flags=flags), dtype=np.uint8)


def embed_all(
    images: Sequence[Path],
    meshes: Sequence[Points | None],
    row: Row,
    network: Callable[[Array], Array],
    feeding: Feeding,
) -> Array:
    """Embed every picture: float32 (n, d) of length 1; NaN where there was no face."""
    result: list[Array | None] = []
    for path, mesh in zip(track(images, description=row.name[:40]), meshes, strict=True):
        if mesh is None:
            result.append(None)
            continue
        rgb = read_image(path)
        chips = [cut(rgb, mesh, chip, feeding.size) for chip in row.chips]
        batch = np.concatenate([feed(chip, feeding, mirror=row.mirror) for chip in chips])
        raw = network(batch).sum(axis=0)
        result.append(raw / np.linalg.norm(raw))
    size = next(values.shape[0] for values in result if values is not None)
    empty = np.full(size, np.nan, np.float32)
    return np.stack([empty if values is None else values for values in result])


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Shares, 0 to 1."""

    accuracy: float
    fnmr_3: float
    fnmr_4: float
    non_mated: int


def measure(
    names: Sequence[str], embeddings: Array, pairs: Sequence[Pair], folds: tuple[int, int]
) -> Figures:
    """Measure two folds; the accuracy's threshold comes from the other two, if those are there."""
    index = {name: number for number, name in enumerate(names)}

    def scores(chosen: Sequence[Pair]) -> Array:
        left = embeddings[[index[pair.first] for pair in chosen]]
        right = embeddings[[index[pair.second] for pair in chosen]]
        return np.asarray((left * right).sum(axis=1))

    here = [pair for pair in pairs if pair.fold in folds]
    there = [pair for pair in pairs if pair.fold not in folds]
    if not np.isfinite(scores(there)).any():
        there = here
    threshold = _best_threshold(scores(there), np.array([pair.is_mated for pair in there]))
    got = scores(here)
    mated = np.array([pair.is_mated for pair in here])
    right = ((got >= threshold) == mated) & np.isfinite(got)
    used = sorted({index[name] for pair in here for name in (pair.first, pair.second)})
    usable = [number for number in used if np.isfinite(embeddings[number, 0])]
    people = np.array([hash(names[number].split("/")[0]) for number in usable])
    matrix = embeddings[usable] @ embeddings[usable].T
    upper = np.triu_indices(len(usable), 1)
    non_mated = np.sort(matrix[upper][people[upper[0]] != people[upper[1]]])[::-1]
    fnmr = []
    for rate in (1e-3, 1e-4):
        limit = non_mated[int(rate * len(non_mated))]
        fnmr.append(float(1 - (got[mated] > limit).mean()))
    return Figures(
        accuracy=float(right.mean()),
        fnmr_3=fnmr[0],
        fnmr_4=fnmr[1],
        non_mated=len(non_mated),
    )


def _best_threshold(scores: Array, mated: NDArray[np.bool_]) -> float:
    scores = np.nan_to_num(scores, nan=-1)
    candidates = np.sort(scores)
    rights = [((scores >= candidate) == mated).mean() for candidate in candidates]
    return float(candidates[int(np.argmax(rights))])


def fitted(meshes: Sequence[Points | None], start: Chip, count: int) -> Chip:
    """Fit a template of the `count` steadiest mesh points to chips cut by `start`.

    Place: where a point lands on average; steadiness: how far it strays from there.
    """
    landed = []
    for mesh in meshes:
        if mesh is not None:
            points = np.stack([mesh[list(group), :2].mean(axis=0) for group in start.groups])
            matrix = fit_similarity(points, np.asarray(start.places))
            landed.append(mesh[:, :2] @ matrix[:, :2].T + matrix[:, 2])
    stack = np.stack(landed)
    places = stack.mean(axis=0)
    stray = ((stack - places) ** 2).sum(axis=2).mean(axis=0)
    steady = np.argsort(stray)[:count]
    return Chip(
        groups=tuple((int(index),) for index in steady),
        places=tuple((float(places[index, 0]), float(places[index, 1])) for index in steady),
    )


def moved(chip: Chip, scale: float, down: float = 0.0) -> Chip:
    """Show the face `scale` times as large, and `down` (a share of the side) further down."""
    places = tuple(
        ((x - 0.5) * scale + 0.5, (y - 0.5) * scale + 0.5 + down) for x, y in chip.places
    )
    return replace(chip, places=places)


def template_rows(template: str, meshes: Sequence[Points | None]) -> list[Row]:
    """List the experiments on points and places; `meshes` are of the tuning folds alone."""
    stated = template_named(template)
    plain = Chip(groups=stated.groups, places=stated.places)  # type: ignore[union-attr]
    many = fitted(meshes, plain, 120)
    every = fitted(meshes, plain, 468)
    rows = [Row(name="template: as stated", chips=(plain,))]
    for name, chip in (("120 steady points", many), ("all 468 points", every)):
        rows.append(Row(name=f"template: {name}", chips=(chip,)))
    rows.extend(
        Row(name=f"template: face {scale} as large", chips=(moved(many, scale),))
        for scale in (0.92, 0.96, 1.04, 1.08)
    )
    rows.extend(
        Row(name=f"template: face {down} down", chips=(moved(many, 1, down),))
        for down in (-0.03, 0.03)
    )
    rows.append(Row(name="template: two chips, stated and 120 points", chips=(plain, many)))
    two = (moved(many, 0.96), moved(many, 1.06))
    rows.append(Row(name="template: two chips, 120 points at 0.96 and 1.06", chips=two))
    return rows


def rows_of(template: str) -> list[Row]:
    """List the experiments; the first is what the bundle states."""
    stated = template_named(template)
    plain = Chip(groups=stated.groups, places=stated.places)  # type: ignore[union-attr]
    base = Row(name="as the door: central face, 2 passes, area, mirror", chips=(plain,))
    rows = [base]
    rows.append(
        replace(
            base,
            name="the dominant face instead of the central one",
            finding=Finding(selection=FaceSelection.DOMINANT),
        )
    )
    rows.append(
        replace(
            base,
            name="no second look at half size",
            finding=Finding(second_look=False),
        )
    )
    rows.append(
        replace(base, name="the largest face", finding=Finding(selection=FaceSelection.LARGEST))
    )
    rows.extend(
        replace(base, name=f"mesh run {passes} times", finding=Finding(passes=passes))
        for passes in (1, 3)
    )
    rows.extend(
        replace(base, name=f"margin {margin}", finding=Finding(margin=margin))
        for margin in (1.3, 1.7)
    )
    rows.append(replace(base, name="no mirror", mirror=False))
    for how in ("linear", "cubic", "lanczos"):
        chip = replace(plain, interpolation=how)
        rows.append(replace(base, name=f"interpolation {how}", chips=(chip,)))
    return rows


def main() -> None:
    """Run the rows and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--feeding", choices=sorted(FEEDINGS), required=True)
    parser.add_argument("--lfw", type=Path, default=Path("../shared/testdata"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/lfw"))
    parser.add_argument("--rows", default="", help="only rows whose name holds this")
    parser.add_argument("--tune", action="store_true", help="folds 1 and 2 alone")
    arguments = parser.parse_args()
    feeding, template = FEEDINGS[arguments.feeding]
    pairs = read_pairs(arguments.lfw / "annotations" / "lfw_pairs_share.txt")
    tuning = {name for pair in pairs if pair.fold <= 2 for name in (pair.first, pair.second)}
    names = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    images = [arguments.lfw / "lfw" / "lfw-deepfunneled" / name for name in names]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        str(arguments.onnx), options, providers=["CPUExecutionProvider"]
    )
    entry = session.get_inputs()[0].name
    fixed = session.get_inputs()[0].shape[0] == 1

    def network(batch: Array) -> Array:
        if fixed:
            return np.concatenate([session.run(None, {entry: one[None]})[0] for one in batch])
        return np.asarray(session.run(None, {entry: batch})[0])

    print(f"{len(images)} images, {len(pairs)} pairs; {arguments.feeding}")
    print("| row | no face | folds 1-2: acc | FNMR@1e-3 | @1e-4 | 3-4: acc | FNMR@1e-3 | @1e-4 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    rows = rows_of(template)
    first = find_meshes(images, rows[0].finding, arguments.cache)
    rows += template_rows(
        template, [mesh for name, mesh in zip(names, first, strict=True) if name in tuning]
    )
    for row in rows:
        if arguments.rows not in row.name:
            continue
        meshes = find_meshes(images, row.finding, arguments.cache)
        if arguments.tune:
            meshes = [
                mesh if name in tuning else None for name, mesh in zip(names, meshes, strict=True)
            ]
        embeddings = embed_all(images, meshes, row, network, feeding)
        tuned = measure(names, embeddings, pairs, (1, 2))
        halves = [tuned] if arguments.tune else [tuned, measure(names, embeddings, pairs, (3, 4))]
        missing = sum(mesh is None for mesh in meshes)
        cells = " | ".join(
            f"{value:.2%}" for each in halves for value in (each.accuracy, each.fnmr_3, each.fnmr_4)
        )
        print(f"| {row.name} | {missing} | {cells} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
