"""Make the operating points that this release ships, from the shared test data and nothing else.

    python -m pip install gender-guesser==0.4.0       # first names, and whose they are
    python -m benchmarks.shipped_points ../shared/testdata --weights ../shared/models
    python -m benchmarks.shipped_points ... --check   # exit 1 where what is shipped differs by more
                                                      # than another processor rounds

Thresholds are chosen on LFW's folds 1 and 2 and checked on folds 3 and 4, as `edgeverify calibrate`
does with --pairs and --attributes; those of references of the door's own camera on the people
of NUAA, ASL and GRID, as it does with --camera-column. What they rest on is kept in
docs/accuracy/evidence/. Faces are found once for all models; embeddings are kept in --cache, so a
run that was cut off goes on. Some ten minutes of two cores for four models.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.shipped_points.asking import asked
from benchmarks.shipped_points.comparing import evidence_differs, moved, points_differ
from benchmarks.shipped_points.evidence import FOLDER, KeptFile
from benchmarks.shipped_points.making import Made, make_points
from edgeverify.bundle.operating_points import OperatingPointsFile
from edgeverify.errors import EdgeverifyError
from edgeverify.evaluation.calibrate import merged
from edgeverify.models.bundle_writer import write_points
from edgeverify.models.catalogue import shipped_operating_points
from edgeverify.models.folders import models_directory

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Make the points and the evidence, or compare them with what is shipped."""
    order, is_check = asked(__doc__)
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = make_points(order, Path(folder))
    except EdgeverifyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    differ = {name: said for name, each in made.items() if (said := differences(name, each))}
    for name, said in differ.items():
        print(*(f"{name}: {line}" for line in said), sep="\n")
    if not is_check:
        for name in differ:
            _write(name, made[name])
    outcome = "differs" if is_check else "written"
    print(f"{', '.join(differ) or 'nothing'} {outcome}; {len(made)} models measured")
    return int(is_check and bool(differ))


def differences(name: str, made: Made) -> list[str]:
    """Return in words what is shipped of a model that says anything else; the day does not count.

    What another processor rounds otherwise does not count either (`comparing`), and is told.
    """
    shipped = shipped_operating_points(name)
    points = shipped.of_space(made.kept.embedding_space) if shipped else None
    if points is None or not (ROOT / FOLDER / f"{name}.json").is_file():
        return ["no points of this model are shipped"]
    kept = KeptFile.read(ROOT, name)
    if kept.single[0].non_mated.count == made.kept.single[0].non_mated.count:
        rounded = moved(kept.single[0].non_mated, made.kept.single[0].non_mated)
        print(f"{name}: {rounded} kept scores of single photos stand in the step beside")
    return [*points_differ(points.points, made.points), *evidence_differs(kept, made.kept)]


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
