"""What `edgeverify models` shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.bundle.fusion import EmbedderBundle, FusionBundle, load_embedder
from edgeverify.bundle.loading import Bundle, PadBundle, load_pad_bundle
from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.verified_folder import MANIFEST_FILE, read_manifest, stated_kind
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import Feeding, Mirror
from edgeverify.models.archives import ARCHIVES
from edgeverify.models.catalogue import (
    CatalogueEntry,
    SourceFile,
    load_catalogue,
    measured_at,
    shipped_operating_points,
)
from edgeverify.models.figures import shipped_figures
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.open_session import open_pad_sessions, open_sessions
from edgeverify.settings import DecisionSettings, ModelSettings

_CPU = ModelSettings(runtime="onnxruntime-cpu")
_SHOWN = DecisionSettings()
_SHOWN_FMR = _SHOWN.max_fmr
_MIRRORED: dict[Mirror, str] = {
    "both": "added on both sides",
    "reference": "added to references, not to probes",
    "none": "not used",
}

Lines = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One row of the catalogue, and whether its bundle is here."""

    entry: CatalogueEntry
    is_installed: bool

    @property
    def name(self) -> str:
        """The catalogue's name."""
        return self.entry.name

    @property
    def bytes(self) -> int:
        """Size of the weights, those of a fusion's parts among them."""
        catalogue = load_catalogue()
        return self.entry.bytes + sum(catalogue.entry(part.name).bytes for part in self.entry.parts)

    @property
    def measured(self) -> str:
        """What this release was measured at."""
        if self.entry.kind == "vision":
            return "the same faces and points as MediaPipe itself (docs/accuracy.md)"
        points = shipped_operating_points(self.name)
        if points is None or not points.sets:
            return "not measured"
        fmr = 1.0 if self.entry.kind == "pad" else _SHOWN_FMR
        return measured_at(points.sets[0], fmr)

    @property
    def worst_group(self) -> str:
        """How the worst group of people fared at that threshold; empty where none was measured."""
        points = shipped_operating_points(self.name)
        found = points.sets[0].at_most(_SHOWN_FMR, "single") if points and points.sets else None
        return "" if found is None else found.group_promise(_SHOWN_FMR, _SHOWN.group_factor)

    @property
    def figures(self) -> str:
        """What the default rate costs, and what happens before one camera; empty: not measured."""
        found = shipped_figures().models.get(self.name)
        return "" if found is None else found.line

    def lines(self) -> Lines:
        """Label and text of each line."""
        weak = [("no door", f"{self.entry.weak}; a door needs model.accept_weak")]
        return (
            ("what", self.entry.summary),
            *(weak if self.entry.weak else ()),
            ("licence", self.entry.licence + self._commercial()),
            ("size", f"{self.bytes / 1e6:.1f} MB"),
            ("fed with", self.entry.fed_with),
            ("trained on", self.entry.trained_on),
            ("measured", self.measured),
            *([("groups", self.worst_group)] if self.worst_group else []),
            *([("figures", self.figures)] if self.figures else []),
            *(
                ("part", f"{part.name}, {100 * part.weight:g} % of the score")
                for part in self.entry.parts
            ),
            *(("from", source) for source in dict.fromkeys(map(_source, self.entry.files))),
        )

    def as_json(self) -> dict[str, object]:
        """Everything, for `--json`."""
        return {
            **self.entry.model_dump(mode="json"),
            "weak": self.entry.weak,
            "measured": self.measured,
            "worst_group": self.worst_group,
            "figures": self.figures,
            "installed": self.is_installed,
        }

    def _commercial(self) -> str:
        return "; NON-COMMERCIAL use only" if self.entry.non_commercial else ""


def _source(file: SourceFile) -> str:
    return file.address or ARCHIVES[file.archive].file


