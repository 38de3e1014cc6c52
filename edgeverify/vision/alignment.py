"""From a face in its frame to the chip its model wants: `edgeverify.runtime.alignment`, by mesh."""

from __future__ import annotations

from edgeverify.domain import AlignedFace, Face, RgbImage
from edgeverify.runtime.alignment import align_mesh
from edgeverify.runtime.manifest import Manifest


def align_for(manifest: Manifest, rgb: RgbImage, face: Face) -> AlignedFace:
    """Cut the chip of `face` as the model's manifest states: template, size and resize."""
    feeding = manifest.feeding
    return align_mesh(rgb, face.mesh, manifest.template, feeding.size, feeding.resize)
