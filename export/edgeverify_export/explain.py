"""Two photos, a checkpoint and its bundle: a picture of where the score comes from."""

from __future__ import annotations

from collections.abc import Sequence
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
from edgeverify.bundle.manifest import Manifest
from edgeverify.domain import RgbImage
from edgeverify.errors import CheckpointError, FaceNotUsableError, ImageError
from edgeverify.evaluation.pictures.fonts import give_glyphs
from edgeverify.feeding.preprocessing import as_seen, feed
from edgeverify.feeding.statement import Side
from edgeverify.vision.dominance import FaceSelection
from edgeverify_export.parity.faces import find_faces, read_rgb
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
    layer_name: str | None = None,
    alone: bool = False,
) -> Explained:
    """Explain the door's own score of two fed faces, by whichever metric.

    Each is float32 (1, 3, size, size), or (2, ...) with the mirror image last where that side has
    one; then the map is of both, put on the face. The maps weigh the channels of a layer, by
    default the last convolution that still has a width, by the gradient of the score; with `alone`
    by that of the probe's embedding before it is normalised, in its own direction.
    CheckpointError where the network has no such layer.
    """
    name, layer = _layer(network, probe, layer_name)
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
            _pooled(
                network(torch.from_numpy(fed.copy()).requires_grad_()),
                normalise=normalise and not alone,
            )
            for fed in ((probe, probe) if alone else (probe, reference))
        )
        score = _strength(first) if alone else _score(first, second, metric)
        score.backward()  # type: ignore[no-untyped-call]
    finally:
        handle.remove()
    size = probe.shape[-1]
    maps = [_map(activation, size) for activation in (kept[:1] if alone else kept)]
    return Explained(float(score.detach()), maps[0], maps[-1], name)


def _pooled(raw: torch.Tensor, *, normalise: bool) -> torch.Tensor:
    """Add up the outputs of one face as `edgeverify.runtime.embed.pool` does."""
    total = raw.sum(dim=0)
    return nn.functional.normalize(total, dim=0) if normalise else total / len(raw)


def _score(probe: torch.Tensor, reference: torch.Tensor, metric: Metric) -> torch.Tensor:
    """Compare as `edgeverify.comparison.score` does: higher is more similar."""
    distance: torch.Tensor = torch.linalg.vector_norm(probe - reference)
    cosine: torch.Tensor = nn.functional.cosine_similarity(probe, reference, dim=0)
    return -distance if metric == "euclidean" else cosine


def _strength(embedding: torch.Tensor) -> torch.Tensor:
    """Return how far an embedding reaches in its own direction: what one face shows by itself."""
    direction = nn.functional.normalize(embedding, dim=0).detach()
    return embedding @ direction


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
    convolutions = _maps(network, example)
    if not convolutions:
        raise CheckpointError(
            "the network has no convolution whose output is 4 pixels wide: Grad-CAM looks at one",
            advice="`edgeverify explain` needs none: it covers parts of the face and compares.",
        )
    return convolutions[-1]


def _layer(network: nn.Module, example: Batch, name: str | None) -> tuple[str, nn.Module]:
    """Find the layer that is named, or the last convolution with a width."""
    if name is None:
        return _last_convolution(network, example)
    known = dict(network.named_modules())
    maps = [one for one, _ in _maps(network, example, every=True)]
    # A part of the network that is not run as one stands for the last map within it.
    within = [one for one in maps if one.startswith(f"{name}.")]
    if name not in maps and within:
        return within[-1], known[within[-1]]
    if name not in maps:
        what = "gives no map of at least 4 pixels" if name in known else "is not there"
        likely = [one for one, module in known.items() if isinstance(module, nn.Conv2d)]
        shown = ", ".join([one for one in likely if one in maps][-6:])
        raise CheckpointError(
            f"--layer {name} {what}", advice=f"The last that do: {shown}. Or leave out --layer."
        )
    return name, known[name]


