"""The counted frame of the release before LiteRT, run by its own Python and asked over pipes.

`python worker_before.py BUNDLE THREADS`; its modules lie where that release had them.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from answering import answer  # type: ignore[import-not-found, unused-ignore]


def main(name: str, threads: int) -> None:
    """Open the pipeline as that release's door does, and answer."""
    import edgeverify.evaluation.bench as bench  # type: ignore[import-not-found, unused-ignore] # noqa: PLC0415, PLR0402

    from edgeverify import comparison, domain, pipeline, settings  # noqa: PLC0415
    from edgeverify.models import build, folders  # noqa: PLC0415
    from edgeverify.runtime import bundle, open_session  # noqa: PLC0415
    from edgeverify.vision import dominance  # noqa: PLC0415

    old: Any = pipeline
    found: Any = bundle.load_bundle(
        build.resolve_bundle(name, folders.models_directory(os.environ))
    )
    model = settings.ModelSettings(runtime="onnxruntime-cpu", threads=threads)
    opened = old.open_pipeline(
        found,
        open_session.open_session(found, model).session,
        quality=settings.QualitySettings(),
        vision=settings.VisionSettings(),
        point=domain.OperatingPoint(threshold=1.0, max_fmr=None, evidence="benchmark"),
    )
    reference = bench.random_references(1, opened)
    answer(
        lambda rgb: opened.probe(rgb, dominance.FaceSelection.LARGEST),
        lambda embedding: comparison.compare_all(embedding, reference, threshold=1.0),
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
