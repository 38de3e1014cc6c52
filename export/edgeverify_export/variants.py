"""Adding FP16 and INT8 to a bundle that exists, however it was made.

The parts of a fusion are worked on one by one, and must then be named again by it (`renew`).

INT8 is made by ONNX Runtime's static quantisation, calibrated on real aligned faces, for CPUs. An
INT8 network has an embedding space of its own: its scores are not those of FP32.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.folder_writer import replace_file
from edgeverify.bundle.fusion import FusionBundle, load_fusion
from edgeverify.bundle.loading import Bundle
from edgeverify.bundle.verified_folder import MANIFEST_FILE, read_manifest
from edgeverify.errors import ParityError
from edgeverify.feeding.preprocessing import Batch, feed
from edgeverify.models.bundle_writer import as_file
from edgeverify.progress import Step, step_silently
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify_export.assemble import (
    extreme_chips,
    extreme_inputs,
    half_remark,
    models_of,
    rewrite,
)
from edgeverify_export.canonical_graph import canonical
from edgeverify_export.half import to_half
from edgeverify_export.parity.faces import spread
from edgeverify_export.parity.figures import Comparison, compare, failures
from edgeverify_export.parity.trial import Answers, Trial, ask, choose
from edgeverify_export.sessions import checked

_QUANTISED = ("Conv", "Gemm", "MatMul")

MIN_FACES = 16
"""Fewer calibration faces than this do not show the range of a network's values."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of quantising: how ranges are found, and which operators stay FP32.

    `ends`: the first operator sees pixels and the last three make the embedding. `depthwise`: a
    filter per channel, few numbers each, of very different ranges; they cost little, lose most.
    """

    words: str
    method: str
    ends_kept: bool
    depthwise_kept: bool


RECIPES = (
    Recipe("MinMax, all operators", "MinMax", ends_kept=False, depthwise_kept=False),
    Recipe("percentile, both ends in FP32", "Percentile", ends_kept=True, depthwise_kept=False),
    Recipe("MinMax, ends and depthwise in FP32", "MinMax", ends_kept=True, depthwise_kept=True),
    Recipe(
        "percentile, ends and depthwise in FP32", "Percentile", ends_kept=True, depthwise_kept=True
    ),
)
"""Tried in this order; the first that passes the parity gate is taken. Percentile is 99.999."""


def quantise(model: onnx.ModelProto, inputs: Sequence[Batch], recipe: Recipe) -> onnx.ModelProto:
    """Quantise convolutions and matrix products (QDQ, signed 8 bit, weights per channel).

    `inputs` are fed faces, float32 (1, 3, size, size) each; ParityError below 16 of them.
    """
    if len(inputs) < MIN_FACES:
        raise ParityError(
            f"{len(inputs)} faces are too few to calibrate INT8, at least {MIN_FACES} are needed"
        )
    from onnxruntime import quantization as q  # noqa: PLC0415 - a second

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, source)
        logging.disable(logging.WARNING)
        try:
            # The calibrators print their steps.
            with warnings.catch_warnings(), contextlib.redirect_stdout(None):
                warnings.simplefilter("ignore")
                q.quantize_static(
                    source,
                    target,
                    _reader(model.graph.input[0], inputs),
                    quant_format=q.QuantFormat.QDQ,
                    activation_type=q.QuantType.QUInt8,
                    weight_type=q.QuantType.QInt8,
                    per_channel=True,
                    reduce_range=False,
                    op_types_to_quantize=list(_QUANTISED),
                    nodes_to_exclude=_kept(model, recipe),
                    calibrate_method=q.CalibrationMethod[recipe.method],
                )
        finally:
            logging.disable(logging.NOTSET)
        return canonical(onnx.load(target, load_external_data=False))


def _kept(model: onnx.ModelProto, recipe: Recipe) -> list[str]:
    heavy = [node for node in model.graph.node if node.op_type in _QUANTISED]
    names = [node.name for node in heavy]
    kept = {names[0], *names[-3:]} if recipe.ends_kept else set()
    if recipe.depthwise_kept:
        kept |= {n.name for n in heavy if any(a.name == "group" and a.i > 1 for a in n.attribute)}
    return sorted(kept)


def _reader(entry: onnx.ValueInfoProto, inputs: Sequence[Batch]) -> object:
    from onnxruntime.quantization import CalibrationDataReader  # noqa: PLC0415

    fixed = entry.type.tensor_type.shape.dim[0].dim_value or 1

    class Faces(CalibrationDataReader):  # type: ignore[misc]
        """Gives one face after the other, by the graph's own input name."""

        def __init__(self) -> None:
            self._left: Iterator[Batch] = iter(inputs)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            """Return the next face, or None at the end."""
            batch = next(self._left, None)
            return None if batch is None else {entry.name: np.repeat(batch, fixed, axis=0)}

    return Faces()


