"""Figures by any column of a table about the images: age, sex, skin tone, glasses, camera ...

The table is CSV with a header, divided by commas, semicolons (as a spreadsheet writes it where the
comma divides decimals) or tabs. One column names the image (`image` or `file`: path below the
folder, or the file's name) or the person (`person`); every other column is an attribute.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.all_scores import Faces, Mask, compare_all_images
from edgeverify.evaluation.images.material import Material
from edgeverify.evaluation.images.view import View
from edgeverify.evaluation.statistics.bounds import Rate, bootstrap

_KEYS = ("image", "file", "person")
_HOLDS = {"image": "file names", "file": "file names", "person": "people's folder names"}
_NOTHING = frozenset({"", "nan", "n/a", "#n/a", "null", "<na>"})
"""What programs write where nothing is known; `none` and `NA` may mean something."""
_DRAWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Values by attribute and by image index; an image that is not in the table has none.

    `unknown` images stand in no row, and `unused` rows name none of the images.
    """

    values: Mapping[str, Mapping[int, str]]
    unknown: int
    unused: tuple[str, ...] = ()


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
    wanted = _by_key(path, rows, key)
    names = [name for name in columns if name not in _KEYS]
    values: dict[str, dict[int, str]] = {name: {} for name in names}
    unknown, unused = 0, dict(wanted)
    for index, image in enumerate(material.paths):
        row = _row_of(wanted, key, image, material.people[material.person[index]])
        if row is None:
            unknown += 1
            continue
        unused.pop(row[key], None)
        for name in names:
            if row[name].lower() not in _NOTHING:
                values[name][index] = row[name]
    if unknown == len(material.paths):
        raise EvaluationError(
            f"{path} names none of the images",
            advice=f"Its column {key} must hold {_HOLDS[key]}, such as {_example(key, material)}.",
        )
    return Attributes(values=values, unknown=unknown, unused=tuple(unused))


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV with a header as rows by column, names in small letters. EvaluationError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise EvaluationError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EvaluationError(
            f"{path} is not text in UTF-8",
            advice='Save it as "CSV UTF-8", or convert it: `iconv -t utf-8`.',
        ) from None
    lines = text.splitlines()
    head = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=max(",;\t", key=head.count))
    names = [name.strip().lower() for name in next(reader, [])]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise EvaluationError(f"{path}:1: the column {', '.join(twice)} stands there twice")
    rows = []
    for fields in reader:
        if not any(field.strip() for field in fields):
            continue
        if len(fields) != len(names):
            raise EvaluationError(
                f"{path}:{reader.line_num}: not as many fields as the header",
                advice=f"The header has {len(names)}, this line {len(fields)}.",
            )
        rows.append(dict(zip(names, (field.strip() for field in fields), strict=True)))
    if not rows:
        raise EvaluationError(f"{path} has no row below its header")
    return rows


def _by_key(path: Path, rows: Sequence[dict[str, str]], key: str) -> dict[str, dict[str, str]]:
    """Return the rows by what they are about; two that say different things are a mistake."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if found.setdefault(row[key], row) != row:
            raise EvaluationError(
                f"{path}: {key} {row[key]} has two rows that differ",
                advice="Take one of them out.",
            )
    return found


def _example(key: str, material: Material) -> str:
    return material.people[0] if key == "person" else material.paths[0].name


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
