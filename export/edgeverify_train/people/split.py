"""Who is trained on and who is held out: drawn once for a run, and written down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import BundleModel
from edgeverify_train.people.folder import Person


class Split(BundleModel):
    """The names of a run's people; nobody stands on both sides."""

    schema_version: Literal[1] = 1
    trained: tuple[str, ...] = Field(strict=False)
    held_out: tuple[str, ...] = Field(strict=False)


def split(people: Sequence[Person], share: float, seed: int) -> Split:
    """Hold out `share` of the people, at least two who have two pictures, drawn by `seed`.

    ConfigError where that leaves fewer than two people on either side.
    """
    able = [one.name for one in people if len(one.pictures) >= 2]
    wanted = max(2, round(share * len(people)))
    if len(able) < 2 or len(people) - wanted < 2:
        raise ConfigError(
            f"{len(people)} people ({len(able)} with two pictures) are too few: two must be held "
            "out, and two trained on",
            advice="Add people; a network that is to know strangers apart needs a thousand.",
        )
    drawn = np.random.default_rng((seed, 20)).permutation(len(able))[:wanted]
    held_out = {able[index] for index in drawn}
    return Split(
        trained=tuple(one.name for one in people if one.name not in held_out),
        held_out=tuple(sorted(held_out)),
    )


def write_split(path: Path, made: Split) -> None:
    """Write the run's `people.json`."""
    write_whole(path, (made.model_dump_json(indent=1) + "\n").encode())


def read_split(path: Path) -> Split:
    """Read a run's `people.json`; ConfigError where it is not one."""
    try:
        return Split.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(
            f"{path} does not say who was trained on: {str(error).splitlines()[0]}",
            advice="Train again: without it nobody can be measured who was not trained on.",
        ) from None
