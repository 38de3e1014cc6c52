"""What a folder of aligned chips says about itself: `aligned.json` beside the people's folders."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import BundleModel
from edgeverify.feeding.template_kinds import Template

STATEMENT = "aligned.json"


class AlignedStatement(BundleModel):
    """How every chip in the folder was cut.

    `alignment` is None where the release knows the template by name.
    """

    schema_version: Literal[1] = 1
    template: str = Field(min_length=1)
    template_version: int = Field(ge=1)
    alignment: Template | None = None
    size: int = Field(ge=16, le=1024)
    resize: Literal["area", "linear"] = "area"
    made_with: str = ""
    """The program and its version."""


def write_statement(folder: Path, statement: AlignedStatement) -> None:
    """Write `aligned.json` whole, or leave what was there."""
    write_whole(folder / STATEMENT, (statement.model_dump_json(indent=2) + "\n").encode())


def read_statement(folder: Path) -> AlignedStatement | None:
    """Read it; None where the folder has none. ConfigError where it is not one."""
    path = folder / STATEMENT
    if not path.is_file():
        return None
    try:
        return AlignedStatement.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path} does not say how the chips were cut: {key}: {first['msg']}",
            advice="Align the photos again: edgeverify-train align.",
        ) from None
