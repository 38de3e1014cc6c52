"""Figures by any column of a table about the images: age, sex, skin tone, glasses, camera ...

The table is CSV or TSV with a header. One column names the image (`image` or `file`: path below
the folder, or the file's name) or the person (`person`); every other column is an attribute.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Faces, Mask, compare_all_images
from edgeverify.evaluation.images.material import Material
from edgeverify.evaluation.images.view import View
from edgeverify.evaluation.statistics.bounds import Rate, bootstrap

_KEYS = ("image", "file", "person")
_DRAWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Values by attribute and by image index; an image that is not in the table has none."""

    values: Mapping[str, Mapping[int, str]]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRow:
    """One value of one attribute, at the threshold of all: within the group (both images in it).

    `fmr` and `fnmr` are None where the group has no such comparison.
    """

    attribute: str
    value: str
    images: int
    people: int
    fta: float
    mated: int
    non_mated: int
    fmr: Rate | None
    fnmr: Rate | None


def read_attributes(path: Path, material: Material) -> Attributes:
    """Read the table. EvaluationError where it has no header that is known, or fits no image."""
    rows = read_table(path)
    columns = list(rows[0])
    key = next((name for name in _KEYS if name in columns), None)
    if key is None:
        raise EvaluationError(
            f"{path} has no column image, file or person",
            advice=f"Its first line names: {', '.join(columns)}.",
        )
    wanted = {row[key]: row for row in rows}
    names = [name for name in columns if name != key]
    values: dict[str, dict[int, str]] = {name: {} for name in names}
    unknown = 0
    for index, image in enumerate(material.paths):
        row = _row_of(wanted, key, image, material.people[material.person[index]])
        if row is None:
            unknown += 1
            continue
        for name in names:
            if row[name]:
                values[name][index] = row[name]
    if unknown == len(material.paths):
        raise EvaluationError(
            f"{path} names none of the images",
            advice=f"Its column {key} must hold file names, or people's folder names (`person`).",
        )
    return Attributes(values=values, unknown=unknown)


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV or TSV with a header as rows by column. EvaluationError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"cannot read {path}: {error}") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in head else ",")
    rows = []
    for row in reader:
        if None in row or None in row.values():
            raise EvaluationError(f"{path}:{reader.line_num}: not as many fields as the header")
        rows.append({name.strip(): value.strip() for name, value in row.items()})
    if not rows:
        raise EvaluationError(f"{path} has no row below its header")
    return rows


def breakdown(
    material: Material,
    seen: View,
    attributes: Attributes,
    threshold: float,
    generator: np.random.Generator,
) -> tuple[AttributeRow, ...]:
    """Measure every value of every attribute by itself."""
    return tuple(
        _row(name, value, seen, inside, threshold, generator)
        for name, value, inside in members(attributes, len(material.paths))
    )


def members(attributes: Attributes, images: int) -> Iterator[tuple[str, str, Mask]]:
    """Yield each value of each attribute, and which of the `images` have it: bool (images,)."""
    for name, values in attributes.values.items():
        for value in sorted(set(values.values())):
            inside = np.zeros(images, np.bool_)
            inside[[index for index, found in values.items() if found == value]] = True
            yield name, value, inside


def faces_within(faces: Faces, inside: Mask) -> Faces:
    """Keep the images that are `inside`, bool (n,), and renumber their people."""
    people, person = np.unique(faces.person[inside], return_inverse=True)
    return replace(
        faces,
        values=faces.values[inside],
        references=faces.references[inside],
        person=person.astype(np.int64),
        people=len(people),
        is_reference=faces.is_reference[inside],
        is_probe=faces.is_probe[inside],
    )


def _row(
    name: str,
    value: str,
    seen: View,
    inside: Mask,
    threshold: float,
    generator: np.random.Generator,
) -> AttributeRow:
    group = faces_within(seen.faces, inside)
    scores = compare_all_images(group)
    both = len(scores.mated) > 0 and len(scores.ascending) > 0
    bounds = bootstrap(scores, threshold, generator=generator, draws=_DRAWS) if both else None
    return AttributeRow(
        attribute=name,
        value=value,
        images=int(inside.sum()),
        people=group.people,
        fta=float(1 - group.is_probe.mean()),
        mated=len(scores.mated),
        non_mated=len(scores.ascending),
        fmr=bounds.fmr if bounds else None,
        fnmr=bounds.fnmr if bounds else None,
    )


def _row_of(
    wanted: Mapping[str, dict[str, str]], key: str, image: Path, person: str
) -> dict[str, str] | None:
    if key == "person":
        return wanted.get(person)
    names = (image.name, f"{person}/{image.name}", image.as_posix())
    return next((wanted[name] for name in names if name in wanted), None)
