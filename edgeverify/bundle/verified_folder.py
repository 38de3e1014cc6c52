"""A folder whose files have the hashes that its manifest states, and its owner's signature.

And whether its measured points can be true: a threshold against the counts that were seen at it.
Points of one measurement are the tail of one histogram: how many non-mated scores reached each of
the thresholds. Whoever edits a threshold and its hash leaves counts that no histogram can have,
unless all points are moved together.
"""

from __future__ import annotations

import json
import math
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from edgeverify.atomic_file import open_plain
from edgeverify.bundle.canonical_json import sha256_of, sha256_of_file
from edgeverify.bundle.manifest import Manifest, PadManifest, VisionManifest
from edgeverify.bundle.measured_point import MeasuredPoint
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.bundle.signature import (
    MANIFEST_SIGNATURE,
    POINTS_SIGNATURE,
    bundle_message,
    points_message,
    require_signature,
)
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import BundleModel

Scale = Literal["cosine", "euclidean", "probability"]

_LOWEST = {"cosine": -1.0, "euclidean": -math.inf, "probability": 0.0}
_ROUNDING = 1e-6


def implausible(points: OperatingPoints, scale: Scale) -> str:
    """Return what cannot be true of the points, in words for people; empty where nothing is."""
    measurements: dict[tuple[object, ...], list[MeasuredPoint]] = defaultdict(list)
    for point in points.points:
        problem = _alone(point, scale)
        if problem:
            return problem
        key = (point.dataset, point.date, point.fusion, point.photos, point.origin, point.non_mated)
        measurements[key].append(point)
    for measured in measurements.values():
        problem = _together(sorted(measured, key=lambda one: one.threshold))
        if problem:
            return problem
    return ""


def _alone(point: MeasuredPoint, scale: Scale) -> str:
    named = f"the threshold {point.threshold:.4g} for FMR {point.fmr:g}"
    if point.threshold <= _LOWEST[scale] and point.false_matches < point.non_mated:
        return f"{named} lets everybody in, and {point.false_matches:,} false matches are stated"
    if point.false_matches > point.non_mated:
        return f"{named} had more false matches than comparisons"
    seen = point.false_matches / point.non_mated
    if point.fmr_upper_95 < seen:
        return f"{named} has an upper bound below the rate that was seen"
    if point.supported and max(seen, point.fmr_upper_95) > point.fmr * (1 + _ROUNDING):
        return f"{named} is called supported, and its counts do not carry that rate"
    return ""


def _together(rising: Sequence[MeasuredPoint]) -> str:
    """Look at one histogram's points; `rising` by threshold."""
    for lower, higher in pairwise(rising):
        same = lower.threshold == higher.threshold
        if higher.false_matches > lower.false_matches or (
            same and higher.false_matches != lower.false_matches
        ):
            return (
                f"at the threshold {higher.threshold:.4g} {higher.false_matches:,} scores are "
                f"stated, and at {lower.threshold:.4g} {lower.false_matches:,}: a higher one is "
                "reached by fewer"
            )
        if lower.mated == higher.mated and (lower.fnmr or 0.0) > (
            1.0 if higher.fnmr is None else higher.fnmr
        ):
            return (
                f"the threshold {higher.threshold:.4g} refuses fewer owners than "
                f"{lower.threshold:.4g}, which is lower"
            )
    return ""


MANIFEST_FILE = "manifest.json"
POINTS_FILE = "operating-points.json"
_MAX_JSON_BYTES = 4 << 20
_KINDS = {
    "embedder": "an embedder's bundle",
    "fusion": "a fusion of several embedders",
    "pad": "a liveness (PAD) bundle",
    "vision": "the bundle that finds faces",
}
_EMBEDDERS = {"embedder", "fusion"}

