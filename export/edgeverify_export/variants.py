"""Adding FP16 and INT8 to a bundle that exists, however it was made.

The parts of a fusion are worked on one by one, and must then be named again by it (`renew`).
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.bundle.folder_writer import replace_file
from edgeverify.bundle.fusion import FusionBundle, load_fusion
from edgeverify.bundle.loading import Bundle
from edgeverify.bundle.verified_folder import MANIFEST_FILE, read_manifest
from edgeverify.errors import ParityError
from edgeverify.feeding.preprocessing import feed
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
from edgeverify_export.half import to_half
from edgeverify_export.int8 import RECIPES, Recipe, quantise
from edgeverify_export.parity.faces import spread
from edgeverify_export.parity.figures import Comparison, compare, failures
from edgeverify_export.parity.trial import Answers, Trial, ask, choose
from edgeverify_export.sessions import checked


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
