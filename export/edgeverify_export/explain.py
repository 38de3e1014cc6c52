"""Two photos, a checkpoint and its bundle: a picture of where the score comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edgeverify.bundle.loading import Bundle
from edgeverify.errors import FaceNotUsableError
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Side
from edgeverify.vision.dominance import FaceSelection
from edgeverify_export.gradcam import Explained, Heat, explain_pair
from edgeverify_export.parity.faces import find_faces
from edgeverify_export.sources import is_source_of, load_network

_SCORES = {"cosine": "cosine", "euclidean": "minus the distance"}


def explain_photos(
    bundle: Bundle, checkpoint: Path, photos: tuple[Path, Path], picture: Path
) -> Explained:
    """Write the side-by-side PNG and give the maps; the checkpoint must be the bundle's own.

    FaceNotUsableError where a photo shows no face.
    """
    manifest = bundle.manifest
    loaded = load_network(checkpoint, manifest.arch)
    if not is_source_of(loaded.checkpoint, manifest):
        raise FaceNotUsableError(f"{checkpoint} is not what the bundle was made of")
    found = find_faces(photos, selection=FaceSelection.LARGEST, show=False)
    for photo in photos:
        if photo not in found:
            raise FaceNotUsableError(f"no face in {photo}")
    chips = [found[photo].chip(manifest.feeding, manifest.template) for photo in photos]
    sides: tuple[Side, Side] = ("probe", "reference")
    probe, reference = (
        feed(chip, manifest.feeding, mirror=manifest.is_mirrored(side))
        for chip, side in zip(chips, sides, strict=True)
    )
    explained = explain_pair(
        loaded.fitted.network,
        probe,
        reference,
        metric=manifest.metric,
        normalise=manifest.normalise,
    )
    figure = Figure(figsize=(8, 8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2)
    for column, (photo, chip, heat) in enumerate(
        zip(photos, chips, (explained.probe, explained.reference), strict=True)
    ):
        axes[0][column].imshow(chip)
        axes[0][column].set_title(("probe: ", "reference: ")[column] + photo.name, fontsize=9)
        axes[1][column].imshow(_overlay(chip, heat))
    for row in axes:
        for one in row:
            one.set_axis_off()
    figure.suptitle(
        f"{manifest.name}: {_SCORES[manifest.metric]} {explained.score:.3f}, as the door scores\n"
        f"Grad-CAM at {explained.layer}"
    )
    figure.savefig(picture, dpi=110)
    return explained


def _overlay(
    chip: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], heat: Heat
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    from matplotlib import colormaps  # noqa: PLC0415

    colours = colormaps["inferno"](heat)[..., :3]
    return np.asarray(0.45 * chip / 255 + 0.55 * colours)
