"""The headline figures, written into every page that shows them from one place.

    python -m benchmarks.headline            # writes the pages of `PAGES`
    python -m benchmarks.headline --check    # exit 1 where a page shows other figures

What is shown comes from the operating points that the release ships (`edgeverify calibrate`) and
from docs/accuracy/one-camera.json (`edgeverify evaluate --sequences`, by model).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from edgeverify.bundle.operating_points import CheckedPoint, MeasuredPoint
from edgeverify.models.catalogue import load_catalogue, shipped_operating_points

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/accuracy.md", "docs/model-card.md", "README.md")
ONE_CAMERA = Path("docs/accuracy/one-camera.json")
BEGIN, END = "<!-- headline figures: python -m benchmarks.headline -->", "<!-- end -->"
FMR = 1e-4


class OneCamera(BaseModel):
    """Transactions of one model on people before one camera, at the door's default settings."""

    model_config = ConfigDict(extra="forbid")

    false_accepts: int
    impostor_attempts: int
    false_rejects: int
    mated_attempts: int


def table(root: Path = ROOT) -> str:
    """Return the table in Markdown."""
    seen = json.loads((root / ONE_CAMERA).read_text("utf-8"))
    titles = (
        "model",
        "threshold",
        "FMR on others",
        "in the worst group",
        "FNMR, one photo",
        "two photos",
        "one camera: let in wrongly",
        "refused wrongly",
    )
    rows = [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
    for entry in load_catalogue().models:
        one, two = _point(entry.name, 1), _point(entry.name, 2)
        if one is None or two is None:
            continue
        door = OneCamera.model_validate(seen[entry.name]) if entry.name in seen else None
        name = f"`{entry.name}`" + (" (not for a door)" if entry.weak else "")
        rows.append(
            f"| {name} | {one.threshold:.4f} | {_check(one).fmr:.1e} | {_worst(one)} | "
            f"{_missed(one)} | {_missed(two)} | {_transactions(door)} |"
        )
    return "\n".join(rows)


def with_table(text: str, made: str) -> str:
    """Put the table between the marks of a page; ValueError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    made, differ = table(), []
    for name in PAGES:
        before = (ROOT / name).read_text("utf-8")
        after = with_table(before, made)
        if after != before:
            differ.append(name)
            if not arguments.check:
                (ROOT / name).write_text(after, "utf-8")
    sys.stdout.write(
        f"{', '.join(differ) or 'nothing'} {'differs' if arguments.check else 'written'}\n"
    )
    return int(arguments.check and bool(differ))


def _point(name: str, photos: int) -> MeasuredPoint | None:
    file = shipped_operating_points(name)
    if file is None or not file.sets:
        return None
    return file.sets[0].at_most(FMR, "single", photos)


def _worst(point: MeasuredPoint) -> str:
    worst = point.worst_group
    if worst is None:
        return "not measured"
    return f"{worst.fmr:.1e} ({worst.name}: {worst.false_matches} of {worst.non_mated:,})"


def _check(point: MeasuredPoint) -> CheckedPoint:
    if point.check is None:
        raise ValueError("a shipped threshold was checked on other people")
    return point.check


def _transactions(door: OneCamera | None) -> str:
    if door is None:
        return "not measured | not measured"
    return (
        f"{door.false_accepts} of {door.impostor_attempts} | "
        f"{door.false_rejects} of {door.mated_attempts}"
    )


def _missed(point: MeasuredPoint) -> str:
    missed = _check(point).fnmr
    return "-" if missed is None else f"{100 * missed:.2f} %"


if __name__ == "__main__":
    raise SystemExit(main())
