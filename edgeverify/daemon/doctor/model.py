"""The model: bundle, back end, golden answers, threshold, liveness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding, fault_found, of_degradation
from edgeverify.domain import Degradation, FaultName, OperatingPoint
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.models.folders import models_directory
from edgeverify.progress import download_bar
from edgeverify.verifier.verifier import NOT_VERIFIED, Verifier, open_verifier
from edgeverify.vision.opening import open_finder


def look_at_model(
    config: LoadedConfig,
    environ: Mapping[str, str],
    look_further: Callable[[Verifier], Iterator[Finding]] | None = None,
) -> Iterator[Finding]:
    """Open what the config names, as the daemon would; `look_further` with it open.

    Raises EdgeverifyError.
    """
    settings = config.settings
    try:
        with download_bar() as progress:
            verifier = open_verifier(
                settings,
                config.folder,
                models_directory(environ),
                at_door=True,
                progress=progress,
            )
    except RuntimeUnavailableError as error:
        yield fault_found("model", FaultName.MODEL_UNAVAILABLE, error.problem, error.advice)
        return
    try:
        seen = (
            f"{verifier.bundle.name} on {verifier.runtime}, golden cosine "
            f"{verifier.golden_cosine:.5f}"
        )
        if not verifier.is_feeding_verified:
            seen += f", {NOT_VERIFIED}"
        yield Finding(part="model", is_well=True, seen=seen)
        if verifier.weakness:
            yield fault_found("model", FaultName.MODEL_WEAK, verifier.weakness)
        finder = open_finder(verifier.vision, settings.vision)
        finder.close()
        named = verifier.vision.manifest.name
        seen = f"{named} on LiteRT, golden points {finder.golden_pixels:.3f} pixels off"
        yield Finding(part="faces", is_well=True, seen=seen)
        yield from _refused(verifier.opened.refused, "")
        yield from look_at_threshold(verifier.point(settings))
        yield from look_at_liveness(verifier, config)
        if look_further is not None:
            yield from look_further(verifier)
    finally:
        verifier.close()


def look_at_threshold(point: OperatingPoint) -> Iterator[Finding]:
    """Yield which rate stands behind the threshold, how thin that is, and for whom it holds."""
    seen = f"{point.threshold:.4f}: {point.evidence}"
    if point.max_fmr is None:
        yield fault_found("threshold", FaultName.THRESHOLD_BY_HAND, seen)
        return
    yield Finding(part="threshold", is_well=True, seen=seen)
    if point.caution:
        yield Finding(part="threshold", is_well=True, seen=f"thin: {point.caution}")
    if point.not_held:
        yield fault_found("groups", FaultName.RATE_NOT_HELD, point.not_held)
    else:
        worst = point.worst_group or "no group of people was measured"
        yield Finding(part="groups", is_well=True, seen=worst)


def look_at_liveness(verifier: Verifier, config: LoadedConfig) -> Iterator[Finding]:
    """Yield what proves that somebody is alive, and what of it does not work."""
    plan = verifier.plan(config.settings)
    if plan.is_off:
        yield fault_found("liveness", FaultName.LIVENESS_OFF, "switched off in the config")
        return
    for notice in verifier.notices:
        yield of_degradation("liveness", notice)
    if not plan.can_run:
        yield fault_found("liveness", FaultName.LIVENESS_UNAVAILABLE, "no PAD bundle works")
    elif not verifier.notices:
        words = " and ".join(name for name in ("passive", "challenge") if getattr(plan, name))
        opened = verifier.opened_pad
        on = "" if opened is None else f" (on {opened.sessions[0].name})"
        yield Finding(part="liveness", is_well=True, seen=words + on)
        if opened is not None and opened.refused != verifier.opened.refused:
            yield from _refused(opened.refused, "liveness ")


def _refused(refused: tuple[Degradation, ...], whose: str) -> Iterator[Finding]:
    for back_end in refused:
        yield Finding(
            part="runtime",
            is_well=True,
            seen=f"{whose}not {back_end.name}: {back_end.detail}",
            fault=back_end.name.value,
        )
