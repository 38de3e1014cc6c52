"""A template that a network's owner states in a file: `--template FILE`.

YAML or JSON. It speaks of eyes, nose, mouth, margin and padding, as those who train networks do;
indices of MediaPipe's mesh may be given too. What comes out is a template as a manifest carries it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError

from edgeverify.bundle.manifest import named
from edgeverify.config.problems import ConfigProblemsError, Problem, fatal
from edgeverify.config.reading import read_yaml
from edgeverify.config.sections import mapping_of, validated
from edgeverify.errors import ConfigError
from edgeverify.feeding import template_kinds as kinds
from edgeverify.feeding.templates import TEMPLATES, dlib_chip
from edgeverify.settings import Section

LANDMARKS: dict[str, tuple[int, ...]] = {
    "left_eye": (33, 133, 159, 145),
    "right_eye": (263, 362, 386, 374),
    "left_eye_outer": (33,),
    "left_eye_inner": (133,),
    "right_eye_inner": (362,),
    "right_eye_outer": (263,),
    "nose": (1,),
    "nose_base": (2,),
    "mouth": (61, 291),
    "mouth_left": (61,),
    "mouth_right": (291,),
    "chin": (152,),
}
"""Words for points of the mesh; left and right are the image's."""

_EXAMPLES = "See docs/export.md, which has one of each rule."
_SIDES = (
    ("left_eye", "right_eye"),
    ("left_eye_outer", "right_eye_outer"),
    ("left_eye_inner", "right_eye_inner"),
    ("mouth_left", "mouth_right"),
)


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._\-]*", name):
        raise ValueError("must be letters, digits, '.', '_' and '-' only")
    return name


def _each_side(margin: object) -> object:
    return (margin,) * 4 if isinstance(margin, int | float) else margin


class _Stated(Section):
    model_config = ConfigDict(strict=False)
    rule: str
    name: Annotated[str, AfterValidator(_plain_name)] = Field(default="", max_length=60)
    size: int = Field(default=224, ge=16, le=1024, strict=True)


class _MeshPlace(Section):
    model_config = ConfigDict(strict=False)
    mesh: kinds.Group
    at: kinds.Place


class _Points(_Stated):
    size: int = Field(ge=16, le=1024, strict=True)
    places: dict[str, kinds.Place] = Field(default_factory=dict)
    mesh_places: tuple[_MeshPlace, ...] = ()


class _DlibChip(_Stated):
    padding: float = Field(default=0.25, ge=0, le=2)


class _Box(_Stated):
    margin: Annotated[tuple[float, float, float, float], BeforeValidator(_each_side)]
    aspect: Literal["keep", "stretch"] = "keep"


class _EyesLevel(_Stated):
    padding: float = Field(default=0.1, ge=-0.3, le=3)


class _WholePicture(_Stated):
    aspect: Literal["keep", "stretch"] = "stretch"


_RULES: Mapping[str, type[_Stated]] = {
    "points": _Points,
    "dlib-chip": _DlibChip,
    "box": _Box,
    "eyes-level": _EyesLevel,
    "whole-picture": _WholePicture,
}


def template_of(name_or_file: str) -> tuple[str, kinds.Template | None]:
    """Read `--template`: a name that the release knows, or a file that states a template.

    Gives the template's name, and the template itself where it came from a file. ConfigError where
    it is neither, or where the file says something that no template can be.
    """
    if name_or_file in TEMPLATES:
        return name_or_file, None
    path = Path(name_or_file)
    looks_like_a_file = path.suffix in {".yaml", ".yml", ".json"} or len(path.parts) > 1
    if not path.is_file():
        what = f"no such file: {path}" if looks_like_a_file else f"unknown template {path}"
        what = f"{path} is a folder" if path.is_dir() else what
        raise ConfigError(
            f"--template: {what}",
            advice=f"Give one of {', '.join(TEMPLATES)}, or a file that states it. {_EXAMPLES}",
        )
    template = read_template(path)
    return template.name, template


