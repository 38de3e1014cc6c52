"""Two photos, a checkpoint and its bundle: a picture of where the score comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import nn

from edgeverify.bundle.loading import Bundle
from edgeverify.errors import CheckpointError, FaceNotUsableError
from edgeverify.feeding.preprocessing import feed
from edgeverify.feeding.statement import Side
from edgeverify.vision.dominance import FaceSelection
from edgeverify_export.parity.faces import find_faces
from edgeverify_export.sources import load_source

if TYPE_CHECKING:
    from edgeverify.comparison import Metric
    from edgeverify.feeding.preprocessing import Batch

Heat = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The score of a pair, and for each face a map, float32 (size, size), 0 to 1."""

    score: float
    probe: Heat
    reference: Heat
    layer: str


def explain_pair(
    network: nn.Module,
    probe: Batch,
    reference: Batch,
    *,
    metric: Metric = "cosine",
    normalise: bool = True,
) -> Explained:
    """Explain the door's own score of two fed faces, by whichever metric.

    Each is float32 (1, 3, size, size), or (2, ...) with the mirror image last where that side has
    one; then the map is of both, put on the face. The maps weigh the channels of the last
    convolution that still has a width by the gradient of the score. CheckpointError where the
    network has no such layer.
    """
    name, layer = _last_convolution(network, probe)
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        output.retain_grad()
        kept.append(output)

    handle = layer.register_forward_hook(keep)
    try:
        network.eval()
        network.zero_grad(set_to_none=True)
        # A gradient flows even where every weight is frozen, because the input asks for it.
        first, second = (
            _pooled(network(torch.from_numpy(fed.copy()).requires_grad_()), normalise=normalise)
            for fed in (probe, reference)
        )
        score = _score(first, second, metric)
        score.backward()  # type: ignore[no-untyped-call]
    finally:
        handle.remove()
    size = probe.shape[-1]
    maps = [_map(activation, size) for activation in kept]
    return Explained(float(score.detach()), maps[0], maps[1], name)


def _pooled(raw: torch.Tensor, *, normalise: bool) -> torch.Tensor:
    """Add up the outputs of one face as `edgeverify.runtime.embed.pool` does."""
    total = raw.sum(dim=0)
    return nn.functional.normalize(total, dim=0) if normalise else total / len(raw)


def _score(probe: torch.Tensor, reference: torch.Tensor, metric: Metric) -> torch.Tensor:
    """Compare as `edgeverify.comparison.score` does: higher is more similar."""
    distance: torch.Tensor = torch.linalg.vector_norm(probe - reference)
    cosine: torch.Tensor = nn.functional.cosine_similarity(probe, reference, dim=0)
    return -distance if metric == "euclidean" else cosine


def _map(activation: torch.Tensor, size: int) -> Heat:
    gradient = activation.grad
    if gradient is None:
        raise CheckpointError("the score does not depend on the chosen layer")
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    heat = (weights * activation.detach()).sum(dim=1, keepdim=True)
    if len(heat) == 2:  # the mirror image's map, turned back
        heat = heat[:1] + heat[1:].flip(dims=(3,))
    heat = nn.functional.relu(heat)
    wide = nn.functional.interpolate(heat, size=(size, size), mode="bilinear", align_corners=False)
    values: Heat = wide[0, 0].numpy()
    top = float(values.max())
    return values / top if top > 0 else values


def _last_convolution(network: nn.Module, example: Batch) -> tuple[str, nn.Module]:
    """Find the last convolution whose output is at least 4 pixels wide."""
    seen: list[tuple[str, nn.Module]] = []
    handles = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):

            def note(
                module: nn.Module, _inputs: object, output: torch.Tensor, name: str = name
            ) -> None:
                if output.shape[-1] >= 4:
                    seen.append((name, module))

            handles.append(module.register_forward_hook(note))
    try:
        with torch.no_grad():
            network(torch.from_numpy(example.copy()))
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise CheckpointError("the network has no convolution to look at")
    return seen[-1]


_SCORES = {"cosine": "cosine", "euclidean": "minus the distance"}


def explain_photos(
    bundle: Bundle, checkpoint: Path, photos: tuple[Path, Path], picture: Path
) -> Explained:
    """Write the side-by-side PNG and give the maps; the checkpoint must be the bundle's own.

    FaceNotUsableError where a photo shows no face.
    """
    manifest = bundle.manifest
    loaded = load_source(checkpoint, manifest)
    found = find_faces(photos, selection=FaceSelection.LARGEST, show=False)
    for photo in photos:
        if photo not in found:
            raise FaceNotUsableError(f"no face in {photo}")
    chips = [found[photo].chip(manifest.feeding, manifest.aligns_by) for photo in photos]
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
