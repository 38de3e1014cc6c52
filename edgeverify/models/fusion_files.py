"""Putting the bundles of several networks together as one: every file of a fusion's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.embedding_space import fusion_space
from edgeverify.bundle.fusion import FusionManifest, FusionPart
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.bundle.verified_folder import MANIFEST_FILE, POINTS_FILE
from edgeverify.models.bundle_writer import as_file
from edgeverify.models.catalogue import CatalogueEntry


def fusion_files(
    entry: CatalogueEntry,
    parts: Mapping[str, Mapping[str, bytes]],
    weights: Mapping[str, float],
    points: OperatingPointsFile | None = None,
) -> dict[str, bytes]:
    """Return the files of a fusion by path; `parts` are the files of each part's own bundle.

    The parts keep no operating points of their own: only the fusion's scores are compared.
    """
    stated = tuple(
        FusionPart(
            name=name,
            weight=weights[name],
            embedding_space=json.loads(files[MANIFEST_FILE])["embedding_space"],
            manifest_sha256=sha256_of(files[MANIFEST_FILE]),
        )
        for name, files in parts.items()
    )
    manifest = FusionManifest(
        name=entry.name,
        parts=stated,
        embedding_space=fusion_space([(part.embedding_space, part.weight) for part in stated]),
        licence=entry.licence,
        notes=entry.trained_on,
    )
    everything = {
        f"{name}/{file}": data
        for name, files in parts.items()
        for file, data in files.items()
        if file != POINTS_FILE
    }
    everything[MANIFEST_FILE] = as_file(manifest)
    if points is not None:
        everything[POINTS_FILE] = as_file(points)
    return everything