def _maps(
    network: nn.Module, example: Batch, *, every: bool = False
) -> list[tuple[str, nn.Module]]:
    """List convolutions, or every module, that give a map of at least 4 pixels, as they run."""
    seen: list[tuple[str, nn.Module]] = []
    handles = []
    for name, module in network.named_modules():
        if name and (every or isinstance(module, nn.Conv2d)):

            def note(
                module: nn.Module, _inputs: object, output: torch.Tensor, name: str = name
            ) -> None:
                if isinstance(output, torch.Tensor) and output.ndim == 4 and output.shape[-1] >= 4:
                    seen.append((name, module))

            handles.append(module.register_forward_hook(note))
    try:
        with torch.no_grad():
            network(torch.from_numpy(example.copy()))
    finally:
        for handle in handles:
            handle.remove()
    return seen


_SCORES = {"cosine": "cosine", "euclidean": "minus the distance"}


def explain_photos(
    bundle: Bundle,
    checkpoint: Path,
    photos: Sequence[Path],
    picture: Path,
    *,
    layer: str | None = None,
) -> Explained:
    """Write the side-by-side PNG and give the maps; the checkpoint must be the bundle's own.

    `photos` are probe and reference, or one photo: then it shows what makes that face's own
    embedding. FaceNotUsableError where a photo shows no face,
    ImageError where one cannot be read.
    """
    manifest = bundle.manifest
    for photo in photos:
        if not photo.is_file():
            raise ImageError(f"no such file: {photo}", advice="Check the path.")
    loaded = load_source(checkpoint, manifest)
    found = find_faces(tuple(photos), selection=FaceSelection.LARGEST, show=False)
    for photo in photos:
        if photo not in found:
            read_rgb(photo)
            raise FaceNotUsableError(f"no face in {photo}")
    chips = [found[photo].chip(manifest.feeding, manifest.aligns_by) for photo in photos]
    pair = (chips[0], chips[-1])
    sides: tuple[Side, Side] = ("probe", "reference")
    probe, reference = (
        feed(chip, manifest.feeding, mirror=manifest.is_mirrored(side))
        for chip, side in zip(pair, sides, strict=True)
    )
    explained = explain_pair(
        loaded.fitted.network,
        probe,
        reference,
        metric=manifest.metric,
        normalise=manifest.normalise,
        layer_name=layer,
        alone=len(photos) == 1,
    )
    shown = [as_seen(chip, manifest.feeding) for chip in chips]
    _draw(manifest, photos, shown, explained, picture)
    return explained


def _draw(
    manifest: Manifest,
    photos: Sequence[Path],
    chips: Sequence[RgbImage],
    explained: Explained,
    picture: Path,
) -> None:
    figure = Figure(figsize=(4 * len(photos), 8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(photos), squeeze=False)
    heats = (explained.probe, explained.reference)
    for column, (photo, chip) in enumerate(zip(photos, chips, strict=True)):
        role = ("probe: ", "reference: ")[column] if len(photos) > 1 else ""
        axes[0][column].imshow(chip)
        axes[0][column].set_title(role + photo.name, fontsize=9)
        axes[1][column].imshow(_overlay(chip, heats[column]))
    for row in axes:
        for one in row:
            one.set_axis_off()
    what = f"{_SCORES[manifest.metric]} {explained.score:.3f}, as the door scores"
    if len(photos) == 1:
        what = f"length of the embedding {explained.score:.3f}"
    figure.suptitle(f"{manifest.name}: {what}\nGrad-CAM at {explained.layer}")
    give_glyphs(figure)
    figure.savefig(picture, dpi=110)


def _overlay(
    chip: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], heat: Heat
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    from matplotlib import colormaps  # noqa: PLC0415

    colours = colormaps["inferno"](heat)[..., :3]
    return np.asarray(0.45 * chip / 255 + 0.55 * colours)
