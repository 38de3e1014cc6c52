r"""Which quality gate earns its refusals: error-versus-discard curves on real faces.

    python benchmarks/error_discard.py --bundle dlib-resnet --bundle mobilefacenet \
        --testdata ../shared/testdata --out docs/quality

Writes, for each bundle, a JSON and two PNGs: FNMR (at a threshold for FMR 1e-4 of all non-mated
LFW pairs) of the mated pairs that are left while those with the worst figure are refused first.
Pairs: LFW (folds 1 to 4 of View 2, the listed mated pairs), NUAA (live webcam frames, every pair
across sessions of 0001, 0005 and 0007) and Yale (each person's `normal` against their others).
Few of these faces are as small, blurred or dark as a gate is there for, so the NUAA frames are
also made worse, each by a level drawn from a fixed seed, and compared with the frames of the other
sessions as they are. A pair's figure is the worse of its two faces'. No gate refuses meanwhile.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import BaseModel
from rich.console import Console
from rich.progress import track

from edgeverify.domain import Refusal, RgbImage
from edgeverify.enrolment.photo import decode_photo
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.error_discard import (
    GATES,
    DiscardCurve,
    GateFigure,
    discard_curve,
    gate_effect,
)
from edgeverify.evaluation.pairs import read_pairs
from edgeverify.evaluation.rates import threshold_at_fmr
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

FMR = 1e-4
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
SESSIONS_OF = ("0001", "0005", "0007")
SEED = 20261122
BINS = 12
Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]


class Point(BaseModel):
    """FNMR once that share of the pairs is refused."""

    discarded: float
    fnmr: float


class Bin(BaseModel):
    """Pairs whose figure lies from `low` to `high`, in the gate's own unit."""

    low: float
    high: float
    pairs: int
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
    bins: tuple[Bin, ...]


class Strangers(BaseModel):
    """NUAA frames against everybody in LFW. Bad pictures must not make people alike.

    `passed` counts comparisons of frames that the gates about this worsening let through.
    """

    comparisons: int
    false_matches: int
    passed: int
    passed_false_matches: int


class SetReport(BaseModel):
    """One set of mated pairs."""

    name: str
    images: int
    without_a_face: int
    pairs: int
    fnmr: float
    gates: tuple[GateReport, ...]
    strangers: Strangers | None = None


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
        return np.asarray(np.isfinite(self.goodness[:, 0]))


class Worse(Enum):
    """What was done to a frame, and the levels that are drawn from (log-uniform)."""

    SMALLER = (0.08, 0.8)
    """Scaled by so much, averaged."""
    BLURRED = (0.7, 14.0)
    """Gaussian of so many pixels; the eyes are 65 to 120 pixels apart."""
    DARKER = (0.04, 0.8)
    """Multiplied by so much, with noise of 3 grey values, as a sensor has."""
    BRIGHTER = (1.2, 8.0)
    """Multiplied by so much and clipped."""


ABOUT = {
    Worse.SMALLER: ("min_eye_distance_pixels",),
    Worse.BLURRED: ("min_sharpness",),
    Worse.DARKER: ("min_brightness", "min_contrast"),
    Worse.BRIGHTER: ("max_brightness", "min_contrast"),
}


