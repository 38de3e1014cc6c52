"""From a face in its frame to the chip its model wants: `edgeverify.feeding.alignment`, by mesh."""

from __future__ import annotations

from edgeverify.bundle.manifest import Manifest
from edgeverify.domain import AlignedFace, Face, RgbImage
from edgeverify.feeding.alignment import align_mesh


def align_for(manifest: Manifest, rgb: RgbImage, face: Face) -> AlignedFace:
    """Cut the chip of `face` as the model's manifest states: template, size and resize."""
    feeding = manifest.feeding
    return align_mesh(rgb, face.mesh, manifest.aligns_by, feeding.size, feeding.resize)
