"""Commands, options and config keys of the release before are all still there.

`release_before.json` was written by that release itself, from its own command line and settings:
`python -m tests.surface.test_surface > release.json`, when it is made (docs/releasing.md).
What was added since is welcome; what is gone, or means something else by default, breaks somebody's
script or door.
"""

from __future__ import annotations

import json
import sys
from inspect import isclass
from pathlib import Path
from typing import TypedDict, get_origin

import typer
from click import Command
from pydantic import BaseModel

from edgeverify import errors
from edgeverify.cli.main import app
from edgeverify.settings import Settings

CHANGED_DEFAULTS = {
    "enrolment.max_photo_mebibytes": "32.0",  # a phone's photo of 50 megapixels has up to 25
    "model.bundle": "'sface'",  # dlib's network matches other people 200 times as often as stated
    # By what a pixel costs (docs/quality.md): people were shut out whose comparisons were right.
    "quality.min_eye_distance_pixels": "36.0",
    "enrolment.min_eye_distance_pixels": "20.0",
}


class Surface(TypedDict):
    """Parameters by command, defaults by dotted key, and exit codes by error."""

    commands: dict[str, list[str]]
    keys: dict[str, str]
    exit_codes: dict[str, int]


def _before() -> Surface:
    text = Path(__file__).with_name("release_before.json").read_text(encoding="utf-8")
    surface: Surface = json.loads(text)
    return surface


def _commands(command: Command, name: tuple[str, ...] = ()) -> dict[str, list[str]]:
    found = {
        " ".join(name): sorted(
            f"{each.param_type_name} {'/'.join(each.opts + each.secondary_opts)}"
            f"{' required' if each.required else ''}"
            for each in command.params
            if each.name != "help"
        )
    }
    for sub, inner in getattr(command, "commands", {}).items():
        found |= _commands(inner, (*name, sub))
    return found


def _keys(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        # On Python 3.10 `tuple[X, ...]` calls itself a type, and is none that `issubclass` takes.
        if get_origin(inner) is None and isclass(inner) and issubclass(inner, BaseModel):
            found |= _keys(inner, f"{prefix}{name}.")
        else:
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            found[prefix + name] = repr(default)
    return found


def surface() -> Surface:
    """Return what this release has."""
    return Surface(
        commands=_commands(typer.main.get_command(app)),
        keys=_keys(Settings),
        exit_codes={
            name: each.exit_code
            for name, each in vars(errors).items()
            if isinstance(each, type) and issubclass(each, errors.EdgeverifyError)
        },
    )


def test_every_command_and_option_is_as_before() -> None:
    before, now = _before()["commands"], surface()["commands"]
    assert len(before) > 30
    gone = {
        name: missing
        for name, parameters in before.items()
        if (missing := sorted(set(parameters) - set(now.get(name, []))))
    }
    assert gone == {}
    assert set(before) <= set(now)


def test_nothing_new_has_to_be_given() -> None:
    """A script that was written for the release before goes on working."""
    before, now = _before()["commands"], surface()["commands"]
    demanded = {
        name: sorted(
            each for each in set(now[name]) - set(parameters) if each.endswith(" required")
        )
        for name, parameters in before.items()
    }
    assert {name: new for name, new in demanded.items() if new} == {}


def test_every_key_of_the_config_is_as_before_with_its_default() -> None:
    before, now = _before()["keys"], surface()["keys"]
    assert len(before) > 60
    assert {key: now.get(key) for key in before} == before | CHANGED_DEFAULTS


def test_every_exit_code_is_as_before() -> None:
    """systemd and scripts tell a wrong config (78) from anything else by it."""
    before, now = _before()["exit_codes"], surface()["exit_codes"]
    assert {name: now.get(name) for name in before} == before


if __name__ == "__main__":
    sys.stdout.write(json.dumps(surface(), indent=1, sort_keys=True) + "\n")