AnyManifest: TypeAlias = Manifest | PadManifest | VisionManifest
J = TypeVar("J", bound=BundleModel)
M = TypeVar("M", Manifest, PadManifest, VisionManifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedFolder:
    """A folder whose files had the right hashes when it was loaded."""

    folder: Path
    points: OperatingPointsFile | None

    def operating_points_in(self, space: str) -> OperatingPoints | None:
        """Find the thresholds that were measured in an embedding space, or None."""
        return None if self.points is None else self.points.of_space(space)

    def read(self, files: AnyManifest, name: str) -> bytes:
        """Read a listed file's bytes, hashing these very bytes once more; BundleError."""
        data = (self.folder / name).read_bytes()
        if sha256_of(data) != files.files[name]:
            raise BundleError(
                f"{self.folder / name} does not match its hash", advice=_again(self.folder)
            )
        return data


_LISTED = "`edgeverify models list` shows the models, `models fetch NAME` gets one."


def _again(folder: Path) -> str:
    return (
        f"Fetch it again (`edgeverify models fetch {folder.name}`), or restore your own copy of it."
    )


def verified_manifest(folder: Path, kind: type[M], owner_key: Ed25519PublicKey | None) -> M:
    """Read the manifest and hash every file that it lists; with a key, check the signature too."""
    raw = read_manifest(folder)
    require_kind(folder, kind, raw)
    manifest = parsed(folder / MANIFEST_FILE, kind, raw)
    for name, wanted in sorted(manifest.files.items()):
        path = folder / name
        try:
            found = sha256_of_file(path)
        except OSError as error:
            raise BundleError(
                f"{path} cannot be read ({error.strerror})", advice=_again(folder)
            ) from None
        if found != wanted:
            raise BundleError(
                f"{path} was altered or damaged: its SHA-256 is {found[:12]}..., "
                f"the manifest says {wanted[:12]}...",
                advice=_again(folder),
            )
    require_owner(folder, raw, manifest.files, owner_key)
    return manifest


def read_manifest(folder: Path) -> bytes:
    """Read a manifest's bytes; BundleError where there is no such folder or file."""
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
        problem = "" if is_folder else "is a file, and a bundle is a folder"
        # Of what is left of one, the missing file is named below.
        is_there = (folder / MANIFEST_FILE).exists()
        if is_folder and not is_there and not any(folder.glob("*.onnx")):
            problem = f"is none: it has no {MANIFEST_FILE}"
    except (FileNotFoundError, NotADirectoryError):
        problem = "does not exist"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    if problem:
        raise BundleError(f"the model bundle {folder} {problem}", advice=_LISTED)
    return _read_json(folder / MANIFEST_FILE)


def stated_kind(raw: bytes) -> str:
    """Return which kind of bundle a manifest says it is, empty where it is malformed."""
    try:
        found = json.loads(raw).get("kind")
    except (ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""


def require_owner(
    folder: Path, raw: bytes, files: dict[str, str], owner_key: Ed25519PublicKey | None
) -> None:
    """With a key, check the owner's signature over a manifest and its files; BundleError."""
    if owner_key is not None:
        message = bundle_message(sha256_of(raw), files)
        require_signature(owner_key, folder / MANIFEST_SIGNATURE, message)


def verified_points(
    folder: Path, space: str, owner_key: Ed25519PublicKey | None, scale: Scale
) -> OperatingPointsFile | None:
    """Read the operating points, None where there are none; with a key, check their signature.

    BundleError also where a threshold cannot have been seen with the counts that stand beside it.
    """
    path = folder / POINTS_FILE
    if not path.exists():
        return None
    raw = _read_json(path)
    points = parsed(path, OperatingPointsFile, raw)
    if not points.is_intact:
        raise BundleError(f"{path} was altered: its hash does not fit", advice=_again(path.parent))
    if owner_key is not None:
        message = points_message(sha256_of(raw), space)
        require_signature(owner_key, folder / POINTS_SIGNATURE, message)
    for measured in points.sets:
        problem = implausible(measured, scale)
        if problem:
            raise BundleError(
                f"{path} was altered, or is not a measurement: {problem}",
                advice=_again(path.parent),
            )
    return points


def require_kind(folder: Path, kind: type[AnyManifest], raw: bytes) -> None:
    """Tell a bundle of another kind by its name, before its fields are taken for mistakes.

    Raises BundleError.
    """
    found = stated_kind(raw)  # what is malformed is told by whoever parses it
    wanted = kind.model_fields["kind"].default
    if found not in _KINDS or found == wanted:
        return
    if {found, wanted} <= _EMBEDDERS:
        advice = "This works on one network: name the folder of one of the fusion's parts."
    else:
        advice = "Name the embedder in model.bundle, and the liveness networks in model.pad_bundle."
    raise BundleError(
        f"{folder / MANIFEST_FILE} is {_KINDS[found]}, and {_KINDS[wanted]} is needed",
        advice=advice,
    )


def _read_json(path: Path) -> bytes:
    try:
        with open_plain(path) as stream:
            raw = stream.read(_MAX_JSON_BYTES + 1)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({error.strerror})", advice=_again(path.parent)
        ) from None
    if len(raw) > _MAX_JSON_BYTES:
        raise BundleError(f"{path} is larger than 4 MiB", advice=_again(path.parent))
    return raw


def parsed(path: Path, kind: type[J], raw: bytes) -> J:
    """Read a file of a bundle; BundleError naming the field that does not fit."""
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BundleError(f"{path}: {where}: {first['msg']}", advice=_again(path.parent)) from None