@dataclass(frozen=True, slots=True)
class DescribedBundle:
    """What a verified bundle states, and how its golden check went."""

    bundle: EmbedderBundle | PadBundle
    golden_cosine: float

    def lines(self) -> Lines:
        """Label and text of each line."""
        if isinstance(self.bundle, FusionBundle):
            return self._fusion(self.bundle)
        manifest = self.bundle.manifest
        feeding = manifest.feeding
        rows = [
            ("folder", str(self.bundle.folder)),
            ("name", f"{manifest.name} ({manifest.arch}, {manifest.kind})"),
            ("embedding space", manifest.embedding_space),
            (
                "fed with",
                _fed_with(feeding),
            ),
        ]
        if isinstance(self.bundle, Bundle):
            own = self.bundle.manifest
            rows += [
                ("alignment", f"{own.template} version {own.template_version}"),
                ("output", f"{own.embedding_size} values, compared by {own.metric}"),
                ("mirror image", _MIRRORED[own.mirror]),
                *([("not for a door", own.weak)] if own.weak else []),
                ("feeding", "verified" if own.feeding_verified else "not verified"),
            ]
        rows += [("licence", manifest.licence), ("notes", manifest.notes)]
        rows += [(f"file {name}", sha256) for name, sha256 in manifest.files.items()]
        rows += [("golden check", f"passed on the CPU, lowest cosine {self.golden_cosine:.6f}")]
        return (*rows, *self._points())

    def _fusion(self, bundle: FusionBundle) -> Lines:
        manifest = bundle.manifest
        rows = [
            ("folder", str(bundle.folder)),
            ("name", f"{manifest.name} ({manifest.kind})"),
            ("embedding space", manifest.embedding_space),
            ("licence", manifest.licence),
            ("notes", manifest.notes),
        ]
        rows += [
            (f"part {one.name}", f"{100 * one.weight:g} % of the score, {one.embedding_space}")
            for one in manifest.parts
        ]
        passed = f"passed by every part on the CPU, lowest cosine {self.golden_cosine:.6f}"
        return (*rows, ("golden check", passed), *self._points())

    def as_json(self) -> str:
        """Everything, for `--json`."""
        points = self.bundle.points
        return json.dumps(
            {
                "folder": str(self.bundle.folder),
                "manifest": self.bundle.manifest.model_dump(mode="json"),
                "operating_points": None if points is None else points.model_dump(mode="json"),
                "golden_cosine": self.golden_cosine,
            },
            indent=2,
        )

    def _points(self) -> list[tuple[str, str]]:
        points = self.bundle.operating_points
        if points is None or not points.points:
            return [("operating points", "none: a threshold must be measured or written by hand")]
        if isinstance(self.bundle, PadBundle):
            return [("operating point", _pad_point(point)) for point in points.points]
        return [(_at(point), _point(point)) for point in points.points]


def listed(models: Path) -> tuple[ListedModel, ...]:
    """Go through the catalogue; `models` is the models folder."""
    return tuple(
        ListedModel(entry, (models / entry.name / MANIFEST_FILE).is_file())
        for entry in load_catalogue().models
    )


def verified(
    folder: Path, *, owner_key: Ed25519PublicKey | None = None
) -> EmbedderBundle | PadBundle:
    """Load whichever kind of bundle stands in the folder; BundleError where it does not verify."""
    if kind_of(folder) == "pad":
        return load_pad_bundle(folder, owner_key=owner_key)
    return load_embedder(folder, owner_key=owner_key)


def described(folder: Path) -> DescribedBundle:
    """Verify a bundle and run its golden check on the CPU; BundleError where either fails."""
    bundle = verified(folder)
    if isinstance(bundle, PadBundle):
        sessions = open_pad_sessions(bundle, _CPU).sessions
        return DescribedBundle(bundle, check_pad_golden(bundle, sessions))
    sessions = open_sessions(bundle.parts, _CPU).sessions
    checked = [
        check_golden(part, session) for part, session in zip(bundle.parts, sessions, strict=True)
    ]
    return DescribedBundle(bundle, min(checked))


def kind_of(folder: Path) -> str:
    """Read which kind of bundle a folder says it is: embedder, fusion, pad, vision; else empty."""
    try:
        return stated_kind(read_manifest(folder))
    except BundleError:
        return ""


def _at(point: MeasuredPoint) -> str:
    frames = "" if point.fusion == "single" else ", means of five"
    return f"at {point.fmr:g}{frames}" + (f", {point.photos} photos" if point.photos > 1 else "")


def _point(point: MeasuredPoint) -> str:
    missed = "" if point.fnmr is None else f", FNMR {100 * point.fnmr:.2f} % of {point.mated}"
    carried = "" if point.supported else " (NOT supported)"
    worst = f"; {point.group_evidence}" if point.groups else ""
    return f"threshold {point.threshold:.4f}{missed}; {point.evidence}{worst}{carried}"


def _pad_point(point: MeasuredPoint) -> str:
    """Word it as ISO/IEC 30107-3 does: what is let through are attacks."""
    refused = "" if point.fnmr is None else f", BPCER {100 * point.fnmr:.2f} % of {point.mated}"
    return (
        f"P(live) above {point.threshold:.4f}{refused}; {point.false_matches} of "
        f"{point.non_mated:,} attack presentations on {point.dataset}, {point.date}; "
        f"APCER at most {point.fmr_upper_95:.2g} at 95 %"
    )


def _fed_with(feeding: Feeding) -> str:
    return (
        f"{feeding.size}x{feeding.size} {feeding.channels.upper()}, scale {feeding.scale:.6g}, "
        f"mean {_listed(feeding.mean)}, std {_listed(feeding.std)}, resized by {feeding.resize}"
    )


def _listed(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
