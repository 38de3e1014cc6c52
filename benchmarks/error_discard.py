r"""Which quality gate earns its refusals: error-versus-discard curves on real faces.

    python benchmarks/error_discard.py --bundle dlib-resnet --bundle mobilefacenet \
        --testdata ../shared/testdata --out docs/quality

Writes, for each bundle, a JSON and a PNG: FNMR (at a threshold for FMR 1e-3 of all non-mated LFW
pairs) of the mated pairs that are left while those with the worst figure are refused first. Pairs:
LFW (folds 1 to 4 of View 2, the listed mated pairs), NUAA (live webcam frames, every pair across
sessions of 0001, 0005 and 0007) and Yale (each person's `normal` against their other pictures). A
pair's figure is the worse of its two faces'. No gate refuses while this is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import BaseModel
from rich.console import Console
from rich.progress import track

from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.error_discard import (
    GATES,
    DiscardCurve,
    discard_curve,
    gate_effect,
)
from edgeverify.evaluation.pairs import read_pairs
from edgeverify.evaluation.rates import threshold_at_fmr
from edgeverify.evaluation.scores import all_against_all
from edgeverify.models.build import resolve_bundle
from edgeverify.models.folders import models_directory
from edgeverify.runtime.bundle import load_bundle
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings, QualitySettings, VisionSettings
from edgeverify.vision.detector import FaceDetector
from edgeverify.vision.dominance import FaceSelection, select
from edgeverify.vision.embedder import Embedder
from edgeverify.vision.mesh import FaceMesher
from edgeverify.vision.quality import measure

FMR = 1e-3
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
SESSIONS_OF = ("0001", "0005", "0007")
Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]


class Point(BaseModel):
    """FNMR once that share of the pairs is refused."""

    discarded: float
    fnmr: float


class GateReport(BaseModel):
    """One gate on one set of pairs; `worst` is the worst figure seen, in the gate's own unit."""

    gate: str
    default: float
    worst: float
    kept: int
    refused: int
    fnmr_kept: float | None
    fnmr_refused: float | None
    curve: tuple[Point, ...]


class SetReport(BaseModel):
    """One set of mated pairs."""

    name: str
    images: int
    without_a_face: int
    pairs: int
    fnmr: float
    gates: tuple[GateReport, ...]


