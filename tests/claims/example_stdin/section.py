"""Its settings section: `claims.stdin`, and its name among `claims.sources`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgeverify.settings import ClaimSettings, Section, Settings


class StdinSettings(Section):
    """Card numbers typed on standard input."""

    prefix: str = ""
    """What the reader types before each number; it is taken off."""


class StdinClaimSettings(ClaimSettings):
    """Where claims come from, standard input included."""

    sources: tuple[Literal["mqtt", "fixed", "walk_up", "stdin"], ...] = Field(
        default=("stdin",), min_length=1, strict=False
    )
    stdin: StdinSettings = StdinSettings()


class StdinDoorSettings(Settings):
    """A door's settings with that section."""

    claims: StdinClaimSettings = StdinClaimSettings()
