"""Chips that say how they were cut: by another rule than the network's they measure nothing."""

from __future__ import annotations

import json
from pathlib import Path

from edgeverify.atomic_file import read_plain
from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.errors import EvaluationError

STATEMENT = "aligned.json"
"""What `edgeverify-train align` writes beside the people's folders."""


def require_fitting_chips(folder: Path | None, bundle: EmbedderBundle) -> None:
    """Raise EvaluationError where a folder's chips were cut for another network.

    A folder that does not say how it was cut is believed.
    """
    stated = None if folder is None else _stated(folder)
    if stated is None:
        return
    manifest = bundle.parts[0].manifest
    wanted = (manifest.template, manifest.template_version)
    if stated != wanted:
        raise EvaluationError(
            f"the chips in {folder} were cut by {stated[0]} version {stated[1]}, and "
            f"{manifest.name} is fed by {wanted[0]} version {wanted[1]}",
            advice="Measure it on the whole photos, without --aligned, or align them again: "
            f"edgeverify-train align PHOTOS -o CHIPS --template {wanted[0]}.",
        )


def _stated(folder: Path) -> tuple[str, int] | None:
    try:
        found = json.loads(read_plain(folder / STATEMENT))
        return str(found["template"]), int(found["template_version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
