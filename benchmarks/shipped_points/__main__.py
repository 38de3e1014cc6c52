"""Make the operating points that this release ships, from the shared test data and nothing else.

    python -m pip install gender-guesser==0.4.0       # first names, and whose they are
    python -m benchmarks.shipped_points ../shared/testdata --weights ../shared/models
    python -m benchmarks.shipped_points ... --check   # exit 1 where what is shipped differs

Thresholds are chosen on LFW's folds 1 and 2 and checked on folds 3 and 4, as `edgeverify calibrate`
does with --pairs and --attributes; those of references of the door's own camera on the people
of NUAA, ASL and GRID, as it does with --camera-column. What they rest on is kept in
docs/accuracy/evidence/. Faces are found once for all models; embeddings are kept in --cache, so a
run that was cut off goes on. Some ten minutes of two cores for four models.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.shipped_points.evidence import FOLDER, KeptFile
from benchmarks.shipped_points.making import Made, Order, make_points
from edgeverify.bundle.operating_points import MeasuredPoint, OperatingPointsFile
from edgeverify.errors import EdgeverifyError
from edgeverify.evaluation.calibrate import merged
from edgeverify.models.bundle_writer import write_points
from edgeverify.models.catalogue import shipped_operating_points
from edgeverify.models.folders import cache_directory, models_directory

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("sface", "strong", "mobilefacenet", "dlib-resnet")


def main() -> int:
    """Make the points and the evidence, or compare them with what is shipped."""
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
        with tempfile.TemporaryDirectory() as folder:
            made = make_points(order, Path(folder))
    except EdgeverifyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    differ = [name for name, each in made.items() if differs(name, each)]
    if not given.check:
        for name in differ:
            _write(name, made[name])
    said = "differs" if given.check else "written"
    print(f"{', '.join(differ) or 'nothing'} {said}; {len(made)} models measured")
    return int(given.check and bool(differ))


def differs(name: str, made: Made) -> bool:
    """Return whether what is shipped of a model says anything else; the day does not count."""
    shipped = shipped_operating_points(name)
    points = shipped.of_space(made.kept.embedding_space) if shipped else None
    if points is None or not (ROOT / FOLDER / f"{name}.json").is_file():
        return True
    return _undated(points.points) != _undated(made.points) or (
        KeptFile.read(ROOT, name) != made.kept
    )


def _undated(points: tuple[MeasuredPoint, ...]) -> list[MeasuredPoint]:
    return [point.model_copy(update={"date": ""}) for point in points]


def _write(name: str, made: Made) -> None:
    kept = ROOT / FOLDER / f"{name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(made.kept.model_dump_json() + "\n", encoding="utf-8")
    before: OperatingPointsFile | None = shipped_operating_points(name)
    file = merged(before, made.kept.embedding_space, made.points)
    target = ROOT / f"edgeverify/models/data/{name}.operating-points.json"
    target.write_text(file.model_dump_json(indent=1) + "\n", encoding="utf-8")
    # What is measured next is measured at them.
    write_points(models_directory(os.environ) / name, file)


if __name__ == "__main__":
    raise SystemExit(main())
