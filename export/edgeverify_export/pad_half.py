"""The FP16 graphs of a PAD bundle: converted as an embedder's, compared before they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx

from edgeverify.bundle.golden_frames import COUNT, golden_box, golden_frame
from edgeverify.bundle.loading import PadBundle, load_pad_bundle
from edgeverify.bundle.manifest import PadManifest, PadNetwork, Precision
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.errors import ParityError
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.feeding.statement import Feeding
from edgeverify.models.bundle_writer import PadRecipe, write_pad
from edgeverify_export.assemble import extreme_chips, half_remark
from edgeverify_export.half import to_half
from edgeverify_export.parity.pad_figures import PadAnswers, compare_pad, pad_failures
from edgeverify_export.sessions import checked, run_graph


@dataclass(frozen=True, slots=True)
class Halves:
    """FP16 graphs by file name, the networks that know of them, and a word on each."""

    models: Mapping[str, bytes]
    networks: tuple[PadNetwork, ...]
    remarks: tuple[str, ...]


def make_halves(
    networks: Sequence[PadNetwork], models: Mapping[str, bytes], feeding: Feeding, live_index: int
) -> Halves:
    """Convert each network; inputs and outputs stay float32.

    Compared with FP32 on made-up pictures, by the gate of `edgeverify-export parity`, which looks
    at real faces; ParityError where they fail it. ONNX Runtime's CPU provider computes FP16 in
    FP32, so this proves the conversion.
    """
    halves: dict[str, bytes] = {}
    remarks = []
    single, half = [], []
    for network in networks:
        inputs = np.concatenate([pad_inputs(feeding), golden_crops(feeding, network.crop_scale)])
        made = to_half(onnx.load_model_from_string(models[network.file]), inputs)
        data = checked(made.model).SerializeToString(deterministic=True)
        halves[half_name(network.file)] = data
        remarks.append(f"{network.file}: {half_remark(made)}")
        single.append(run_graph(models[network.file], inputs))
        half.append(run_graph(data, inputs))
    worst = _require_close(_answers("fp32", single), _answers("fp16", half), live_index)
    known = tuple(n.model_copy(update={"half_file": half_name(n.file)}) for n in networks)
    remarks.append(f"FP32 and FP16 differ by {worst:.2g} in P(live) at most, on made-up pictures")
    return Halves(halves, known, tuple(remarks))


def _answers(precision: Precision, rows: Sequence[Batch]) -> PadAnswers:
    # Black, white and noise stand first.
    return PadAnswers(
        name="onnxruntime-cpu",
        precision=precision,
        values=tuple(rows),
        extremes=tuple(row[:3] for row in rows),
    )


def _require_close(single: PadAnswers, half: PadAnswers, live_index: int) -> float:
    comparison = compare_pad(single, half, live_index, None)
    failures = pad_failures(comparison, flips_needed=False)
    if failures:
        raise ParityError(
            f"the FP16 and FP32 graphs give different answers: {failures[0]}",
            advice="Make the bundle with --no-fp16; it then runs in FP32 everywhere.",
        )
    return comparison.max_live_difference


def add_pad_half(bundle: PadBundle) -> tuple[PadBundle, tuple[str, ...]]:
    """Add FP16 graphs to a bundle, or make them again; its identity and points stay.

    ParityError leaves the bundle as it was.
    """
    manifest = bundle.manifest
    models = {n.file: bundle.read(manifest, n.file) for n in manifest.networks}
    halves = make_halves(manifest.networks, models, manifest.feeding, manifest.live_index)
    parity = tuple(one for one in manifest.parity if one.precision != "fp16")
    recipe = replace(pad_recipe_of(manifest), networks=halves.networks, parity=parity)
    return rewrite_pad(bundle, recipe, {**models, **halves.models}), halves.remarks


def rewrite_pad(bundle: PadBundle, recipe: PadRecipe, models: Mapping[str, bytes]) -> PadBundle:
    """Rewrite a PAD bundle; its identity and points stay."""
    write_pad(bundle.folder, recipe, models, bundle.points or OperatingPointsFile.of(()))
    return load_pad_bundle(bundle.folder)


def pad_recipe_of(manifest: PadManifest) -> PadRecipe:
    """Take a manifest back to what was stated."""
    return PadRecipe(
        name=manifest.name,
        arch=manifest.arch,
        feeding=manifest.feeding,
        networks=manifest.networks,
        classes=manifest.classes,
        live_index=manifest.live_index,
        licence=manifest.licence,
        notes=manifest.notes,
        tool_versions=manifest.tool_versions,
        parity=manifest.parity,
    )


def half_name(file: str) -> str:
    """`NAME.onnx` to `NAME.fp16.onnx`."""
    return file.removesuffix(".onnx") + ".fp16.onnx"


def pad_inputs(feeding: Feeding) -> Batch:
    """Black, white, noise and smooth pictures, fed: float32 (6, 3, size, size)."""
    size = feeding.size
    ramp = np.linspace(0, 255, size, dtype=np.uint8)
    smooth = [
        np.stack([np.add.outer(ramp // a, ramp // b)] * 3, axis=-1).astype(np.uint8)
        for a, b in ((2, 2), (3, 2), (2, 5))
    ]
    return np.concatenate([feed(chip, feeding) for chip in (*extreme_chips(size), *smooth)])


def golden_crops(feeding: Feeding, crop_scale: float) -> Batch:
    """Crops of the golden frames, fed: float32 (3, 3, size, size)."""
    crops = []
    for index in range(COUNT):
        left, top, width, height = golden_box(index)
        crop = crop_around_box(
            golden_frame(index),
            left=left,
            top=top,
            width=width,
            height=height,
            crop_scale=crop_scale,
            size=feeding.size,
        )
        crops.append(feed(crop, feeding))
    return np.concatenate(crops)