def renew(bundle: FusionBundle) -> FusionBundle:
    """Name the parts of a fusion by their manifests of now, and load it back.

    For a part that got another precision or figures; its embedding space must be what it was.
    Until then the fusion does not load. BundleError where a part is another network.
    """
    parts = tuple(
        part.model_copy(
            update={"manifest_sha256": sha256_of(read_manifest(bundle.folder / part.name))}
        )
        for part in bundle.manifest.parts
    )
    manifest = bundle.manifest.model_copy(update={"parts": parts})
    replace_file(bundle.folder / MANIFEST_FILE, as_file(manifest))
    return load_fusion(bundle.folder)


_CALIBRATION_FACES = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way of quantising and how it did."""

    recipe: Recipe
    comparison: Comparison
    failures: tuple[str, ...]


def add_half(bundle: Bundle) -> tuple[Bundle, str]:
    """Add the FP16 graph, or make it again; gives the bundle and a word on it."""
    manifest = bundle.manifest
    model = onnx.load_model_from_string(bundle.model_bytes("fp32"))
    made = to_half(model, extreme_inputs(manifest.feeding, manifest.aligns_by))
    models = {
        **models_of(bundle),
        "fp16": checked(made.model).SerializeToString(deterministic=True),
    }
    parity = tuple(one for one in manifest.parity if one.precision != "fp16")
    return rewrite(bundle, models, parity=parity), half_remark(made)


def add_int8(
    bundle: Bundle,
    trial: Trial,
    *,
    threshold: float | None = None,
    flips_needed: bool = True,
    step: Step = step_silently,
) -> tuple[Bundle, tuple[Attempt, ...]]:
    """Add an INT8 graph that passes the parity gate on these faces.

    ParityError, and the bundle as it was, where none of the ways passes.
    """
    manifest = bundle.manifest
    feeding = manifest.feeding
    source = bundle.model_bytes("fp32")
    model = onnx.load_model_from_string(source)
    chips = [face.chip(feeding, manifest.aligns_by) for face in trial.faces]
    inputs = [feed(chip, feeding) for chip in spread(chips, _CALIBRATION_FACES)]
    extremes = extreme_chips(feeding.size)

    def answers(data: bytes, precision: str) -> Answers:
        session = OnnxRuntimeSession(
            data,
            device="cpu",
            precision="int8" if precision == "int8" else "fp32",
            threads=2,
        )
        try:
            return ask(session, manifest, chips, extremes)
        finally:
            session.close()

    step("embedding the faces in FP32")
    baseline = answers(source, "fp32")
    chosen = choose(bundle, baseline, trial, threshold)
    attempts: list[Attempt] = []
    for recipe in RECIPES:
        step(f"quantising: {recipe.words}")
        data = checked(quantise(model, inputs, recipe)).SerializeToString(deterministic=True)
        value = None if chosen is None else chosen.value
        comparison = compare(baseline, answers(data, "int8"), trial, manifest, value)
        wrong = tuple(failures(comparison, flips_needed=flips_needed))
        attempts.append(Attempt(recipe, comparison, wrong))
        if not wrong:
            parity = tuple(one for one in manifest.parity if one.precision != "int8")
            made = rewrite(
                bundle,
                {**models_of(bundle), "int8": data},
                parity=(*parity, comparison.as_manifest()),
            )
            return made, tuple(attempts)
    tried = "; ".join(f"{a.recipe.words}: {a.failures[0]}" for a in attempts)
    raise ParityError(
        f"INT8 of {manifest.name} does not pass the parity gate; the bundle is as it was ({tried})",
        advice="Stay with FP32 on this CPU, or give more and more varied faces.",
    )
