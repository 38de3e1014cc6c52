"""A template that a network's owner states in a file: `--template FILE`.

YAML or JSON. It speaks of eyes, nose, mouth, margin and padding, as those who train networks do;
indices of MediaPipe's mesh may be given too. What comes out is a template as a manifest carries it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edgeverify.bundle.manifest import named
from edgeverify.config.reading import read_yaml
from edgeverify.errors import ConfigError
from edgeverify.feeding.template_kinds import (
    BoxTemplate,
    Group,
    LevelBoxTemplate,
    Place,
    PointTemplate,
    Template,
    WholePictureTemplate,
)
from edgeverify.feeding.templates import TEMPLATES, dlib_chip

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


class _Stated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str = Field(default="", max_length=60, pattern=r"^[A-Za-z0-9._\-]*$")
    size: int = Field(default=224, ge=16, le=1024)


class _MeshPlace(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    mesh: Group
    at: Place


class _Points(_Stated):
    rule: Literal["points"]
    size: int = Field(ge=16, le=1024)
    places: dict[str, Place] = Field(default_factory=dict)
    mesh_places: tuple[_MeshPlace, ...] = ()


class _DlibChip(_Stated):
    rule: Literal["dlib-chip"]
    padding: float = Field(default=0.25, ge=0, le=2)


class _Box(_Stated):
    rule: Literal["box"]
    margin: float | tuple[float, float, float, float]
    aspect: Literal["keep", "stretch"] = "keep"


class _EyesLevel(_Stated):
    rule: Literal["eyes-level"]
    padding: float = Field(default=0.1, ge=-0.3, le=3)


class _WholePicture(_Stated):
    rule: Literal["whole-picture"]
    aspect: Literal["keep", "stretch"] = "stretch"


_Rule = _Points | _DlibChip | _Box | _EyesLevel | _WholePicture
_READ: TypeAdapter[_Rule] = TypeAdapter(Annotated[_Rule, Field(discriminator="rule")])


def template_of(name_or_file: str) -> tuple[str, Template | None]:
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
        raise ConfigError(
            f"--template: {what}",
            advice=f"Give one of {', '.join(TEMPLATES)}, or a file that states it. {_EXAMPLES}",
        )
    template = read_template(path)
    return template.name, template


def read_template(path: Path) -> Template:
    """Read a template's file; ConfigError with the key where something is wrong in it."""
    stated = read_yaml(path)
    if stated.problems:
        raise ConfigError(f"{path}: {stated.problems[0]}", advice=_EXAMPLES)
    try:
        rule = _READ.validate_python(stated.root)
        return named(_made(rule, rule.name or path.stem))
    except ValidationError as error:
        first = error.errors()[0]
        # The first part of the place is the rule's own name.
        key = ".".join(str(part) for part in first["loc"] if str(part) not in _RULES)
        words = first["msg"].removeprefix("Value error, ")
        raise ConfigError(
            f"{path}: {key + ': ' if key else ''}{words[:1].lower()}{words[1:]}", advice=_EXAMPLES
        ) from None


_RULES = ("points", "dlib-chip", "box", "eyes-level", "whole-picture", "level-box")


def _made(rule: _Rule, name: str) -> Template:
    if isinstance(rule, _Points):
        return _point_template(rule, name)
    if isinstance(rule, _DlibChip):
        return dlib_chip(name, rule.size, rule.padding)
    if isinstance(rule, _Box):
        each = rule.margin if isinstance(rule.margin, tuple) else (rule.margin,) * 4
        return BoxTemplate(name=name, size=rule.size, margins=each, aspect=rule.aspect)
    if isinstance(rule, _EyesLevel):
        return LevelBoxTemplate(name=name, size=rule.size, padding=rule.padding)
    return WholePictureTemplate(name=name, size=rule.size, aspect=rule.aspect)


def _point_template(rule: _Points, name: str) -> PointTemplate:
    unknown = sorted(set(rule.places) - set(LANDMARKS))
    if unknown:
        raise ConfigError(
            f"--template: there is no landmark {unknown[0]!r}",
            advice=f"Give {', '.join(LANDMARKS)}, or `mesh_places` with indices of the mesh.",
        )
    pairs = [(LANDMARKS[word], place) for word, place in rule.places.items()]
    pairs += [(entry.mesh, entry.at) for entry in rule.mesh_places]
    return PointTemplate(
        name=name,
        size=rule.size,
        groups=tuple(group for group, _ in pairs),
        places=tuple((x / rule.size, y / rule.size) for _, (x, y) in pairs),
    )