def read_template(path: Path) -> kinds.Template:
    """Read a template's file; ConfigError with line and key where something is wrong in it."""
    try:
        rule = _rule_of(path)
    except ConfigProblemsError as error:
        # A key that is not known says more than the one that is missing in its place.
        first = min(error.problems, key=lambda problem: problem.line == 0)
        raise ConfigError(str(first).removesuffix("."), advice=_EXAMPLES) from None
    try:
        return named(_made(rule, rule.name or path.stem))
    except ValidationError as error:
        wrong = error.errors()[0]
        key = next((_KEYS.get(str(part), str(part)) for part in wrong["loc"]
                    if str(part) in _KEYS), "")  # fmt: skip
        words = wrong["msg"].removeprefix("Value error, ")
    except ValueError as error:
        key, words = "", str(error)
    raise ConfigError(
        f"{path}: {key + ': ' if key else ''}{words[:1].lower()}{words[1:]}", advice=_EXAMPLES
    )


_KEYS = {"groups": "mesh_places", "places": "places", "margins": "margin", "padding": "padding"}
"""What a template's own fields are called in the file."""


def _rule_of(path: Path) -> _Stated:
    """Read the file as one of the rules; ConfigProblemsError."""
    file = read_yaml(path)
    if file.problems:
        raise ConfigProblemsError(list(file.problems))
    values = mapping_of(file, "rule: points")
    lines = {key: (path, line) for key, line in file.lines.items()}
    stated = values.get("rule")
    kind = _RULES.get(stated) if isinstance(stated, str) else None
    if kind is None:
        what = "is missing" if stated is None else f"there is no rule {stated}"
        raise fatal(path, file.lines.get(("rule",), 1), f"{what}; one of {', '.join(_RULES)}",
                    ("rule",))  # fmt: skip
    problems: list[Problem] = []
    rule = validated(values, lines, path, problems, kind)
    if rule is None or problems:
        raise ConfigProblemsError(problems)
    return rule


def _made(rule: _Stated, name: str) -> kinds.Template:
    if isinstance(rule, _Points):
        return _point_template(rule, name)
    if isinstance(rule, _DlibChip):
        return dlib_chip(name, rule.size, rule.padding)
    if isinstance(rule, _Box):
        return kinds.BoxTemplate(name=name, size=rule.size, margins=rule.margin, aspect=rule.aspect)
    if isinstance(rule, _EyesLevel):
        return kinds.LevelBoxTemplate(name=name, size=rule.size, padding=rule.padding)
    if isinstance(rule, _WholePicture):
        return kinds.WholePictureTemplate(name=name, size=rule.size, aspect=rule.aspect)
    raise TypeError(f"no template is made of {type(rule).__name__}")


def _point_template(rule: _Points, name: str) -> kinds.PointTemplate:
    unknown = sorted(set(rule.places) - set(LANDMARKS))
    if unknown:
        raise ValueError(
            f"places.{unknown[0]}: there is no such landmark, but {', '.join(LANDMARKS)}, and "
            "`mesh_places` with indices of the mesh"
        )
    named_places = list(rule.places.items())
    named_places += [(f"mesh_places.{n}", one.at) for n, one in enumerate(rule.mesh_places)]
    _require_sense(named_places, rule.size)
    groups = [LANDMARKS[word] for word in rule.places] + [one.mesh for one in rule.mesh_places]
    return kinds.PointTemplate(
        name=name,
        size=rule.size,
        groups=tuple(groups),
        places=tuple((x / rule.size, y / rule.size) for _, (x, y) in named_places),
    )


def _require_sense(named_places: Sequence[tuple[str, kinds.Place]], size: int) -> None:
    """Raise ValueError where the places cannot be pixels of such a chip, or are the wrong way."""
    if len(named_places) < 2:
        raise ValueError(f"places: two points at least are needed, and {len(named_places)} given")
    if all(abs(x) <= 2 and abs(y) <= 2 for _, (x, y) in named_places):
        raise ValueError(
            f"places: they are pixels of a chip of {size}, and these look like shares of it: "
            f"multiply them by {size}"
        )
    for word, (x, y) in named_places:
        if not (-size / 2 <= x <= 1.5 * size and -size / 2 <= y <= 1.5 * size):
            raise ValueError(f"places.{word}: ({x:g}, {y:g}) is far outside of a chip of {size}")
    places = dict(named_places)
    for left, right in _SIDES:
        if left in places and right in places and places[left][0] >= places[right][0]:
            raise ValueError(
                f"places.{left}: it lies to the right of {right}; left and right are the "
                "image's, as one looks at it, and not the person's own"
            )
