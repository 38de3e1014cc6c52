"""A bundle in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from edgeverify.errors import BundleError
from edgeverify.runtime.bundle import (
    MANIFEST_FILE,
    Bundle,
    PadBundle,
    load_bundle,
    load_pad_bundle,
)
from edgeverify.runtime.operating_points import OperatingPoints
from edgeverify.runtime.signature import MANIFEST_SIGNATURE


def load_any(folder: Path) -> Bundle | PadBundle:
    """Load an embedder or a PAD bundle; BundleError where it is neither."""
    try:
        kind = json.loads((folder / MANIFEST_FILE).read_bytes()).get("kind", "embedder")
    except (OSError, ValueError, AttributeError):
        kind = "embedder"
    return load_pad_bundle(folder) if kind == "pad" else load_bundle(folder)


def describe(folder: Path) -> Iterator[str]:
    """Give the lines that a person reads."""
    bundle = load_any(folder)
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
        for network in bundle.manifest.networks:
            yield f"  network            {network.file}, crop {network.crop_scale:g}"
        live = bundle.manifest.live_index
        yield f"  live               output {live} of 0 to {bundle.manifest.classes - 1}"
    for name, sha256 in manifest.files.items():
        size = (folder / name).stat().st_size
        yield f"  file               {name}, {size:,} bytes, {sha256}"
    yield from _points(bundle.operating_points)
    signed = (folder / MANIFEST_SIGNATURE).exists()
    yield f"  signature          {'present' if signed else 'none'}"
    yield "  made with          " + ", ".join(f"{k} {v}" for k, v in manifest.tool_versions.items())


def _embedder(bundle: Bundle) -> Iterator[str]:
    manifest = bundle.manifest
    yield f"  alignment          {manifest.template}, version {manifest.template_version}"
    mirror = "with its mirror image" if manifest.mirror else "alone"
    length = "brought to length 1" if manifest.normalise else "as it comes"
    yield f"  embedding          {manifest.embedding_size} values, face {mirror}, {length}"
    yield f"  compared by        {manifest.metric}"
    yield f"  source             {manifest.source_sha256}"
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


def _points(points: OperatingPoints | None) -> Iterator[str]:
    if points is None or not points.points:
        yield "  operating points   none: the door refuses to run with it unless "
        yield "                     decision.threshold is set by hand; edgeverify calibrate"
        return
    for point in points.points:
        support = "" if point.supported else " (not supported by the data)"
        fnmr = "" if point.fnmr is None else f", FNMR {point.fnmr:.3%}"
        at = f"threshold {point.threshold:.4f}{fnmr}"
        yield f"  FMR {point.fmr:<15g}{at}, {point.evidence}{support}"


def description_json(folder: Path) -> str:
    """Give the same as JSON: manifest, operating points, whether it is signed."""
    bundle = load_any(folder)
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
