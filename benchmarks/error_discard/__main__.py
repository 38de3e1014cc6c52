r"""Which quality gate earns its refusals: error-versus-discard curves on real faces.

    python -m benchmarks.error_discard --bundle dlib-resnet --bundle mobilefacenet \
        --testdata ../shared/testdata --out docs/quality

Writes, for each bundle, a JSON and two PNGs: FNMR (at a threshold for FMR 1e-4 of all non-mated
LFW pairs) of the mated pairs that are left while those with the worst figure are refused first.
Pairs: LFW (folds 1 to 4 of View 2, the listed mated pairs), NUAA (live webcam frames, every pair
across sessions of 0001, 0005 and 0007) and Yale (each person's `normal` against their others).
Few of these faces are as small, blurred or dark as a gate is there for, so the NUAA frames are
also made worse, each by a level drawn from a fixed seed, and compared with the frames of the other
sessions as they are. A pair's figure is the worse of its two faces'. No gate refuses meanwhile.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from benchmarks.error_discard.looking import see
from benchmarks.error_discard.material import Worse, lfw, made_worse, nuaa, yale
from benchmarks.error_discard.measuring import (
    against_strangers,
    all_non_mated,
    report_set,
    usable_pairs,
)
from benchmarks.error_discard.pictures import plot, plot_worse
from benchmarks.error_discard.report import FMR, Report
from benchmarks.error_discard.table import print_table
from edgeverify.bundle.loading import load_bundle
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.statistics.rates import threshold_at_fmr
from edgeverify.models.build import resolve_bundle
from edgeverify.models.folders import models_directory
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings
from edgeverify.vision.embedder import NetworkEmbedder


def main() -> None:
    """Measure, print a table, write JSON and PNG."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--bundle", action="append", required=True)
    parser.add_argument("--testdata", type=Path, default=Path("../shared/testdata"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/error-discard"))
    parser.add_argument("--out", type=Path, default=Path("docs/quality"))
    arguments = parser.parse_args()
    embedders = []
    for name in arguments.bundle:
        bundle = load_bundle(resolve_bundle(name, models_directory(os.environ), folder=Path.cwd()))
        opened = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu", threads=1))
        embedders.append(NetworkEmbedder(bundle, opened.session))
    sets = [make(arguments.testdata) for make in (yale, nuaa, lfw)]
    sets += [made_worse(sets[1], worse) for worse in Worse]
    seen = [see(chosen, embedders, arguments.cache) for chosen in sets]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, embedder in enumerate(embedders):
        manifest = embedder.manifest
        if manifest.metric != "cosine" or not manifest.normalise:
            raise EvaluationError("this benchmark compares normalised embeddings by cosine")
        names, faces = sets[2].people, seen[2].has_face
        non_mated = all_non_mated(seen[2].embeddings[number][faces], np.array(names)[faces])
        threshold = threshold_at_fmr(non_mated, FMR)
        report = Report(
            bundle=manifest.name,
            threshold=threshold,
            fmr=FMR,
            non_mated=len(non_mated),
            sets=tuple(
                report_set(chosen, had, number, threshold).model_copy(
                    update={"strangers": against_strangers(chosen, had, seen[2], number, threshold)}
                )
                for chosen, had in zip(sets, seen, strict=True)
            ),
        )
        target = arguments.out / f"error-discard-{manifest.name}"
        target.with_suffix(".json").write_text(report.model_dump_json(indent=1) + "\n")
        plot(
            target.with_suffix(".png"),
            manifest.name,
            [
                (chosen, *usable_pairs(chosen, had, number))
                for chosen, had in zip(sets[:3], seen[:3], strict=True)
            ],
            threshold,
        )
        plot_worse(arguments.out / f"worse-{manifest.name}.png", report, sets)
        print_table(report)


if __name__ == "__main__":
    main()
