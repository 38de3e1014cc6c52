"""The tables of measured figures that pages show, in Markdown: a column a model."""

from __future__ import annotations

from collections.abc import Sequence

from edgeverify.bundle.measured_point import CheckedPoint, MeasuredPoint
from edgeverify.models.catalogue import load_catalogue, shipped_operating_points
from edgeverify.models.figures import Lost, ModelFigures, OneCamera, shipped_figures

FMR = 1e-4
GOALS = {"sface": (0.025, 0.015), "strong": (0.02, 0.01)}
"""FNMR at FMR 1e-4 at most: with the gates off, and with covered faces refused."""
MAX_FRR = 0.01


ROWS = (
    "",
    "threshold at the door, one photo",
    "FMR there, on other people",
    "in the worst group of people",
    "FNMR there",
    "FNMR there, covered faces refused",
    "FNMR there, all of the door's gates",
    "FNMR there, two photos, gates off",
    "FNMR where these people's own FMR is 1e-4 (95 %)",
    "the same, covered faces refused",
    "the same, all of the door's gates",
    "accuracy",
    "one camera, one photo: let in wrongly",
    "one camera, one photo: refused wrongly",
    "one camera, three photos: let in wrongly",
    "one camera, three photos: refused wrongly",
)
SHORT = ("", *ROWS[1:5], *ROWS[7:10], *ROWS[12:14])
"""What README shows of it."""


def table(titles: Sequence[str] = ROWS) -> str:
    """Return the table in Markdown: a row a figure, a column a model; those of `titles` alone."""
    figures = shipped_figures().models
    columns = []
    for name in figures:
        one, two = _point(name, 1), _point(name, 2)
        if one is not None and two is not None:
            cells = dict(zip(ROWS, [_title(name), *_column(one, two, figures[name])], strict=True))
            columns.append([cells[title] for title in titles])
    return _markdown(titles, columns)


def camera_table() -> str:
    """Return in Markdown what happens before one camera, at the door's thresholds."""
    figures = shipped_figures().models
    columns = []
    for name, found in figures.items():
        seen, one, three = found.pictures, found.one_camera[1], found.one_camera[3]
        rate = 100 * seen.false_matches / seen.non_mated
        columns.append(
            [
                _title(name),
                f"{found.door.threshold:.4f}",
                f"{seen.false_matches:,} of {seen.non_mated:,} ({rate:.3g} %)",
                f"{seen.gated_false_matches:,} of {seen.gated_non_mated:,}",
                f"{seen.lost:,} of {seen.mated:,} ({100 * seen.lost / seen.mated:.3g} %)",
                f"{one.pairs_confused} of {one.pairs}",
                f"{three.pairs_confused} of {three.pairs}",
                _transactions(one)[0],
                _transactions(one)[1],
            ]
        )
    return _markdown(CAMERA_ROWS, columns)


CAMERA_ROWS = (
    "",
    "the door's threshold, one photo",
    "pictures of two people that match, gates off",
    "the same, gates on",
    "pictures of one person that do not match, gates off",
    "pairs of people who are taken for one another (3 of 5 frames, references of one frame)",
    "the same with references of three frames",
    "impostor transactions let in, references of one frame",
    "their own refused across sessions (three people)",
)


def goals_table() -> str:
    """Return in Markdown which goals are reached; a goal that is missed says so."""
    columns = [["goal", *(f"{100 * one:g} %; strong {100 * other:g} %" for one, other in _GOALS)]]
    columns[0] += ["0", f"{100 * MAX_FRR:g} %"]
    for name, (off, uncovered) in GOALS.items():
        found = shipped_figures().models[name]
        one = found.one_camera[1]
        refused = one.false_rejects / one.mated_attempts
        columns.append(
            [
                name,
                _reached(_lost(found.own, is_bounded=True), is_so=found.own.fnmr <= off),
                _reached(
                    _lost(found.own_uncovered, is_bounded=True),
                    is_so=found.own_uncovered.fnmr <= uncovered,
                ),
                _reached(_transactions(one)[0], is_so=one.false_accepts == 0),
                _reached(_transactions(one)[1], is_so=refused <= MAX_FRR),
            ]
        )
    return _markdown(GOAL_ROWS, columns)


