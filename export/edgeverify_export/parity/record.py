"""Writing what parity found into the bundle's manifest."""

from __future__ import annotations

from edgeverify.bundle.manifest import ParityFigures, Precision
from edgeverify_export.assemble import is_signed, models_of, rewrite
from edgeverify_export.parity.report import is_feeding_verified
from edgeverify_export.parity.run import ParityReport


def record_parity(report: ParityReport) -> str:
    """Record the figures of a run that passed; say what was done.

    The figures of ONNX Runtime on the CPU are kept, one a precision. A signed bundle is left as
    it is: its signature would no longer fit.
    """
    bundle = report.bundle
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
