"""What `parity` does with either kind of bundle: run, then tell, draw and record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from edgeverify.bundle.fusion import FusionBundle
from edgeverify.bundle.loading import Bundle, PadBundle
from edgeverify.bundle.manifest import ParityFigures, Precision
from edgeverify.errors import ConfigError
from edgeverify_export.assemble import is_signed, models_of, rewrite
from edgeverify_export.parity import pad_report, report
from edgeverify_export.parity.fusion_run import run_fusion_parity
from edgeverify_export.parity.pad_run import gather_crops, run_pad_parity
from edgeverify_export.parity.report import is_feeding_verified
from edgeverify_export.parity.run import ParityReport, run_parity
from edgeverify_export.parity.trial import gather


def record_parity(report: ParityReport) -> str:
    """Record the figures of a run that passed; say what was done.

    The figures of ONNX Runtime on the CPU are kept, one a precision. A signed bundle is left as
    it is: its signature would no longer fit.
    """
    bundle = report.bundle
    if not isinstance(bundle, Bundle):
        raise TypeError("the figures of a fusion are its networks'")
    if is_signed(bundle):
        return "not recorded: the bundle is signed; run parity before signing"
    fresh: dict[Precision, ParityFigures] = {
        one.precision: one.as_manifest()
        for one in report.comparisons
        if one.name == "onnxruntime-cpu" and one.precision != "fp32"
    }
    kept = {one.precision: one for one in bundle.manifest.parity}
    kept.update(fresh)
    figures = tuple(kept[key] for key in sorted(kept))
    verified = is_feeding_verified(report) or bundle.manifest.feeding_verified
    if figures == bundle.manifest.parity and verified == bundle.manifest.feeding_verified:
        return "the bundle already says so"
    rewrite(bundle, models_of(bundle), parity=figures, feeding_verified=verified)
    return "recorded in the bundle's manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command line: where the faces are, and what else is compared."""

    images: Path
    pairs: Path | None
    checkpoint: Path | None
    threshold: float | None
    flips_needed: bool
    limit: int
    aligned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run's report, whatever it was over; `failures` is empty where it passed."""

    name: str
    failures: tuple[str, ...]
    as_json: Callable[[], str]
    print_table: Callable[[], None]
    write: Callable[[Path], tuple[Path, Path]]
    record: Callable[[], str]


def compare_forms(bundle: Bundle | PadBundle, asked: Asked) -> Outcome:
    """Run parity; ParityError where nothing could be compared, ConfigError for PAD with pairs."""
    return _embedder(bundle, asked) if isinstance(bundle, Bundle) else _pad(bundle, asked)


def _embedder(bundle: Bundle, asked: Asked) -> Outcome:
    found = run_parity(
        bundle,
        gather(asked.images, asked.pairs, limit=asked.limit, aligned=asked.aligned),
        checkpoint=asked.checkpoint,
        threshold=asked.threshold,
        flips_needed=asked.flips_needed,
    )
    return _outcome(found)


def _outcome(found: ParityReport) -> Outcome:
    return Outcome(
        name=found.bundle.name,
        failures=found.failures,
        as_json=partial(report.as_json, found),
        print_table=partial(report.print_table, found),
        write=partial(report.write_report, found),
        record=partial(record_parity, found),
    )


def compare_fusion(bundle: FusionBundle, asked: Asked) -> tuple[Outcome, ...]:
    """Run parity over a fusion: the whole first, then each of its networks by itself.

    The whole's failures are everybody's; only the networks have figures to record.
    """
    found = run_fusion_parity(
        bundle,
        gather(asked.images, asked.pairs, limit=asked.limit, aligned=asked.aligned),
        checkpoint=asked.checkpoint,
        threshold=asked.threshold,
        flips_needed=asked.flips_needed,
    )
    whole = replace(
        _outcome(found), record=lambda: "each network's figures are in its own manifest"
    )
    return (whole, *(_outcome(part) for part in found.parts))


def _pad(bundle: PadBundle, asked: Asked) -> Outcome:
    if asked.pairs is not None:
        raise ConfigError(
            f"{bundle.manifest.name} is a liveness bundle: it has no pairs to decide",
            advice="Leave out --pairs; flips are counted at its operating point, or --threshold.",
        )
    found = run_pad_parity(
        bundle,
        gather_crops(asked.images, bundle.manifest, limit=asked.limit),
        checkpoints=asked.checkpoint,
        threshold=asked.threshold,
        flips_needed=asked.flips_needed,
    )
    return Outcome(
        name=bundle.manifest.name,
        failures=found.failures,
        as_json=partial(pad_report.as_json, found),
        print_table=partial(pad_report.print_table, found),
        write=partial(pad_report.write_report, found),
        record=partial(pad_report.record, found),
    )
