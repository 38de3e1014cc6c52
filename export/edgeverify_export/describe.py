"""A bundle in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from edgeverify.bundle.fusion import EmbedderBundle, FusionBundle
from edgeverify.bundle.loading import Bundle, PadBundle
from edgeverify.bundle.signature import MANIFEST_SIGNATURE
from edgeverify.bundle.verified_folder import MANIFEST_FILE
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import Mirror
from edgeverify.models.listing import verified

_MIRRORED: dict[Mirror, str] = {
    "both": "with its mirror image on both sides",
    "reference": "with its mirror image on references only",
    "none": "alone",
}


def describe(folder: Path) -> Iterator[str]:
    """Yield the lines that a person reads."""
    bundle = verified(folder)
    if isinstance(bundle, FusionBundle):
        yield from _fusion(bundle)
        return
    manifest = bundle.manifest
    feeding = manifest.feeding
    yield f"{manifest.name} ({manifest.kind}, {manifest.arch})"
    yield f"  embedding space    {manifest.embedding_space}"
    yield f"  licence            {manifest.licence}"
    if manifest.notes:
        yield f"  notes              {manifest.notes}"
    yield f"  input              {feeding.size}x{feeding.size} {feeding.channels}"
    yield f"  feeding            (pixel * {feeding.scale:.6g} - {feeding.mean}) / {feeding.std}"
    yield f"  resize             {feeding.resize}"
    if isinstance(bundle, Bundle):
        yield from _embedder(bundle)
    else:
        yield from _pad(bundle)
    for name, sha256 in manifest.files.items():
        size = (folder / name).stat().st_size
        yield f"  file               {name}, {size:,} bytes, {sha256}"
    yield from _points(bundle)
    signed = (folder / MANIFEST_SIGNATURE).exists()
    yield f"  signature          {'present' if signed else 'none'}"
    yield "  made with          " + ", ".join(f"{k} {v}" for k, v in manifest.tool_versions.items())


def _fusion(bundle: FusionBundle) -> Iterator[str]:
    manifest = bundle.manifest
    yield f"{manifest.name} ({manifest.kind})"
    yield f"  embedding space    {manifest.embedding_space}"
    yield f"  licence            {manifest.licence}"
    for part, own in zip(bundle.parts, manifest.parts, strict=True):
        yield f"  part               {part.folder}, {100 * own.weight:g} % of the score"
    yield from _points(bundle)
    signed = (bundle.folder / MANIFEST_SIGNATURE).exists()
    yield f"  signature          {'present' if signed else 'none'}"


def _embedder(bundle: Bundle) -> Iterator[str]:
    manifest = bundle.manifest
    yield f"  alignment          {manifest.template}, version {manifest.template_version}"
    mirror = _MIRRORED[manifest.mirror]
    length = "brought to length 1" if manifest.normalise else "as it comes"
    yield f"  embedding          {manifest.embedding_size} values, face {mirror}, {length}"
    yield f"  compared by        {manifest.metric}"
    yield f"  source             {manifest.source_sha256}"
    if manifest.weights_sha256:
        yield f"  weights            {manifest.weights_sha256}"
    if manifest.weak:
        yield f"  not for a door     {manifest.weak}"
    if manifest.int8_embedding_space:
        yield f"  INT8 space         {manifest.int8_embedding_space}"
    if manifest.sigmoid:
        yield f"  sigmoid            weight {manifest.sigmoid[0]:g}, bias {manifest.sigmoid[1]:g}"
    for figures in manifest.parity:
        flips = "not run" if figures.flipped_share is None else f"{figures.flipped_share:.4%}"
        yield (
            f"  parity {figures.precision:<12}cosine min {figures.min_cosine:.6f} "
            f"mean {figures.mean_cosine:.6f}, score off by {figures.max_score_difference:.5f}, "
            f"flips {flips}, {figures.faces} faces, {figures.pairs} pairs"
        )
    if not manifest.parity:
        yield "  parity             not measured"
    verified = "verified on real pairs" if manifest.feeding_verified else "not verified"
    yield f"  feeding            {verified}"


def _pad(bundle: PadBundle) -> Iterator[str]:
    manifest = bundle.manifest
    for network in manifest.networks:
        half = f", FP16 {network.half_file}" if network.half_file else ", no FP16"
        yield f"  network            {network.file}, crop {network.crop_scale:g}{half}"
        yield f"  source             {network.source_sha256}"
    yield f"  live               output {manifest.live_index} of 0 to {manifest.classes - 1}"
    for figures in manifest.parity:
        flips = "not run" if figures.flipped_share is None else f"{figures.flipped_share:.4%}"
        yield (
            f"  parity {figures.precision:<12}cosine min {figures.min_cosine:.6f}, P(live) off by "
            f"{figures.max_live_difference:.5f}, flips {flips}, {figures.faces} faces"
        )
    if not manifest.parity:
        yield "  parity             not measured"


def _points(bundle: EmbedderBundle | PadBundle) -> Iterator[str]:
    points = bundle.operating_points
    if points is None or not points.points:
        of_pad = isinstance(bundle, PadBundle)
        setting = "pad.threshold" if of_pad else "decision.threshold"
        command = "evaluate-pad" if of_pad else "calibrate"
        yield f"  operating points   none: unless {setting} is set by hand, the door refuses to run"
        yield f"                     with it; edgeverify {command} measures"
        return
    for point in points.points:
        support = "" if point.supported else " (not supported by the data)"
        fnmr = "" if point.fnmr is None else f", FNMR {point.fnmr:.3%}"
        at = f"threshold {point.threshold:.4f}{fnmr}"
        yield f"  FMR {point.fmr:<15g}{at}, {point.evidence}{support}"


def description_json(folder: Path) -> str:
    """Return the same as JSON: manifest, operating points, whether it is signed."""
    bundle = verified(folder)
    points = bundle.points
    if not (folder / MANIFEST_FILE).is_file():
        raise BundleError(f"{folder} has no manifest")
    return json.dumps(
        {
            "manifest": bundle.manifest.model_dump(mode="json"),
            "operating_points": None if points is None else points.model_dump(mode="json"),
            "signed": (folder / MANIFEST_SIGNATURE).exists(),
        },
        indent=1,
    )