class Report(BaseModel):
    """One bundle."""

    bundle: str
    threshold: float
    fmr: float
    non_mated: int
    sets: tuple[SetReport, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Images by number: goodness (n, gates) and embeddings a bundle; NaN where no face was."""

    goodness: Floats
    embeddings: tuple[Embeddings, ...]

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Which images have one."""
        return np.isfinite(self.goodness[:, 0])


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """A named list of images, and the mated pairs among them by number."""

    name: str
    images: tuple[Path, ...]
    people: tuple[str, ...]
    pairs: NDArray[np.int64]
    selection: FaceSelection


def lfw(testdata: Path) -> PairSet:
    """List LFW's mated pairs; all its images are there for the non-mated ones."""
    folder = testdata / "lfw" / "lfw-deepfunneled"
    pairs = read_pairs(testdata / "annotations" / "lfw_pairs_share.txt")
    images = sorted({key.path(folder) for pair in pairs for key in (pair.probe, pair.reference)})
    number = {path: index for index, path in enumerate(images)}
    mated = [
        (number[pair.probe.path(folder)], number[pair.reference.path(folder)])
        for pair in pairs
        if pair.is_mated
    ]
    return PairSet(
        name="LFW",
        images=tuple(images),
        people=tuple(path.parent.name for path in images),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.CENTRAL,
    )


def nuaa(testdata: Path) -> PairSet:
    """List every pair of live frames of one person from two sessions."""
    folder = testdata / "nuaa" / "db" / "ClientRaw"
    images = [path for who in SESSIONS_OF for path in sorted((folder / who).glob("*.jpg"))]
    keys = [(path.parent.name, path.stem.split("_")[3]) for path in images]
    mated = [
        (first, second)
        for first, second in itertools.combinations(range(len(images)), 2)
        if keys[first][0] == keys[second][0] and keys[first][1] != keys[second][1]
    ]
    return PairSet(
        name="NUAA across sessions",
        images=tuple(images),
        people=tuple(who for who, _ in keys),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.LARGEST,
    )


def yale(testdata: Path) -> PairSet:
    """List each person's `normal` picture against their others: light, glasses, expression."""
    images = sorted((testdata / "yale" / "yalefaces").glob("subject*.*"))
    people = [path.name.split(".")[0] for path in images]
    normal = {who: i for i, who in enumerate(people) if images[i].name.endswith(".normal")}
    mated = [(i, normal[who]) for i, who in enumerate(people) if i != normal[who]]
    return PairSet(
        name="Yale: light, glasses, expression",
        images=tuple(images),
        people=tuple(people),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.LARGEST,
    )


def see(chosen: PairSet, embedders: Sequence[Embedder], cache: Path) -> Seen:
    """Find, measure and embed every image; kept in `cache` by images and models."""
    spaces = [embedder.embedding_space for embedder in embedders]
    names = "\n".join(str(path) for path in chosen.images)
    key = hashlib.sha256(f"{names} {spaces} {chosen.selection}".encode()).hexdigest()[:16]
    file = cache / f"seen-{key}.npz"
    if file.exists():
        kept = np.load(file)
        return Seen(
            goodness=kept["goodness"],
            embeddings=tuple(kept[f"embeddings{i}"] for i in range(len(embedders))),
        )
    settings = VisionSettings()
    detector, mesher = FaceDetector(settings, threads=1), FaceMesher(threads=1)
    goodness = np.full((len(chosen.images), len(GATES)), np.nan)
    embeddings = tuple(
        np.full((len(chosen.images), each.manifest.embedding_size), np.nan, np.float32)
        for each in embedders
    )
    progress = Console(stderr=True)
    for index, path in enumerate(track(chosen.images, description=chosen.name, console=progress)):
        rgb = decode_photo(path.name, path.read_bytes(), max_megapixels=25).rgb
        box = select(
            detector.detect(rgb),
            chosen.selection,
            ratio=settings.dominance_ratio,
            width=rgb.shape[1],
            height=rgb.shape[0],
        )
        face = mesher.mesh(rgb, box) if hasattr(box, "eye_distance") else None
        if face is None:
            continue
        figures = measure(rgb, face)
        goodness[index] = [gate.goodness(figures, face.pose) for gate in GATES]
        for embedder, values in zip(embedders, embeddings, strict=True):
            values[index] = embedder.embed(embedder.align(rgb, face)).values
    detector.close()
    mesher.close()
    cache.mkdir(parents=True, exist_ok=True)
    named = {f"embeddings{i}": values for i, values in enumerate(embeddings)}
    np.savez(file, goodness=goodness, **named)
    return Seen(goodness=goodness, embeddings=embeddings)


def usable_pairs(chosen: PairSet, seen: Seen, bundle: int) -> tuple[Floats, Floats]:
    """Score the mated pairs that have two faces, (m,), with the worse goodness, (m, gates)."""
    both = seen.has_face[chosen.pairs].all(axis=1)
    left, right = chosen.pairs[both].T
    values = seen.embeddings[bundle]
    scores = (values[left] * values[right]).sum(axis=1).astype(np.float64)
    return scores, np.minimum(seen.goodness[left], seen.goodness[right])


def report_set(chosen: PairSet, seen: Seen, bundle: int, threshold: float) -> SetReport:
    """Measure every gate on one set."""
    scores, goodness = usable_pairs(chosen, seen, bundle)
    settings = QualitySettings()
    gates = []
    for column, gate in enumerate(GATES):
        curve = discard_curve(scores, goodness[:, column], threshold)
        effect = gate_effect(scores, goodness[:, column], threshold, gate.limit(settings))
        gates.append(
            GateReport(
                gate=gate.setting,
                default=float(getattr(settings, gate.setting)),
                worst=round(gate.shown(float(goodness[:, column].min())), 1),
                kept=effect.kept,
                refused=effect.refused,
                fnmr_kept=effect.fnmr_kept,
                fnmr_refused=effect.fnmr_refused,
                curve=tuple(
                    Point(discarded=share, fnmr=round(curve.at(share), 5)) for share in SHARES
                ),
            )
        )
    return SetReport(
        name=chosen.name,
        images=len(chosen.images),
        without_a_face=int((~seen.has_face).sum()),
        pairs=len(scores),
        fnmr=float((scores < threshold).mean()),
        gates=tuple(gates),
    )


def plot(
    path: Path, bundle: str, sets: Sequence[tuple[PairSet, Floats, Floats]], threshold: float
) -> None:
    """Draw a panel a gate: FNMR of what is left over the share refused, a line a set."""
    figure = Figure(figsize=(13, 11), layout="constrained")
    panels = figure.subplots(3, 3).ravel()
    settings = QualitySettings()
    for column, (panel, gate) in enumerate(zip(panels, GATES, strict=True)):
        for number, (chosen, scores, goodness) in enumerate(sets):
            curve: DiscardCurve = discard_curve(scores, goodness[:, column], threshold)
            keep = curve.discarded <= 0.6
            colour = f"C{number}"
            panel.plot(
                100 * curve.discarded[keep], 100 * curve.fnmr[keep], colour, label=chosen.name
            )
            refused = float((goodness[:, column] < gate.limit(settings)).mean())
            if 0 < refused <= 0.6:
                panel.axvline(100 * refused, color=colour, linestyle=":")
        panel.set_title(
            f"{gate.setting} (default {getattr(settings, gate.setting):g})", fontsize=10
        )
        panel.set_xlabel("mated pairs refused, worst first (%)")
        panel.set_ylabel("FNMR of the rest (%)")
        panel.set_ylim(bottom=0)
        panel.grid(visible=True, alpha=0.3)
    panels[0].legend(fontsize=8)
    figure.suptitle(
        f"{bundle}: error versus discard at FMR {FMR:g} "
        "(dotted: where the default limit would refuse)"
    )
    figure.savefig(str(path), dpi=100)


def main() -> None:
    """Measure, print a table, write JSON and PNG."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--bundle", action="append", required=True)
    parser.add_argument("--testdata", type=Path, default=Path("../shared/testdata"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/error-discard"))
    parser.add_argument("--out", type=Path, default=Path("docs/quality"))
    arguments = parser.parse_args()
    embedders = []
    for name in arguments.bundle:
        bundle = load_bundle(resolve_bundle(name, models_directory(os.environ)))
        opened = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", threads=1))
        embedders.append(Embedder(bundle, opened.session))
    sets = [make(arguments.testdata) for make in (yale, nuaa, lfw)]
    seen = [see(chosen, embedders, arguments.cache) for chosen in sets]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, embedder in enumerate(embedders):
        manifest = embedder.manifest
        if manifest.metric != "cosine" or not manifest.normalise:
            raise EvaluationError("this benchmark compares normalised embeddings by cosine")
        names, faces = sets[2].people, seen[2].has_face
        people = np.unique(np.array(names)[faces], return_inverse=True)[1].astype(np.int64)
        everyone = all_against_all(seen[2].embeddings[number][faces], people)
        threshold = threshold_at_fmr(everyone.non_mated, FMR)
        report = Report(
            bundle=manifest.name,
            threshold=threshold,
            fmr=FMR,
            non_mated=len(everyone.non_mated),
            sets=tuple(
                report_set(chosen, had, number, threshold)
                for chosen, had in zip(sets, seen, strict=True)
            ),
        )
        target = arguments.out / f"error-discard-{manifest.name}"
        target.with_suffix(".json").write_text(report.model_dump_json(indent=1) + "\n")
        plot(
            target.with_suffix(".png"),
            manifest.name,
            [
                (chosen, *usable_pairs(chosen, had, number))
                for chosen, had in zip(sets, seen, strict=True)
            ],
            threshold,
        )
        print_table(report)


def print_table(report: Report) -> None:
    """Print a Markdown table a set."""
    print(f"\n## {report.bundle}: threshold {report.threshold:.4f} at FMR {report.fmr:g}")
    for part in report.sets:
        print(
            f"\n{part.name}: {part.images} images ({part.without_a_face} without a face), "
            f"{part.pairs} mated pairs, FNMR {part.fnmr:.2%}\n"
        )
        shares = " | ".join(f"{share:.0%}" for share in SHARES[1:])
        print(f"| gate | default | worst seen | refused | FNMR kept | FNMR refused | {shares} |")
        print("| --- " * (6 + len(SHARES) - 1) + "|")
        for gate in part.gates:
            cells = " | ".join(f"{100 * point.fnmr:.2f}" for point in gate.curve[1:])
            print(
                f"| {gate.gate} | {gate.default:g} | {gate.worst:g} | "
                f"{gate.refused / part.pairs:.1%} | {_percent(gate.fnmr_kept)} | "
                f"{_percent(gate.fnmr_refused)} | {cells} |"
            )


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


if __name__ == "__main__":
    main()
