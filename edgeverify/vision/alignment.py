"""From a face in its frame to the chip its model wants: `edgeverify.feeding.alignment`, by mesh."""

from __future__ import annotations

from edgeverify.bundle.manifest import Manifest
from edgeverify.domain import AlignedFace, Face, RgbImage
from edgeverify.feeding.alignment import align_mesh, whole_chip


def align_for(manifest: Manifest, rgb: RgbImage, face: Face) -> AlignedFace:
    """Cut the chip of `face` as the model's manifest states: template, size and resize."""
    feeding = manifest.feeding
    return align_mesh(rgb, face.mesh, manifest.aligns_by, feeding.size, feeding.resize)


def take_chip(manifest: Manifest, rgb: RgbImage) -> AlignedFace:
    """Take a picture that was cut before, by whoever trained the model, as the model's chip.

    It is only brought to the network's side, as `whole_chip` does.
    """
    feeding = manifest.feeding
    return AlignedFace(
        rgb=whole_chip(rgb, feeding.size, feeding.resize), template=manifest.template
    )