@dataclass(frozen=True)
class Picture:
    """A file, and what is done to it before anybody looks."""

    path: Path
    worse: Worse | None = None
    level: float = 1.0

    def __str__(self) -> str:
        return str(self.path) if self.worse is None else f"{self.path} {self.worse} {self.level}"

    def read(self) -> RgbImage:
        """Decode, then make worse."""
        rgb = decode_photo(self.path.name, self.path.read_bytes(), max_megapixels=25).rgb
        if self.worse is None:
            return rgb
        if self.worse is Worse.SMALLER:
            size = (round(rgb.shape[1] * self.level), round(rgb.shape[0] * self.level))
            changed = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        elif self.worse is Worse.BLURRED:
            changed = cv2.GaussianBlur(rgb, (0, 0), self.level)
        else:
            noise = np.random.default_rng(SEED).normal(0, 3, rgb.shape)
            if self.worse is Worse.BRIGHTER:
                noise *= 0
            changed = (rgb * self.level + noise).round().clip(0, 255)
        return np.asarray(changed, dtype=np.uint8)


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """A named list of images, and the mated pairs among them by number."""

    name: str
    images: tuple[Picture, ...]
    people: tuple[str, ...]
    pairs: NDArray[np.int64]
    selection: FaceSelection
    worse: Worse | None = None


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
        images=tuple(Picture(path) for path in images),
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
        images=tuple(Picture(path) for path in images),
        people=tuple(who for who, _ in keys),
        pairs=np.array(mated, dtype=np.int64),
        selection=FaceSelection.LARGEST,
    )


def made_worse(whole: PairSet, worse: Worse) -> PairSet:
    """Put a worse copy of every image behind the images; a pair is worse probe, whole reference."""
    random = np.random.default_rng([SEED, list(Worse).index(worse)])
    low, high = (math.log(level) for level in worse.value)
    levels = np.exp(random.uniform(low, high, len(whole.images)))
    copies = tuple(
        Picture(picture.path, worse, round(float(level), 4))
        for picture, level in zip(whole.images, levels, strict=True)
    )
    count = len(whole.images)
    both_ways = np.concatenate([whole.pairs, whole.pairs[:, ::-1]])
    return PairSet(
        name=f"NUAA {worse.name.lower()}",
        images=whole.images + copies,
        people=whole.people * 2,
        pairs=both_ways + np.array([count, 0]),
        selection=whole.selection,
        worse=worse,
    )


