"""How the recipe's network is fed at the door: its row of the table, and what the recipe states."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.statement import Resolved, Statement, resolve

from edgeverify.errors import ConfigError
from edgeverify.feeding.templates import template_named
from edgeverify_train.people import STATEMENT, read_statement
from edgeverify_train.recipe import Recipe

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Architecture


_EXAMPLES = {
    "template": "arcface-112",
    "size": "112",
    "metric": "cosine",
    "statistics": "imagenet",
}


def statement_of(recipe: Recipe) -> Statement:
    """Return the recipe's `feeding:` as the workshop's commands take it."""
    stated = recipe.feeding
    return Statement(
        size=stated.size,
        statistics=stated.statistics or None,
        channels=stated.channels,
        template=stated.template or None,
        metric=stated.metric,
        mirror=stated.mirror,
        normalise=stated.normalise,
    )


def fed(recipe: Recipe, architecture: Architecture) -> Resolved:
    """Return the whole feeding; ConfigError names what only the recipe can say."""
    known = ARCHITECTURES.get(architecture.name)
    stated = statement_of(recipe)
    missing = [
        key
        for key, value, row in (
            ("template", stated.template, known.template if known else None),
            ("size", stated.size, known),
            ("metric", stated.metric, known),
            ("statistics", stated.statistics, known),
        )
        if value is None and row is None
    ]
    if missing:
        raise ConfigError(
            f"the recipe must say {', '.join(f'feeding.{key}' for key in missing)} for "
            f"{architecture.name}",
            advice=f"Write for example: --set feeding.{missing[0]}={_EXAMPLES[missing[0]]}.",
        )
    return resolve(stated, known)


def require_aligned(folder: Path, resolved: Resolved, *, trusted: bool) -> str | None:
    """Return a remark on the chips' size, or None; ConfigError where others were cut.

    `trusted`: a folder that does not say how it was cut is believed to fit.
    """
    found = read_statement(folder)
    if found is None:
        if trusted:
            return f"{folder} does not say how its chips were cut; they are taken as they are"
        raise ConfigError(
            f"{folder} has no {STATEMENT}: nothing says how its faces were cut",
            advice=f"Run: edgeverify-train align {quote(str(folder))} -o CHIPS "
            f"--template {quote(resolved.template)}",
        )
    template = resolved.alignment or template_named(resolved.template)
    if (found.template, found.template_version) != (template.name, template.version):
        raise ConfigError(
            f"the chips in {folder} were cut by {found.template} version "
            f"{found.template_version}, and the network is to be fed by {template.name} version "
            f"{template.version}",
            advice=f"Align the photos again with --template {template.name}, or change "
            "feeding.template.",
        )
    if found.size < resolved.feeding.size:
        return (
            f"the chips are {found.size} pixels wide and are enlarged to {resolved.feeding.size}: "
            f"align again with --size {resolved.feeding.size} for sharper ones"
        )
    return None
