"""Measure the figures that README, docs and `models list` show, and write them everywhere.

    python -m benchmarks.accuracy_figures ../shared/testdata --weights ../shared/models
    python -m benchmarks.accuracy_figures ... --check     # exit 1 where others are shown

At the shipped operating points (`python -m benchmarks.shipped_points` makes them): LFW's folds 3
and 4, whose people had no part in choosing a threshold, and whole transactions of NUAA's people,
all before one camera, at a door's defaults. Writes edgeverify/models/data/figures.json and the
tables (`python -m benchmarks.headline`). Embeddings are kept in --cache, as there.
"""

from __future__ import annotations

import sys

from benchmarks.accuracy_figures.measuring import figures_of
from benchmarks.headline import write_pages
from benchmarks.shipped_points.__main__ import ROOT
from benchmarks.shipped_points.asking import MODELS, asked
from benchmarks.shipped_points.making import Order, look_at_lfw
from benchmarks.shipped_points.one_pass import open_instruments
from edgeverify.errors import EdgeverifyError
from edgeverify.models.figures import FILE, FiguresFile, ModelFigures, shipped_figures
from edgeverify.vision.dominance import FaceSelection


def main() -> int:
    """Measure, and write or compare."""
    order, is_check = asked(__doc__)
    try:
        found = measure(order)
        before = shipped_figures().models
    except EdgeverifyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    differ = [name for name, figures in found.items() if before.get(name) != figures]
    if differ and not is_check:
        models = {name: (before | found)[name] for name in MODELS if name in before | found}
        file = FiguresFile(date=order.date, models=models)
        target = ROOT / "edgeverify/models" / FILE
        target.write_text(file.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_pages()
    said = "differs" if is_check else "written"
    print(f"{', '.join(differ) or 'nothing'} {said}; {len(found)} models measured")
    return int(is_check and bool(differ))


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