def yale(testdata: Path) -> PairSet:
    """List each person's `normal` picture against their others: light, glasses, expression."""
    images = sorted((testdata / "yale" / "yalefaces").glob("subject*.*"))
    people = [path.name.split(".")[0] for path in images]
    normal = {who: i for i, who in enumerate(people) if images[i].name.endswith(".normal")}
    mated = [(i, normal[who]) for i, who in enumerate(people) if i != normal[who]]
    return PairSet(
        name="Yale: light, glasses, expression",
        images=tuple(Picture(path) for path in images),
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
    for index, picture in enumerate(track(chosen.images, chosen.name, console=progress)):
        rgb = picture.read()
        box = select(
            detector.detect(rgb),
            chosen.selection,
            ratio=settings.dominance_ratio,
            width=rgb.shape[1],
            height=rgb.shape[0],
        )
        face = None if isinstance(box, Refusal) else mesher.mesh(rgb, box)
        if face is None or face.eye_distance_pixels < 2:
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


def all_non_mated(values: Embeddings, people: NDArray[np.str_]) -> Floats:
    """Compare every image with every later one of somebody else."""
    upper = np.triu_indices(len(values), 1)
    scores = (values @ values.T)[upper].astype(np.float64)
    return np.asarray(scores[people[upper[0]] != people[upper[1]]])


def against_strangers(
    chosen: PairSet, seen: Seen, crowd: Seen, bundle: int, threshold: float
) -> Strangers | None:
    """Compare every NUAA frame (made worse, if that is the set) with every LFW image."""
    if not chosen.name.startswith("NUAA"):
        return None
    first = 0 if chosen.worse is None else len(chosen.images) // 2
    usable = (np.arange(len(chosen.images)) >= first) & seen.has_face
    settings = QualitySettings()
    passes = np.ones(usable.sum(), bool)
    for column, gate in enumerate(GATES):
        if chosen.worse is not None and gate.setting in ABOUT[chosen.worse]:
            passes &= seen.goodness[usable, column] >= gate.limit(settings)
    scores = seen.embeddings[bundle][usable] @ crowd.embeddings[bundle][crowd.has_face].T
    is_match = scores >= threshold
    return Strangers(
        comparisons=is_match.size,
        false_matches=int(is_match.sum()),
        passed=int(is_match[passes].size),
        passed_false_matches=int(is_match[passes].sum()),
    )


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
                bins=by_figure(scores, goodness[:, column], gate, threshold),
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


def by_figure(
    scores: Floats, goodness: Floats, gate: GateFigure, threshold: float
) -> tuple[Bin, ...]:
    """FNMR of as many pairs at a time, from the worst figure to the best."""
    order = np.argsort(goodness, kind="stable")
    made = []
    for part in np.array_split(order, BINS):
        ends = [gate.shown(float(goodness[part[end]])) for end in (0, -1)]
        made.append(
            Bin(
                low=round(min(ends), 1),
                high=round(max(ends), 1),
                pairs=len(part),
                fnmr=round(float((scores[part] < threshold).mean()), 5),
            )
        )
    return tuple(made)


def plot_worse(path: Path, report: Report, sets: Sequence[PairSet]) -> None:
    """Draw FNMR over the figure that a gate reads, for frames made worse; dotted: the default."""
    wanted = [
        (part, gate)
        for chosen, part in zip(sets, report.sets, strict=True)
        if chosen.worse is not None
        for gate in part.gates
        if gate.gate in ABOUT[chosen.worse]
    ]
    figure = Figure(figsize=(13, 7.5), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    for panel, (part, gate) in zip(panels, wanted, strict=False):
        middles = [(each.low + each.high) / 2 for each in gate.bins]
        panel.plot(middles, [100 * each.fnmr for each in gate.bins], "o-", markersize=4)
        panel.axvline(gate.default, color="black", linestyle=":")
        panel.set_title(f"{part.name}: {gate.gate} (default {gate.default:g})", fontsize=10)
        panel.set_xlabel("figure of the face")
        panel.set_ylabel("FNMR (%)")
        panel.set_ylim(bottom=-1)
        panel.grid(visible=True, alpha=0.3)
    figure.suptitle(f"{report.bundle}: FNMR at FMR {FMR:g} of real frames made worse, by figure")
    figure.savefig(str(path), dpi=100)


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
    sets += [made_worse(sets[1], worse) for worse in Worse]
    seen = [see(chosen, embedders, arguments.cache) for chosen in sets]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, embedder in enumerate(embedders):
        manifest = embedder.manifest
        if manifest.metric != "cosine" or not manifest.normalise:
            raise EvaluationError("this benchmark compares normalised embeddings by cosine")
        names, faces = sets[2].people, seen[2].has_face
        non_mated = all_non_mated(seen[2].embeddings[number][faces], np.array(names)[faces])
        threshold = threshold_at_fmr(non_mated, FMR)
        report = Report(
            bundle=manifest.name,
            threshold=threshold,
            fmr=FMR,
            non_mated=len(non_mated),
            sets=tuple(
                report_set(chosen, had, number, threshold).model_copy(
                    update={"strangers": against_strangers(chosen, had, seen[2], number, threshold)}
                )
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
                for chosen, had in zip(sets[:3], seen[:3], strict=True)
            ],
            threshold,
        )
        plot_worse(arguments.out / f"worse-{manifest.name}.png", report, sets)
        print_table(report)


def print_table(report: Report) -> None:
    """Print a Markdown table a set."""
    print(f"\n# {report.bundle}: threshold {report.threshold:.4f} at FMR {report.fmr:g}")
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
        if part.strangers is not None:
            far = part.strangers
            print(
                f"\nagainst everybody in LFW: {far.false_matches} of {far.comparisons:,} match; "
                f"behind the gates about it {far.passed_false_matches} of {far.passed:,}"
            )
        about = [each for each in Worse if part.name.endswith(f" {each.name.lower()}")]
        for gate in part.gates:
            if about and gate.gate in ABOUT[about[0]]:
                cells = "; ".join(f"{b.low:g} to {b.high:g}: {b.fnmr:.1%}" for b in gate.bins)
                print(f"\n{gate.gate}, FNMR by figure: {cells}")


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


if __name__ == "__main__":
    main()