_GOALS = tuple(zip(*GOALS.values(), strict=True))
GOAL_ROWS = (
    "",
    "FNMR where these people's own FMR is 1e-4 (95 %), gates off",
    "the same, covered faces refused (counted apart)",
    "impostor transactions let in before one camera, one photo",
    "mated transactions refused there",
)


def _reached(said: str, *, is_so: bool) -> str:
    return f"{said}: {'reached' if is_so else '**not reached**'}"


def _title(name: str) -> str:
    return f"`{name}`" + (" (not for a door)" if load_catalogue().entry(name).weak else "")


def _markdown(titles: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    rows = [[title, *cells] for title, *cells in zip(titles, *columns, strict=True)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])


def _column(one: MeasuredPoint, two: MeasuredPoint, found: ModelFigures) -> list[str]:
    single, several = found.one_camera[1], found.one_camera[3]
    return [
        f"{one.threshold:.4f}",
        f"{_check(one).fmr:.1e}",
        _worst(one),
        _lost(found.door),
        _lost(found.door_uncovered),
        _lost(found.door_gated),
        _missed(two),
        _lost(found.own, is_bounded=True),
        _lost(found.own_uncovered, is_bounded=True),
        _lost(found.own_gated, is_bounded=True),
        f"{100 * found.accuracy:.2f} %",
        *_transactions(single),
        *_transactions(several),
    ]


def rates_table() -> str:
    """Return in Markdown every rate of the models for a door: thresholds, and how they fared."""
    columns = [["FMR at most"]]
    for name in GOALS:
        file = shipped_operating_points(name)
        points = file.sets[0].points if file else ()
        rows = [p for p in points if (p.fusion, p.photos, p.origin) == ("single", 1, "elsewhere")]
        columns[0] = ["FMR at most", *(f"{point.fmr:g}" for point in rows)]
        columns.append(
            [
                f"{name}: threshold, FNMR",
                *(f"{point.threshold:.4f}, {100 * (point.fnmr or 0):.2f} %" for point in rows),
            ]
        )
        columns.append(
            [
                "on other people: FMR, FNMR",
                *(f"{_check(point).fmr:.2g}, {_missed(point)}" for point in rows),
            ]
        )
    titles, *rest = columns
    return _markdown(titles, rest)


def groups_table() -> str:
    """Return in Markdown how the default rate held within groups of people."""
    titles = ["group", ""]
    cells: dict[tuple[str, str], list[str]] = {}
    for name in shipped_figures().models:
        point = _point(name, 1)
        if point is None:
            continue
        titles.append(_title(name))
        for group in point.groups:
            side = "chosen on" if group.dataset == point.dataset else "other people"
            row = cells.setdefault((group.name, side), [])
            if not row:
                row.append(f"{group.people} people")
            star = "" if group.supported else "*"
            row.append(f"{group.fmr:.1e} ({group.false_matches} of {group.non_mated:,}){star}")
    rows = [
        [f"{name}, {row[0]}", side, *row[1:]]
        for (name, side), row in sorted(cells.items(), key=lambda item: item[0][1])
    ]
    lines = ["| " + " | ".join(row) + " |" for row in [titles, *rows]]
    return "\n".join([lines[0], f"|{' --- |' * len(titles)}", *lines[1:]])


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


def _transactions(door: OneCamera) -> tuple[str, str]:
    return (
        f"{door.false_accepts} of {door.impostor_attempts}",
        f"{door.false_rejects} of {door.mated_attempts}",
    )


def _lost(found: Lost, *, is_bounded: bool = False) -> str:
    said = f"{100 * found.fnmr:.2f} %"
    if is_bounded:
        said += f" ({100 * found.lower:.2f} to {100 * found.upper:.2f})"
    return f"{said}; {found.refused} of {found.pairs} refused" if found.refused else said


def _missed(point: MeasuredPoint) -> str:
    missed = _check(point).fnmr
    return "-" if missed is None else f"{100 * missed:.2f} %"
