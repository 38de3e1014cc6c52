"""Measure the figures that README, docs and `models list` show, and write them everywhere.

    python -m benchmarks.accuracy_figures ../shared/testdata --weights ../shared/models
    python -m benchmarks.accuracy_figures ... --check     # exit 1 where others are shown

At the shipped operating points (`python -m benchmarks.shipped_points` makes them): LFW's folds 3
and 4, whose people had no part in choosing a threshold, and whole transactions of NUAA's people,
all before one camera, at a door's defaults. Writes edgeverify/models/data/figures.json and the
tables (`python -m benchmarks.headline`). Embeddings are kept in --cache, as there.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.accuracy_figures.measuring import figures_of
from benchmarks.headline import write_pages
from benchmarks.shipped_points.__main__ import MODELS, ROOT
from benchmarks.shipped_points.making import Order, look_at_lfw
from benchmarks.shipped_points.one_pass import open_instruments
from edgeverify.errors import EdgeverifyError
from edgeverify.models.figures import FILE, FiguresFile, ModelFigures, shipped_figures
from edgeverify.models.folders import cache_directory
from edgeverify.vision.dominance import FaceSelection


def main() -> int:
    """Measure, and write or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("testdata", type=Path)
    parser.add_argument("--weights", type=Path, help="trained models; without it they are fetched")
    parser.add_argument("--model", action="append", choices=MODELS, help="only these; all")
    parser.add_argument("--cache", type=Path, default=cache_directory(os.environ) / "evaluation")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    order = Order(
        testdata=given.testdata,
        weights=given.weights,
        cache=given.cache,
        threads=given.threads,
        models=tuple(given.model or MODELS),
        date=datetime.now(tz=timezone.utc).date().isoformat(),
    )
    try:
        found = measure(order)
        before = shipped_figures().models
    except EdgeverifyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    differ = [name for name, figures in found.items() if before.get(name) != figures]
    if differ and not given.check:
        models = {name: (before | found)[name] for name in MODELS if name in before | found}
        file = FiguresFile(date=order.date, models=models)
        target = ROOT / "edgeverify/models" / FILE
        target.write_text(file.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_pages()
    said = "differs" if given.check else "written"
    print(f"{', '.join(differ) or 'nothing'} {said}; {len(found)} models measured")
    return int(given.check and bool(differ))


def measure(order: Order) -> dict[str, ModelFigures]:
    """Measure every model of the order at the thresholds that it ships. EdgeverifyError."""
    weights, threads = order.weights, order.threads
    with (
        open_instruments(
            order.models, FaceSelection.CENTRAL, weights=weights, threads=threads
        ) as central,
        open_instruments(
            order.models, FaceSelection.DOMINANT, weights=weights, threads=threads
        ) as dominant,
    ):
        look_at_lfw(order, central)
        return {name: figures_of(order, central[name], dominant[name]) for name in order.models}


if __name__ == "__main__":
    raise SystemExit(main())
